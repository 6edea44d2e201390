package fxrestate

import (
	"log/slog"
	"os"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/description"
)

// Module serves the services of the application to Restate. It takes from the graph,
// if they are provided,
//
//   - a [Config], not a pointer to one. Default: the zero value.
//   - a slog.Handler or a *zap.Logger for the events of fx and the lines of the SDK and
//     of handlers. Where both are, the lines go to the slog.Handler and the events to
//     zap. Default: [logging.Default], on stderr.
//
// It provides
//
//   - *slog.Logger: writes to that and, given the handler's ctx, is silent on replay. An
//     application that has a *slog.Logger of its own provides its slog.Handler instead,
//   - *ingress.Client: calls handlers from outside. What takes it starts after the
//     registration and stops before the endpoint does. A service cannot take it; it
//     calls others with its typed clients,
//   - *handler.Registry: the descriptors of the services,
//   - *admin.Client, *endpoint.Endpoint and *[Health],
//   - *dashboard.Page: a page to look at, where it is mounted,
//   - *httpserver.Server with [HTTPServer],
//   - server.LambdaHandlerFunc in mode endpoint.Lambda.
//
// On start the endpoint listens, the SDK warms up, and the endpoint is registered if
// [Config] says so. On stop it drains. Both have the start and stop timeouts of fx, 15
// seconds each by default. A start whose context has no deadline waits 15 seconds for the
// registration.
var Module = fx.Options(
	fx.WithLogger(newEventLogger),
	fx.Module("fxrestate",
		fx.Provide(listModuleOnce), // first: see checkLogger
		takeGiven[Config](),
		takeGiven[*Config](),
		takeGiven[*zap.Logger](),
		takeGiven[slog.Handler](),
		takeGiven[Registration](),
		takeGiven[restate.ServiceDefinition](),
		fx.Provide(
			provideASlogHandlerInstead,
			func() *events { return &events{} }, // next: see checkLogger
			func() *seen { return &seen{} },
			func(e *events) *notes { return &notes{events: e} },
			func(nowhere) unmade { return unmade{} },
			newSettings,
			newAppLogger,
			newLogHandler,
			newApplication,
			newCatalog,
			newDemands,
			newPlan,
			newTellingLog,
			newEndpoint,
			newAdmin,
			newRegistrar,
			newHealth,
			newPage,
			newAPI,
			newLifecycle,
			ingressClientIsForCodeOutsideHandlersAServiceTakesRPCClients,
			(*api).get,
			func(c *catalog) *handler.Registry { return c.registry },
			func(e *endpoint.Endpoint) (server.LambdaHandlerFunc, error) { return e.LambdaHandler() },
		),
		describing(os.Getenv(description.Variable)),
		fx.Module("fxrestate.logger", fx.WithLogger(checkLogger)),
		// Mistakes are reported before an instance fails to be constructed.
		fx.Invoke(func(*plan) {}),
		fx.Invoke(func(*lifecycle) {}),
	),
)

type endpointParams struct {
	fx.In

	Settings *settings
	Log      *tellingLog
	Plan     *plan
	Services []Registration `group:"fxrestate.services"`
	Declarer *declarer      `optional:"true"`
}

func newEndpoint(p endpointParams) (*endpoint.Endpoint, error) {
	definitions, err := p.Plan.serve(p.Services)
	if err != nil {
		return nil, err
	}
	p.Declarer.opens(definitions)
	return endpoint.New(p.Settings.endpoint(), p.Log.Handler(), definitions...)
}

func newAdmin(s *settings) (*admin.Client, error) { return admin.New(s.Admin) }

func newRegistrar(s *settings, c *admin.Client, log *tellingLog) (*deployment.Registrar, error) {
	if s.Register == nil || s.Register.Mode == deployment.Manual {
		return nil, nil
	}
	return deployment.NewRegistrar(c, *s.Register, log.Logger)
}

// This constructor takes the lifecycle so that fx starts the client after it, and stops it
// before. A service that takes the client through another constructor is a cycle, which
// dig finds before it runs anything of ours: its error has the name of this function.
func ingressClientIsForCodeOutsideHandlersAServiceTakesRPCClients(lc fx.Lifecycle, _ *lifecycle, p *plan, s *settings, r *handler.Registry, admins *admin.Client, log *slog.Logger) (*ingress.Client, error) {
	cfg := s.Ingress
	cfg.HTTPClient = tracing(cfg.HTTPClient, p.telemetry)
	if cfg.Canceller == nil {
		cfg.Canceller = admins
	}
	if cfg.Logger == nil {
		cfg.Logger = log
	}
	c, err := ingress.New(cfg, r)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(c.CloseIdleConnections))
	return c, nil
}

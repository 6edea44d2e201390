package integration_test

import (
	"errors"
	"net/http"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/rpc"
)

// serves checks that the server sends services to the application.
func (a *app) serves(t *testing.T, services ...string) {
	t.Helper()
	for _, name := range services {
		d, err := adminAPI.Deployment(t.Context(), service(t, name).DeploymentID)
		require.NoError(t, err)
		require.Equal(t, a.url()+"/", d.URI, name)
	}
}

func TestServicesOfSeveralModulesAreOneDeployment(t *testing.T) {
	t.Parallel()
	payments, depot := unique("payments"), unique("depot")
	a := start(t,
		fx.Module("billing", fx.Provide(NewGateway), fxrestate.Service[*Payments](NewPayments, fxrestate.Name(payments))),
		fx.Module("logistics", fx.Module("storage", fxrestate.Object[Depot](made(Depot{}), fxrestate.Name(depot)))),
	)
	require.Equal(t, service(t, payments).DeploymentID, service(t, depot).DeploymentID)
	a.serves(t, payments, depot)
	require.ElementsMatch(t, []string{payments, depot}, a.endpoint.Services())
}

func TestLibraryContributesServicesWithPlainFxProvide(t *testing.T) {
	t.Parallel()
	payments, depot, tour := unique("payments"), unique("depot"), unique("tour")
	registration := func(constructor any) fx.Option {
		return fx.Provide(fx.Annotate(constructor, fx.ResultTags(fxrestate.RegistrationGroup)))
	}
	a := start(t,
		fx.Provide(NewGateway, NewPayments),
		registration(func(p *Payments) fxrestate.Registration {
			return fxrestate.NewService(p, fxrestate.Name(payments), restate.WithMetadata("from", "a library"))
		}),
		registration(func() (fxrestate.Registration, error) {
			return fxrestate.NewObject(Depot{}, fxrestate.Name(depot)), nil
		}),
		registration(func() fxrestate.Registration { return fxrestate.NewWorkflow(Tour{}, fxrestate.Name(tour)) }),
	)
	a.serves(t, payments, depot, tour)
	require.Equal(t, map[string]string{"from": "a library"}, service(t, payments).Metadata)
	require.Equal(t, "receipt-1", decode[string](t, call(t, path(payments, "Charge"), "1")))
}

func TestDefinitionsOfTheSDKJoin(t *testing.T) {
	t.Parallel()
	byHand, reflected := unique("shop.v1.ByHand"), unique("reflected") // the former named as by protobuf
	a := start(t,
		fx.Provide(NewGateway, NewPayments),
		fxrestate.Definition(func(g *Gateway) restate.ServiceDefinition {
			return restate.NewObject(byHand).Handler("Greet", restate.NewObjectHandler(func(ctx restate.ObjectContext, in string) (string, error) {
				return g.prefix + restate.Key(ctx) + in, inScope(ctx, byHand, "Greet")
			}))
		}),
		fxrestate.Definition(fx.Annotate(func(p *Payments) (restate.ServiceDefinition, error) {
			return named{restate.Reflect(p, restate.WithMetadata("kind", "reflected")), reflected}, nil
		})),
	)
	a.serves(t, byHand, reflected)
	require.Equal(t, "receipt-k!", decode[string](t, call(t, path(byHand, "k", "Greet"), "!")))
	require.Equal(t, "receipt-1", decode[string](t, call(t, path(reflected, "Charge"), "1")))
	require.Equal(t, map[string]string{"kind": "reflected"}, service(t, reflected).Metadata)
}

// inScope reports whether a definition's handlers get the scope of an attempt.
func inScope(ctx restate.ObjectContext, _, _ string) error {
	_, err := durable.ObjectFromContext(ctx)
	return restate.ToTerminalError(err)
}

// Ping and Pong take each other's clients.
type (
	Ping struct {
		pong rpc.Service[*Pong]
	}
	Pong struct {
		ping rpc.Service[*Ping]
	}
)

func NewPing(pong rpc.Service[*Pong]) *Ping { return &Ping{pong} }
func NewPong(ping rpc.Service[*Ping]) *Pong { return &Pong{ping} }

func (p *Ping) Hit(ctx restate.Context, left int) (int, error) {
	if left == 0 {
		return 0, nil
	}
	n, err := rpc.Call(ctx, p.pong, (*Pong).Hit, left-1)
	return n + 1, err
}

func (p *Pong) Hit(ctx restate.Context, left int) (int, error) {
	if left == 0 {
		return 0, nil
	}
	n, err := rpc.Call(ctx, p.ping, (*Ping).Hit, left-1)
	return n + 1, err
}

func TestServicesTakeEachOthersClients(t *testing.T) {
	t.Parallel()
	ping, pong := unique("ping"), unique("pong")
	start(t,
		fxrestate.Service[*Ping](NewPing, fxrestate.Name(ping)),
		fxrestate.Service[*Pong](NewPong, fxrestate.Name(pong)),
	)
	require.Equal(t, 3, decode[int](t, call(t, path(ping, "Hit"), 3)))
}

func TestFxValidatesTheGraph(t *testing.T) {
	t.Parallel()
	good := fx.Options(
		fxrestate.Module,
		fx.Supply(zap.NewNop()),
		fx.Provide(func() (fxrestate.Config, error) { return fxrestate.Config{}, errors.New("constructors do not run") }),
		fxrestate.Service[*Payments](NewPayments),
		fxrestate.Object[Depot](made(Depot{})),
		fxrestate.PerInvocation[*Payments](func(ctx restate.Context, g *Gateway) *Payments { return &Payments{g} }),
		fx.Invoke(func(rpc.Service[*Payments], rpc.Object[Depot], durable.PerInvocation[*Payments]) {
		}),
	)
	require.NoError(t, fx.ValidateApp(good, fx.Provide(NewGateway)))

	err := fx.ValidateApp(good)
	require.ErrorContains(t, err, "missing type: *integration_test.Gateway")
	require.ErrorContains(t, err, "handler_test.go", "where NewPayments, which needs it, stands")
}

func TestFxVisualizesAnErrorOfTheGraph(t *testing.T) {
	t.Parallel()
	var hook errorHook
	err := newError(t, fx.Supply(config()), fxrestate.Service[*Payments](NewPayments), fx.ErrorHook(&hook))
	require.ErrorContains(t, err, "missing type: *integration_test.Gateway")
	require.ErrorContains(t, err, "handler_test.go")
	dot, err := fx.VisualizeError(hook.err)
	require.NoError(t, err)
	require.Contains(t, dot, "*integration_test.Gateway")
	require.Contains(t, dot, "NewPayments")
}

// errorHook gets the errors of fx.
type errorHook struct{ err error }

func (h *errorHook) HandleError(err error) { h.err = err }

func TestConstructorsErrorIsThatOfTheApplication(t *testing.T) {
	t.Parallel()
	broken := errors.New("the terminal is broken")
	err := newError(t, fx.Supply(config()), fxrestate.Service[*Payments](func() (*Payments, error) { return nil, broken }))
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "module_test.go")
}

func TestSomethingElseThanAServiceUsesTheAdminClientAndTheEndpoint(t *testing.T) {
	t.Parallel()
	a := start(t, fxrestate.Service[*Job](newJob, fxrestate.Name(unique("job"))))
	require.NotZero(t, a.endpoint.Port())
	require.NoError(t, a.health.Ready())
	require.NoError(t, a.health.Live())
	require.Equal(t, http.StatusOK, request(t, http.MethodGet, a.url()+"/health", nil).status)
}

package fxrestate_test

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/dashboard"
	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/httpserver"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/rpc"
)

// taking is a constructor of membered that takes one argument.
func taking[P any](P) membered { return membered{} }

type ingressAsAField struct {
	fx.In

	Client *ingress.Client
}

type clientAsAField struct {
	fx.In

	Client rpc.Service[*remoteRates]
	Named  rpc.Service[*remoteRates] `name:"other" optional:"true"`
}

type clientAsAnOptionalField struct {
	fx.In

	Client rpc.Service[*remoteRates] `optional:"true"`
}

func TestAConstructorThatTakesAnIngressClientIsAMistake(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]fx.Option{
		"of a service":           fxrestate.Service[membered](taking[*ingress.Client]),
		"of a service, as field": fxrestate.Service[membered](taking[ingressAsAField]),
		"of a member":            fxrestate.Service[membered](newMembered, fxrestate.Guards(func(*ingress.Client) *gate { return nil })),
		"of a member of all":     fxrestate.Use(fxrestate.Guards(func(ingressAsAField) *gate { return nil })),
		"of a definition":        fxrestate.Definition(func(*ingress.Client) fxrestate.ServiceDefinition { return handMade() }),
		"of each invocation": fx.Options(
			fxrestate.PerInvocation[*gate](func(context.Context, *ingress.Client) *gate { return nil }),
			fxrestate.Service[membered](taking[durable.PerInvocation[*gate]])),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger, option)
			require.ErrorContains(t, app.Err(), "takes an *ingress.Client, which is for code outside handlers and starts after the services; take an rpc.Service, rpc.Object or rpc.Workflow of the type to call")
			require.ErrorContains(t, app.Err(), "(wanted_test.go:")
			require.NotContains(t, app.Err().Error(), "cycle")
		})
	}
}

// reportsIngress is what fxrestate gen writes for the handlers of a virtual object.
type reportsIngress interface {
	Key(string) reportsIngressCalls
}

type reportsIngressCalls interface {
	Read(ctx context.Context, opts ...ingress.RequestOption) (int, error)
}

// ratesIngress is what it writes for those of a service.
type ratesIngress interface {
	Read(ctx context.Context, opts ...ingress.RequestOption) (int, error)
}

func TestAConstructorThatTakesWhatIsMadeAfterTheServicesIsAMistake(t *testing.T) {
	t.Parallel()
	const outside = ", which is for code outside handlers and starts after the services; take a fxrestate_test."
	const after = ", which is made after the services; take it where no service depends on it"
	for name, tt := range map[string]struct {
		option fx.Option
		want   string
	}{
		"a generated client":              {fxrestate.Service[membered](taking[ratesIngress]), "takes a fxrestate_test.ratesIngress" + outside + "ratesClient"},
		"a generated client of an object": {fxrestate.Service[membered](taking[reportsIngress]), "takes a fxrestate_test.reportsIngress" + outside + "reportsClient"},
		"a generated client in a guard": {
			fxrestate.Use(fxrestate.Guards(func(ratesIngress) *gate { return nil })), "takes a fxrestate_test.ratesIngress" + outside + "ratesClient",
		},
		"the health":     {fxrestate.Service[membered](taking[*fxrestate.Health]), "takes a *fxrestate.Health" + after},
		"the endpoint":   {fxrestate.Service[membered](taking[*endpoint.Endpoint]), "takes a *endpoint.Endpoint" + after},
		"the page":       {fxrestate.Service[membered](taking[*dashboard.Page]), "takes a *dashboard.Page" + after},
		"the API server": {fxrestate.Service[membered](taking[*httpserver.Server]), "takes a *httpserver.Server" + after},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger, tt.option)
			require.ErrorContains(t, app.Err(), tt.want)
			require.ErrorContains(t, app.Err(), "(wanted_test.go:")
			require.NotContains(t, app.Err().Error(), "cycle")
		})
	}
}

// library is a type of the application that calls handlers from outside.
type library struct{}

// dig does not see a cycle through a private constructor: it follows it until the stack
// overflows, which ends the process.
func TestACycleThroughTheApplicationsOwnConstructorsIsAnError(t *testing.T) {
	t.Parallel()
	const services = `"github.com/fxrestate/go/fxrestate".ingressClientIsForCodeOutsideHandlersAServiceTakesRPCClients (`
	calls := fx.Provide(func(*ingress.Client) *library { return nil })
	for name, tt := range map[string]struct {
		option fx.Option
		want   string
	}{
		"from a service to the ingress client":  {fxrestate.Service[membered](taking[*library]), services},
		"from a guard of a service":             {fxrestate.Service[membered](newMembered, fxrestate.Guards(func(*library) *gate { return nil })), services},
		"from a guard of a handler":             {fxrestate.Service[membered](newMembered, fxrestate.Handler(membered.Do, fxrestate.Guards(func(*library) *gate { return nil }))), services},
		"from a guard of all":                   {fxrestate.Use(fxrestate.Guards(func(*library) *gate { return nil })), services},
		"from a guard of a group":               {fxrestate.Group(fxrestate.Use(fxrestate.Guards(func(*library) *gate { return nil })), fxrestate.Service[membered](newMembered)), services},
		"from a guard of the graph":             {fx.Options(fx.Provide(func(*library) *gate { return nil }), fxrestate.Use(fxrestate.Guards(fxrestate.Provided[*gate]()))), services},
		"from a definition":                     {fxrestate.Definition(func(*library) fxrestate.ServiceDefinition { return handMade() }), services},
		"from a definition of the graph":        {fx.Options(fx.Provide(func(*library) fxrestate.ServiceDefinition { return handMade() }), fxrestate.Definition(fxrestate.Provided[fxrestate.ServiceDefinition]())), services},
		"from what is made per invocation":      {fx.Options(fxrestate.PerInvocation[*gate](func(context.Context, *library) *gate { return nil }), fxrestate.Service[membered](taking[durable.PerInvocation[*gate]])), services},
		"from the Config to the ingress client": {fx.Provide(func(*ingress.Client) fxrestate.Config { return local() }), services},
		"from the Config to the logger":         {fx.Provide(func(*slog.Logger) fxrestate.Config { return local() }), "provideASlogHandlerInstead"},
		"from the zap logger to the logger":     {fx.Provide(func(*slog.Logger) *zap.Logger { return nil }), "provideASlogHandlerInstead"},
		"from the slog.Handler to the logger":   {fx.Provide(func(log *slog.Logger) slog.Handler { return log.Handler() }), "provideASlogHandlerInstead"},
		"from a guard to the endpoint":          {fxrestate.Use(fxrestate.Guards(func(*endpointUser) *gate { return nil })), "newEndpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(fxrestate.Module, fx.NopLogger, calls, fx.Provide(func(*endpoint.Endpoint) *endpointUser { return nil }), tt.option)
			require.ErrorContains(t, app.Err(), "cycle detected in dependency graph")
			require.ErrorContains(t, app.Err(), tt.want)
		})
	}
}

// endpointUser is a type of the application that watches the endpoint.
type endpointUser struct{}

func TestAConstructorThatTakesAClientNobodyProvidesIsAMistake(t *testing.T) {
	t.Parallel()
	const rates = "its constructor takes an rpc.Service[*github.com/fxrestate/go/fxrestate_test.remoteRates], and nobody registered that type; register it with fxrestate.Service, or declare it with fxrestate.RemoteService if another application serves it"
	for name, tt := range map[string]struct {
		option fx.Option
		want   string
		taker  string
	}{
		"a service":             {fxrestate.Service[membered](taking[rpc.Service[*remoteRates]]), rates, ""},
		"a service, as a field": {fxrestate.Service[membered](taking[clientAsAField]), rates, ""},
		"a member": {
			fxrestate.Service[membered](newMembered, fxrestate.Guards(func(rpc.Service[*remoteRates]) *gate { return nil })),
			rates, "fxrestate: a guard",
		},
		"a member of all": {
			fxrestate.Use(fxrestate.Guards(func(rpc.Service[*remoteRates]) *gate { return nil })),
			rates, "fxrestate: a guard",
		},
		"a member of all, beside a server": {
			fx.Options(fxrestate.HTTPServer(http.NotFoundHandler()), fxrestate.Use(fxrestate.Guards(func(rpc.Service[*remoteRates]) *gate { return nil }))),
			rates, "fxrestate: a guard",
		},
		"a definition": {
			fxrestate.Definition(func(rpc.Service[*remoteRates]) fxrestate.ServiceDefinition { return handMade() }),
			rates, "fxrestate: Definition",
		},
		"what is made per invocation": {
			fx.Options(fxrestate.PerInvocation[*gate](func(context.Context, rpc.Service[*remoteRates]) *gate { return nil }),
				fxrestate.Service[membered](taking[durable.PerInvocation[*gate]])),
			rates, "fxrestate: PerInvocation[*fxrestate_test.gate]",
		},
		"a virtual object": {fxrestate.Service[membered](taking[rpc.Object[*remoteTill]]), "declare it with fxrestate.RemoteObject", ""},
		"a workflow":       {fxrestate.Service[membered](taking[rpc.Workflow[*remoteSignup]]), "declare it with fxrestate.RemoteWorkflow", ""},
		"one of another kind": {
			fx.Options(fxrestate.Service[membered](taking[rpc.Service[*remoteTill]]), fxrestate.RemoteObject[*remoteTill]()),
			"takes an rpc.Service[*github.com/fxrestate/go/fxrestate_test.remoteTill], and that type is registered as a " + handler.Object.String() + " (wanted_test.go:", "",
		},
		"one that is optional": {fxrestate.Service[membered](taking[clientAsAnOptionalField]), "", ""},
		"one that is declared": {
			fx.Options(fxrestate.Service[membered](taking[clientAsAField]), fxrestate.RemoteService[*remoteRates]()), "", "",
		},
		"one that the program makes": {
			fx.Options(fxrestate.Service[membered](taking[rpc.Service[*remoteRates]]), fx.Provide(rpc.NewService[*remoteRates])), "", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger, tt.option)
			if tt.want == "" {
				require.NoError(t, app.Err())
				return
			}
			require.ErrorContains(t, app.Err(), cmp.Or(tt.taker, "fxrestate: fxrestate_test.membered")+" (wanted_test.go:")
			require.ErrorContains(t, app.Err(), tt.want)
		})
	}
}

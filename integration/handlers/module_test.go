package handlers_test

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
	"github.com/fxrestate/go/integration/internal/sample"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

func TestServicesOfSeveralModulesAreOneDeployment(t *testing.T) {
	t.Parallel()
	payments, depot := testkit.Unique("payments"), testkit.Unique("depot")
	a := testkit.Start(t,
		fx.Module("billing", fx.Provide(NewGateway), fxrestate.Service[*Payments](NewPayments, fxrestate.Name(payments))),
		fx.Module("logistics", fx.Module("storage", fxrestate.Object[sample.Depot](testkit.Made(sample.Depot{}), fxrestate.Name(depot)))),
	)
	require.Equal(t, testkit.ServiceOf(t, payments).DeploymentID, testkit.ServiceOf(t, depot).DeploymentID)
	a.Serves(t, payments, depot)
	require.ElementsMatch(t, []string{payments, depot}, a.Endpoint.Services())
}

func TestLibraryContributesServicesWithPlainFxProvide(t *testing.T) {
	t.Parallel()
	payments, depot, tour := testkit.Unique("payments"), testkit.Unique("depot"), testkit.Unique("tour")
	registration := func(constructor any) fx.Option {
		return fx.Provide(fx.Annotate(constructor, fx.ResultTags(fxrestate.RegistrationGroup)))
	}
	a := testkit.Start(t,
		fx.Provide(NewGateway, NewPayments),
		registration(func(p *Payments) fxrestate.Registration {
			return fxrestate.NewService(p, fxrestate.Name(payments), restate.WithMetadata("from", "a library"))
		}),
		registration(func() (fxrestate.Registration, error) {
			return fxrestate.NewObject(sample.Depot{}, fxrestate.Name(depot)), nil
		}),
		registration(func() fxrestate.Registration { return fxrestate.NewWorkflow(Tour{}, fxrestate.Name(tour)) }),
	)
	a.Serves(t, payments, depot, tour)
	require.Equal(t, map[string]string{"from": "a library"}, testkit.ServiceOf(t, payments).Metadata)
	require.Equal(t, "receipt-1", testkit.Decode[string](t, testkit.Post(t, testkit.Path(payments, "Charge"), "1")))
}

func TestDefinitionsOfTheSDKJoin(t *testing.T) {
	t.Parallel()
	byHand, reflected := testkit.Unique("shop.v1.ByHand"), testkit.Unique("reflected") // the former named as by protobuf
	a := testkit.Start(t,
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
	a.Serves(t, byHand, reflected)
	require.Equal(t, "receipt-k!", testkit.Decode[string](t, testkit.Post(t, testkit.Path(byHand, "k", "Greet"), "!")))
	require.Equal(t, "receipt-1", testkit.Decode[string](t, testkit.Post(t, testkit.Path(reflected, "Charge"), "1")))
	require.Equal(t, map[string]string{"kind": "reflected"}, testkit.ServiceOf(t, reflected).Metadata)
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
	ping, pong := testkit.Unique("ping"), testkit.Unique("pong")
	testkit.Start(t,
		fxrestate.Service[*Ping](NewPing, fxrestate.Name(ping)),
		fxrestate.Service[*Pong](NewPong, fxrestate.Name(pong)),
	)
	require.Equal(t, 3, testkit.Decode[int](t, testkit.Post(t, testkit.Path(ping, "Hit"), 3)))
}

func TestFxValidatesTheGraph(t *testing.T) {
	t.Parallel()
	good := fx.Options(
		fxrestate.Module,
		fx.Supply(zap.NewNop()),
		fx.Provide(func() (fxrestate.Config, error) { return fxrestate.Config{}, errors.New("constructors do not run") }),
		fxrestate.Service[*Payments](NewPayments),
		fxrestate.Object[sample.Depot](testkit.Made(sample.Depot{})),
		fxrestate.PerInvocation[*Payments](func(ctx restate.Context, g *Gateway) *Payments { return &Payments{g} }),
		fx.Invoke(func(rpc.Service[*Payments], rpc.Object[sample.Depot], durable.PerInvocation[*Payments]) {
		}),
	)
	require.NoError(t, fx.ValidateApp(good, fx.Provide(NewGateway)))

	err := fx.ValidateApp(good)
	require.ErrorContains(t, err, "missing type: *handlers_test.Gateway")
	require.ErrorContains(t, err, "handler_test.go", "where NewPayments, which needs it, stands")
}

func TestFxVisualizesAnErrorOfTheGraph(t *testing.T) {
	t.Parallel()
	var hook errorHook
	err := testkit.NewError(t, fx.Supply(testkit.Config()), fxrestate.Service[*Payments](NewPayments), fx.ErrorHook(&hook))
	require.ErrorContains(t, err, "missing type: *handlers_test.Gateway")
	require.ErrorContains(t, err, "handler_test.go")
	dot, err := fx.VisualizeError(hook.err)
	require.NoError(t, err)
	require.Contains(t, dot, "*handlers_test.Gateway")
	require.Contains(t, dot, "NewPayments")
}

// errorHook gets the errors of fx.
type errorHook struct{ err error }

func (h *errorHook) HandleError(err error) { h.err = err }

func TestConstructorsErrorIsThatOfTheApplication(t *testing.T) {
	t.Parallel()
	broken := errors.New("the terminal is broken")
	err := testkit.NewError(t, fx.Supply(testkit.Config()), fxrestate.Service[*Payments](func() (*Payments, error) { return nil, broken }))
	require.ErrorIs(t, err, broken)
	require.ErrorContains(t, err, "module_test.go")
}

func TestSomethingElseThanAServiceUsesTheAdminClientAndTheEndpoint(t *testing.T) {
	t.Parallel()
	a := testkit.Start(t, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(testkit.Unique("job"))))
	require.NotZero(t, a.Endpoint.Port())
	require.NoError(t, a.Health.Ready())
	require.NoError(t, a.Health.Live())
	require.Equal(t, http.StatusOK, testkit.Request(t, http.MethodGet, a.URL()+"/health", nil).Status)
}

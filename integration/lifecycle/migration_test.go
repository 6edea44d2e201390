package lifecycle_test

import (
	"context"
	"testing"
	"time"

	"github.com/fxrestate/go/internal/testkit"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/rpc"
)

// Rates are called by MovedOrder.
type Rates struct{}

func (Rates) Price(_ restate.Context, sku string) (int, error) { return 100 * len(sku), nil }

// MovedOrder is an object that is served now by this module's means, now by the SDK's.
type MovedOrder struct {
	rates   rpc.Service[Rates]
	outside testkit.Outside
}

// reflectedOrder is a MovedOrder with a name, for restate.Reflect.
type reflectedOrder struct {
	*MovedOrder

	name string
}

func (o reflectedOrder) ServiceName() string { return o.name }

var reserve = durable.NewStep[string]("reserve")

// Place has a step, state, a call, a signal and a step.
func (o *MovedOrder) Place(ctx restate.ObjectContext, sku string) (string, error) {
	id, err := reserve.Run(ctx, func(ctx context.Context) (string, error) { return sku + " reserved", o.outside.Effect(ctx, "reserve") })
	if err != nil {
		return "", err
	}
	restate.Set(ctx, "status", id)
	price, err := rpc.Call(ctx, o.rates, Rates.Price, sku)
	if err != nil {
		return "", err
	}
	return finish(ctx, o.outside, price)
}

// Approve lets Place go on.
func (o *MovedOrder) Approve(ctx restate.ObjectSharedContext, invocation string) error {
	restate.ResolveSignal(ctx, invocation, "approved", "Grace")
	return nil
}

// finish is the end of Place, which is the same in both forms.
func finish(ctx restate.ObjectContext, outside testkit.Outside, price int) (string, error) {
	by, err := restate.Signal[string](ctx, "approved").Result()
	if err != nil {
		return "", err
	}
	status, err := restate.Get[string](ctx, "status")
	if err != nil {
		return "", err
	}
	return restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
		if price != 400 {
			return "", restate.TerminalErrorf("the price is %d", price)
		}
		return status + " for " + by, outside.Effect(ctx, "charge")
	}, restate.WithName("charge"))
}

// bySDK is MovedOrder as a program of the SDK has it.
func bySDK(name, rates string, outside testkit.Outside) restate.ServiceDefinition {
	place := func(ctx restate.ObjectContext, sku string) (string, error) {
		id, err := restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
			return sku + " reserved", outside.Effect(ctx, "reserve")
		}, restate.WithName("reserve"))
		if err != nil {
			return "", err
		}
		restate.Set(ctx, "status", id)
		price, err := restate.Service[int](ctx, rates, "Price").Request(sku)
		if err != nil {
			return "", err
		}
		return finish(ctx, outside, price)
	}
	approve := func(ctx restate.ObjectSharedContext, invocation string) (restate.Void, error) {
		restate.ResolveSignal(ctx, invocation, "approved", "Grace")
		return restate.Void{}, nil
	}
	return restate.NewObject(name, testkit.RetrySoon()).
		Handler("Place", restate.NewObjectHandler(place)).
		Handler("Approve", restate.NewObjectSharedHandler(approve))
}

// move is an order that moves from one form to another, at one URL.
type move struct {
	t           *testing.T
	world       *testkit.World
	name, rates string
	config      func(*fxrestate.Config)
}

// The forms.
const (
	structForm  = "a struct"
	sdkForm     = "a definition by hand"
	reflectForm = "a definition of the same struct"
)

func (m *move) order(rates rpc.Service[Rates]) *MovedOrder {
	return &MovedOrder{rates, testkit.Outside{URL: m.world.URL}}
}

// serve runs one form of the application.
func (m *move) serve(form string) *testkit.App {
	m.t.Helper()
	opts := []fx.Option{fxrestate.Service[Rates](testkit.Made(Rates{}), fxrestate.Name(m.rates))}
	switch form {
	case structForm:
		opts = append(opts, fxrestate.Object[*MovedOrder](m.order, fxrestate.Name(m.name), testkit.RetrySoon()))
	case sdkForm:
		opts = append(opts, fxrestate.Definition(func() restate.ServiceDefinition {
			return bySDK(m.name, m.rates, testkit.Outside{URL: m.world.URL})
		}))
	case reflectForm:
		opts = append(opts, fxrestate.Definition(func(rates rpc.Service[Rates]) restate.ServiceDefinition {
			return restate.Reflect(reflectedOrder{m.order(rates), m.name}, testkit.RetrySoon())
		}))
	}
	cfg := testkit.Config()
	cfg.Endpoint.DrainTimeout = 200 * time.Millisecond
	m.config(&cfg)
	a := testkit.Build(m.t, append(opts, fx.Supply(cfg))...)
	a.RequireStart()
	m.config = again(a)
	return a
}

func (m *move) approve(id string) {
	m.t.Helper()
	testkit.Post(m.t, testkit.Path(m.name, "k", "Approve"), id)
}

func TestAnInvocationFinishesInTheOtherFormOfItsApplication(t *testing.T) {
	t.Parallel()
	for _, direction := range [][2]string{
		{structForm, sdkForm}, {sdkForm, structForm}, {structForm, reflectForm}, {reflectForm, structForm},
	} {
		for place, stop := range map[string]func(m *move, a *testkit.App, id string){
			"while it waits": func(m *move, a *testkit.App, id string) {
				testkit.AwaitEntry(m.t, testkit.Admin(), id, "Call") // the first step has its result
				a.RequireStop()
			},
			"in the middle of a step": func(m *move, a *testkit.App, id string) {
				charging := m.world.Block("charge")
				testkit.AwaitEntry(m.t, testkit.Admin(), id, "Call")
				m.approve(id)
				testkit.Receive(m.t, charging, "the last step")
				a.RequireStop()
				m.world.Release("charge")
			},
		} {
			t.Run("from "+direction[0]+" to "+direction[1]+", stopped "+place, func(t *testing.T) {
				t.Parallel()
				m := &move{t: t, world: testkit.NewWorld(t), name: testkit.Unique("moved"), rates: testkit.Unique("rates")}
				m.config = func(c *fxrestate.Config) { c.Endpoint.Addr = testkit.StableAddr(t) }
				first := m.serve(direction[0])
				id := testkit.Submit(t, testkit.Path(m.name, "k", "Place"), "ring")
				stop(m, first, id)
				require.NotEqual(t, "completed", testkit.Look(t, id).Status)

				second := m.serve(direction[1])
				t.Cleanup(second.RequireStop)
				require.Equal(t, first.URL(), second.URL())
				m.approve(id)
				require.Equal(t, "ring reserved for Grace", testkit.Decode[string](t, testkit.Attach(t, id)))
				require.Equal(t, 1, m.world.Count("reserve"), "a step with a result is not repeated")
			})
		}
	}
}

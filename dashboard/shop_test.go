package dashboard_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/dashboard"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
)

// hostile is a text that must be seen and nothing else.
const hostile = "<script>alert(\"x\")</script>\x1b[31m\u202eevil\nnext & last"

// seenAs is how a page shows it.
const seenAs = `<script>alert("x")</script> [31m evil next & last`

// Item is what goes into a cart.
type Item struct {
	SKU      string `json:"sku" jsonschema:"description=What is bought"`
	Quantity int    `json:"quantity"`
}

// Total is what a cart costs.
type Total struct {
	Items int    `json:"items"`
	Cents int64  `json:"cents"`
	Note  string `json:"note,omitempty"`
}

// Cart is a virtual object.
type Cart struct{}

// Add adds an item.
func (*Cart) Add(ctx restate.ObjectContext, item Item) (Total, error) {
	items, err := restate.Get[int](ctx, "items")
	restate.Set(ctx, "items", items+item.Quantity)
	return Total{Items: items + item.Quantity}, err
}

// View shows the cart.
func (*Cart) View(ctx restate.ObjectSharedContext) (Total, error) {
	items, err := restate.Get[int](ctx, "items")
	return Total{Items: items}, err
}

// Orders has handlers that wait and fail.
type Orders struct {
	begun   chan string
	release chan struct{}
	text    string
}

// Print never succeeds.
func (o *Orders) Print(restate.Context, Item) error { return errors.New(o.text) }

// Pack panics.
func (o *Orders) Pack(restate.Context) error { panic(o.text) }

// Refuse fails for good.
func (o *Orders) Refuse(restate.Context) error { return restate.TerminalErrorf("%s", o.text) }

// Ship computes until it is released.
func (o *Orders) Ship(ctx restate.Context, _ Item) (Total, error) {
	select {
	case o.begun <- ctx.Request().ID:
	default:
	}
	select {
	case <-o.release:
	case <-ctx.Done():
	}
	return Total{}, ctx.Err()
}

// named is a guard with a name.
type named string

func (n named) String() string { return string(n) }

func (named) Allow(context.Context, *pipeline.Invocation) (bool, error) { return true, nil }

// shop is an application with a page, and invocations that are paused, back off and run.
type shop struct {
	*testkit.App
	page                      *dashboard.Page
	orders, carts             string
	paused, failing, inFlight string
}

func openShop(t testing.TB, text string) *shop {
	t.Helper()
	s := &shop{orders: testkit.Unique("Orders"), carts: testkit.Unique("Carts")}
	o := &Orders{begun: make(chan string, 1), release: make(chan struct{}), text: text}
	s.App = testkit.Start(t, fx.Populate(&s.page),
		fxrestate.Use(fxrestate.Guards(named("auth.Tenant"))),
		fxrestate.Service[*Orders](testkit.Made(o), fxrestate.Name(s.orders),
			restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Millisecond), restate.WithMaxRetryAttempts(3)),
			restate.WithJournalRetention(36*time.Hour),
			fxrestate.Handler((*Orders).Pack, restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Hour), restate.WithMaxRetryInterval(time.Hour))),
			fxrestate.Handler((*Orders).Print, fxrestate.Guards(named(text)), fxrestate.Filters(func(_ context.Context, _ *pipeline.Invocation, err error) error { return err })),
		),
		fxrestate.Object[*Cart](testkit.Made(new(Cart)), fxrestate.Name(s.carts)),
	)
	t.Cleanup(func() { close(o.release) })
	s.paused = testkit.Submit(t, testkit.Path(s.orders, "Print"), Item{SKU: "poster"})
	s.failing = testkit.Submit(t, testkit.Path(s.orders, "Pack"), nil)
	s.inFlight = testkit.Submit(t, testkit.Path(s.orders, "Ship"), Item{SKU: "poster"})
	refused := testkit.Submit(t, testkit.Path(s.orders, "Refuse"), nil)
	t.Cleanup(func() {
		for _, id := range []string{s.paused, s.failing} {
			require.NoError(t, testkit.Admin().KillInvocation(context.WithoutCancel(t.Context()), id))
		}
	})
	testkit.AwaitStatus(t, s.paused, "paused")
	testkit.AwaitStatus(t, s.failing, "backing-off")
	testkit.AwaitStatus(t, refused, "completed")
	require.Equal(t, s.inFlight, testkit.Receive(t, o.begun))
	testkit.Eventually(t, func() error { // it remembers what the server has heard already
		seen := load(t, s.page, "?format=json").json(t)
		if failures := len(seen["failures"].(map[string]any)["items"].([]any)); failures != 5 {
			return fmt.Errorf("%d failures", failures)
		}
		return nil
	})
	return s
}

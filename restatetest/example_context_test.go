package restatetest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/restatetest"
)

// Cart is a virtual object.
type Cart struct{ stock func(sku string) int }

var (
	items = durable.NewStateKey[[]string]("items")
	look  = durable.NewStep[int]("look")
)

// Add puts an item into the cart if there is one.
func (c *Cart) Add(ctx restate.ObjectContext, sku string) (int, error) {
	left, err := look.Run(ctx, func(context.Context) (int, error) { return c.stock(sku), nil })
	if err != nil {
		return 0, err
	}
	if left == 0 {
		return 0, restate.TerminalErrorf("no %s left", sku)
	}
	all, err := items.Get(ctx)
	if err != nil {
		return 0, err
	}
	all = append(all, sku)
	return len(all), items.Set(ctx, all)
}

// A method is called with a context that needs no server. What it did can be looked at
// afterwards.
func ExampleNewContext() {
	test := func(t *testing.T) {
		ctx := restatetest.NewContext(t, restatetest.Request{
			Handler: (*Cart).Add, Key: "ada", State: map[string]any{"items": []string{"tea"}},
		})
		cart := &Cart{stock: func(string) int { return 3 }}

		n, err := cart.Add(ctx, "milk")
		fmt.Println(n, err, ctx.Steps())
		fmt.Println(string(ctx.State()["items"]))
		for _, o := range ctx.Operations() {
			fmt.Println(o)
		}
	}
	run(test)
	// Output:
	// 2 <nil> [look]
	// ["tea","milk"]
	// Run look 3
	// GetState items
	// SetState items ["tea","milk"]
}

// Calls of other handlers are answered by stubs, and time is virtual.
func ExampleStub() {
	test := func(t *testing.T) {
		ctx := restatetest.NewContext(t, restatetest.Request{})
		restatetest.Stub(ctx, (*Shop).Buy, func(_ restatetest.Call, in Order) (int, error) { return in.Count * 90, nil })

		price, err := restate.Service[int](ctx, "Shop", "Buy").Request(Order{SKU: "tea", Count: 2})
		fmt.Println(price, err)
		begin := ctx.Now()
		fmt.Println(restate.Sleep(ctx, 24*time.Hour), ctx.Now().Sub(begin))
	}
	run(test)
	// Output:
	// 180 <nil>
	// <nil> 24h0m0s
}

// A journal that was recorded by the command fxrestate record, or by Invocation.Record, is
// replayed without a server.
func ExampleReplay() {
	restatetest.Replay(t, "testdata/add.journal.json", counters())
}

// run runs a test as go test does, which an example cannot.
func run(test func(t *testing.T)) {
	testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "TestOfTheExample", F: test}})
}

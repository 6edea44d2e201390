package durable_test

import (
	"context"
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// counterValue is declared beside the handlers that use it.
var counterValue = durable.NewStateKey[int]("value")

// Counter is a virtual object.
type Counter struct{}

func (*Counter) Add(ctx restate.ObjectContext, n int) (int, error) {
	value, err := counterValue.GetOr(ctx, 100) // 100 if nothing was stored
	if err != nil {
		return 0, err
	}
	return value + n, counterValue.Set(ctx, value+n)
}

// Started shows that a shared handler can read, and that a stored 0 is there.
func (*Counter) Started(ctx restate.ObjectSharedContext) (bool, error) {
	_, ok, err := counterValue.Lookup(ctx)
	return ok, err
}

func (*Counter) Reset(ctx restate.ObjectContext) error { return counterValue.Clear(ctx) }

func ExampleStateKey() {
	client, stop := testkit.StartApp(fxrestate.Object[*Counter](func() *Counter { return &Counter{} }))
	defer stop()
	ctx, counter := context.Background(), ingress.NewObject[*Counter](client).Key("ExampleStateKey")

	fmt.Println(ingress.Call0(ctx, counter, (*Counter).Started))
	fmt.Println(ingress.Call(ctx, counter, (*Counter).Add, -100))
	fmt.Println(ingress.Call0(ctx, counter, (*Counter).Started))
	fmt.Println(ingress.Call0Void(ctx, counter, (*Counter).Reset))
	fmt.Println(ingress.Call0(ctx, counter, (*Counter).Started))
	// Output:
	// false <nil>
	// 0 <nil>
	// true <nil>
	// <nil>
	// false <nil>
}

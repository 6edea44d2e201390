package durable_test

import (
	"context"
	"fmt"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// Scratch runs the code of an example.
type Scratch struct {
	code func(ctx restate.Context) (string, error)
}

func (s *Scratch) Do(ctx restate.Context) (string, error) { return s.code(ctx) }

// Shop is the service that the code of examples calls.
type Shop struct{}

// Quote returns a price in cents.
func (*Shop) Quote(_ restate.Context, item string) (int, error) {
	switch item {
	case "tea":
		return 450, nil
	case "cake":
		return 1950, nil
	default:
		return 0, restate.TerminalErrorf("no %s", item)
	}
}

// Order never comes.
func (*Shop) Order(ctx restate.Context, _ string) (int, error) {
	return restate.Awakeable[int](ctx).Result()
}

// shops is injected.
var shops rpc.Service[*Shop]

// inHandler runs code as a handler and prints what it returns.
func inHandler(code func(ctx restate.Context) (string, error)) {
	client, stop := testkit.StartApp(
		fxrestate.Service[*Shop](func() *Shop { return &Shop{} }),
		fxrestate.Service[*Scratch](func() *Scratch { return &Scratch{code} }),
		fx.Populate(&shops),
	)
	defer stop()
	out, err := ingress.Call0(context.Background(), ingress.NewService[*Scratch](client), (*Scratch).Do)
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Println(out)
}

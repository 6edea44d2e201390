package rpc_test

import (
	"context"
	"fmt"

	restate "github.com/restatedev/sdk-go"

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
	return map[string]int{"tea": 450, "cake": 1950}[item], nil
}

// inHandler runs code as a handler and prints what it returns.
func inHandler(code func(ctx restate.Context) (string, error)) {
	client, stop := testkit.StartApp(
		fxrestate.Service[*Shop](func() *Shop { return &Shop{} }),
		fxrestate.Service[*Scratch](func() *Scratch { return &Scratch{code} }),
	)
	defer stop()
	out, err := ingress.Call0(context.Background(), ingress.NewService[*Scratch](client), (*Scratch).Do)
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Println(out)
}

// The service may be written in any language: only its names are needed.
func ExampleNamed() {
	inHandler(func(ctx restate.Context) (string, error) {
		quote := rpc.Named[string, int]("Shop", "Quote")
		price, err := quote.Call(ctx, "cake")
		if err != nil {
			return "", err
		}
		// What is sent and received as it is, has no codec.
		raw, err := rpc.Named[[]byte, []byte]("Shop", "Quote").With(restate.WithBinary).Call(ctx, []byte(`"tea"`))
		return fmt.Sprintf("%d %s", price, raw), err
	})
	// Output: 1950 450
}

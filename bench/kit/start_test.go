package kit_test

import (
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
	"github.com/fxrestate/go/rpc"
)

var items = durable.NewStateKey[[]string]("items")

// Cart is of a customer.
type Cart struct{}

// Add adds an item, and returns all.
func (*Cart) Add(ctx restate.ObjectContext, item string) ([]string, error) {
	now, err := items.Get(ctx)
	if err != nil {
		return nil, err
	}
	now = append(now, item)
	return now, items.Set(ctx, now)
}

// Shop sells.
type Shop struct{ carts rpc.Object[*Cart] }

// Buy puts something into the cart of a customer.
func (s *Shop) Buy(ctx restate.Context, customer string) (int, error) {
	all, err := rpc.Call(ctx, s.carts.Key(customer), (*Cart).Add, "tea")
	return len(all), err
}

func shop() fx.Option {
	return fx.Options(
		fxrestate.Module,
		fxrestate.Object[*Cart](func() *Cart { return &Cart{} }),
		fxrestate.Service[*Shop](func(c rpc.Object[*Cart]) *Shop { return &Shop{c} }),
	)
}

// TestTheFirstTestOfABinaryAndFurtherOnes measures when a test can begin: the first one from
// the start of the process, and each other from the end of the one before it, whose server it
// gets.
func TestTheFirstTestOfABinaryAndFurtherOnes(t *testing.T) {
	name, from := "first_s", began()
	for range 4 {
		t.Run(name, func(t *testing.T) {
			env := restatetest.Start(t, shop())
			figure(name, from)
			n, err := ingress.Call(t.Context(), ingress.NewService[*Shop](env.Ingress()), (*Shop).Buy, "ada")
			require.NoError(t, err)
			require.Equal(t, 1, n)
			from = time.Now()
		})
		name = "next_s"
	}
}

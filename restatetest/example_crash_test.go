package restatetest_test

import (
	"maps"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// Bank is outside of the application.
type Bank interface{ Charge(customer string) error }

// fakeBank counts charges.
type fakeBank struct {
	mu      sync.Mutex
	charges map[string]int
}

func (b *fakeBank) Charge(customer string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.charges[customer]++
	return nil
}

func (b *fakeBank) counts() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.charges)
}

// Checkout is a handler that charges.
type Checkout struct{ bank Bank }

func NewCheckout(bank Bank) *Checkout { return &Checkout{bank} }

func (c *Checkout) Pay(ctx restate.Context, customer string) (string, error) {
	err := restate.RunVoid(ctx, func(restate.RunContext) error {
		return c.bank.Charge(customer)
	}, restate.WithName("charge"))
	if err != nil {
		return "", err
	}
	return "paid by " + customer, nil
}

// The process dies before and after each entry of each journal, and the outcome is the
// same.
func ExampleCrashEverywhere() {
	_ = func(t *testing.T) { // func TestPaySurvivesCrashes(t *testing.T) {
		var bank *fakeBank
		restatetest.CrashEverywhere(t, restatetest.Scenario{
			App: func() []fx.Option {
				bank = &fakeBank{charges: map[string]int{}}
				return []fx.Option{
					fxrestate.Module,
					fx.Supply(fx.Annotate(bank, fx.As(new(Bank)))),
					fxrestate.Service[*Checkout](NewCheckout),
				}
			},
			Do: func(t testing.TB, env *restatetest.Env) any {
				paid, err := ingress.Call(t.Context(), ingress.NewService[*Checkout](env.Ingress()), (*Checkout).Pay, "ada")
				return []any{paid, err}
			},
			Effects: func() map[string]int { return bank.counts() },
		})
	}
}

package restatetest_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
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

// Outside is what is outside of an application: it counts what happens.
type Outside struct {
	mu     sync.Mutex
	counts map[string]int
}

func (o *Outside) do(effect string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts == nil {
		o.counts = map[string]int{}
	}
	o.counts[effect]++
}

func (o *Outside) effects() map[string]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.counts)
}

// Till is an object that takes money.
type Till struct{ outside *Outside }

// Take adds to what is in the till.
func (s *Till) Take(ctx restate.ObjectContext, amount int) (int, error) {
	now, err := sum.Get(ctx)
	if err != nil {
		return 0, err
	}
	return now + amount, sum.Set(ctx, now+amount)
}

// Desk sells.
type Desk struct {
	till    rpc.Object[*Till]
	outside *Outside
}

// Sell has a step, a call, a send and a timer.
func (d *Desk) Sell(ctx restate.Context, what string) (string, error) {
	if err := d.step(ctx, "pack"); err != nil {
		return "", err
	}
	in, err := rpc.Call(ctx, d.till.Key("main"), (*Till).Take, 5)
	if err != nil {
		return "", err
	}
	if _, err := rpc.Send(ctx, d.till.Key("tips"), (*Till).Take, 1); err != nil {
		return "", err
	}
	if err := restate.Sleep(ctx, time.Millisecond); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d %v", what, in, restate.UUID(ctx)), nil
}

func (d *Desk) step(ctx restate.Context, name string) error {
	return restate.RunVoid(ctx, func(restate.RunContext) error {
		d.outside.do(name)
		return nil
	}, restate.WithName(name))
}

// Fail books until it is full and undoes all.
func (d *Desk) Fail(ctx restate.Context) (string, error) {
	return durable.Saga(ctx, func(undo *durable.Compensations) (string, error) {
		for _, what := range []string{"flight", "hotel"} {
			undo.Step("undo-"+what, func(restate.RunContext) error {
				d.outside.do("undo " + what)
				return nil
			})
			if err := d.step(ctx, what); err != nil {
				return "", err
			}
		}
		return "", restate.ToTerminalError(fmt.Errorf("full"))
	})
}

// desk is a scenario of a desk, and what is outside of it.
func desk(do func(ctx context.Context, desk ingress.Service[*Desk]) any, opts ...fx.Option) (restatetest.Scenario, func() *Outside) {
	var outside *Outside
	return restatetest.Scenario{
		App: func() []fx.Option {
			outside = &Outside{}
			return append([]fx.Option{
				fxrestate.Module,
				fx.Supply(outside),
				fxrestate.Service[*Desk](func(till rpc.Object[*Till], o *Outside) *Desk { return &Desk{till: till, outside: o} }),
				fxrestate.Object[*Till](func(o *Outside) *Till { return &Till{o} }),
			}, opts...)
		},
		Do: func(t testing.TB, env *restatetest.Env) any {
			return do(t.Context(), ingress.NewService[*Desk](env.Ingress()))
		},
		Effects: func() map[string]int { return outside.effects() },
	}, func() *Outside { return outside }
}

// backends are what plays Restate.
var backends = map[string]fx.Option{"on a server": fx.Options(), "in process": restatetest.InProcess}

func TestAScenarioSurvivesACrashAtEachEntry(t *testing.T) {
	t.Parallel()
	for name, backend := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := desk(func(ctx context.Context, desk ingress.Service[*Desk]) any {
				sold, err := ingress.Call(ctx, desk, (*Desk).Sell, "books")
				return []any{sold, err}
			}, backend)
			report := restatetest.CrashEverywhere(t, s)
			require.Equal(t, 12, report.Entries)
			require.Equal(t, 2+2+3*12, report.Runs)
			require.Zero(t, report.Missed)
			require.Zero(t, report.Unstored, "what is stored is acknowledged")
		})
	}
}

func TestASeedDeterminesRandomNumbers(t *testing.T) {
	t.Parallel()
	rehearse := func(seed uint64) (sold any) {
		s, _ := desk(func(ctx context.Context, desk ingress.Service[*Desk]) any {
			var err error
			sold, err = ingress.Call(ctx, desk, (*Desk).Sell, "books")
			return []any{sold, err}
		})
		s.Seed, s.Limit, s.Disturbances = seed, 1, []restatetest.Disturbance{restatetest.DieAfter}
		report := restatetest.CrashEverywhere(t, s)
		require.Equal(t, 2+1, report.Runs)
		require.Equal(t, seed, report.Seed)
		return sold
	}
	require.Equal(t, rehearse(7), rehearse(7))
	require.NotEqual(t, rehearse(7), rehearse(8))
}

package restatetest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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

// Correct has handlers without mistakes, which look like some with one.
type Correct struct {
	till    rpc.Object[*Till]
	tenant  durable.PerInvocation[time.Time]
	outside *Outside
}

func (c *Correct) wait() { time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond) }

// Parallel has steps that end in any order.
func (c *Correct) Parallel(ctx restate.Context) (string, error) {
	var futures []restate.RunAsyncFuture[int]
	for i := range 3 {
		futures = append(futures, restate.RunAsync(ctx, func(restate.RunContext) (int, error) {
			c.wait()
			return i, nil
		}, restate.WithName(fmt.Sprint("part-", i))))
	}
	sum := 0
	for _, f := range futures {
		n, err := f.Result()
		if err != nil {
			return "", err
		}
		sum += n
	}
	return fmt.Sprint(sum), nil
}

// Race goes on with the step that is the first to end.
func (c *Correct) Race(ctx restate.Context) (string, error) {
	var runs []durable.Future[string]
	for _, name := range []string{"a", "b"} {
		runs = append(runs, durable.NewStep[string](name).Start(ctx, func(context.Context) (string, error) {
			c.wait()
			return name, nil
		}))
	}
	first, err := durable.First(runs...).Await(ctx)
	if err != nil {
		return "", err
	}
	_, err = rpc.Call(ctx, c.till.Key("winner-"+first.Value), (*Till).Look, 0)
	return "done", err
}

// Times uses the clock and random numbers as one should.
func (c *Correct) Times(ctx restate.Context) (string, error) {
	now, err := durable.Now(ctx)
	if err != nil {
		return "", err
	}
	if err := restate.Sleep(ctx, time.Duration(now.UnixNano()%7)*time.Millisecond); err != nil {
		return "", err
	}
	if restate.Rand(ctx).Uint64()%2 == 0 {
		if err := restate.Sleep(ctx, time.Millisecond); err != nil {
			return "", err
		}
	}
	_, err = rpc.Call(ctx, c.till.Key("main"), (*Till).Look, int(now.UnixNano()))
	return restate.UUID(ctx).String(), err
}

// Tenant has a value for each attempt.
func (c *Correct) Tenant(ctx restate.Context) (string, error) {
	if _, err := c.tenant.Get(ctx); err != nil {
		return "", err
	}
	return restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
		_, err := c.tenant.Get(ctx)
		return "tenant", err
	})
}

// Saga undoes what it did.
func (c *Correct) Saga(ctx restate.Context) (string, error) {
	return durable.Saga(ctx, func(undo *durable.Compensations) (string, error) {
		for i := range 2 {
			undo.Step(fmt.Sprint("undo-", i), func(restate.RunContext) error {
				c.outside.do("undo")
				return nil
			})
			if err := restate.RunVoid(ctx, func(restate.RunContext) error {
				c.outside.do("do")
				return nil
			}, restate.WithName(fmt.Sprint("do-", i))); err != nil {
				return "", err
			}
		}
		return "", restate.ToTerminalError(errors.New("full"))
	})
}

var answer = durable.NewAwakeable[string]("answer")

// Asks waits for an awakeable that a step hands out, at most for a day.
func (c *Correct) Asks(ctx restate.Context) (string, error) {
	id, value, err := answer.New(ctx)
	if err != nil {
		return "", err
	}
	if _, err := rpc.SendVoid(ctx, c.till.Key("desk"), (*Till).Answer, id); err != nil {
		return "", err
	}
	return value.OrTimeout(ctx, 24*time.Hour).Await(ctx)
}

// Look changes nothing.
func (s *Till) Look(restate.ObjectContext, int) (int, error) { return 0, nil }

// Answer completes an awakeable.
func (s *Till) Answer(ctx restate.ObjectContext, id string) error {
	return answer.Resolve(ctx, id, "yes")
}

func correct(method func(*Correct, restate.Context) (string, error), opts ...fx.Option) restatetest.Scenario {
	var outside *Outside
	return restatetest.Scenario{
		App: func() []fx.Option {
			outside = &Outside{}
			return append([]fx.Option{
				fxrestate.Module,
				fx.Supply(outside),
				fxrestate.Service[*Correct](func(till rpc.Object[*Till], o *Outside) *Correct {
					tenant := durable.NewPerInvocation(func(context.Context) (time.Time, error) { return time.Now(), nil })
					return &Correct{till, tenant, o}
				}),
				fxrestate.Object[*Till](func(o *Outside) *Till { return &Till{o} }),
			}, opts...)
		},
		Do: func(t testing.TB, env *restatetest.Env) any {
			result, err := ingress.Call0(t.Context(), ingress.NewService[*Correct](env.Ingress()), method)
			return []any{result, err}
		},
		Effects: func() map[string]int { return outside.effects() },
		Limit:   6,
	}
}

func TestCrashEverywhereAccusesNoCorrectHandler(t *testing.T) {
	t.Parallel()
	for name, method := range map[string]func(*Correct, restate.Context) (string, error){
		"parallel steps":       (*Correct).Parallel,
		"race of futures":      (*Correct).Race,
		"time and random":      (*Correct).Times,
		"value per invocation": (*Correct).Tenant,
		"saga":                 (*Correct).Saga,
		"awakeable":            (*Correct).Asks,
	} {
		for mode, opts := range map[string][]fx.Option{
			"on a server": nil, "on a server that always replays": {restatetest.AlwaysReplay},
			"in process": {restatetest.InProcess}, "in process, always replaying": {restatetest.InProcess, restatetest.AlwaysReplay},
		} {
			t.Run(name+", "+mode, func(t *testing.T) { // not parallel: one server is enough
				report := restatetest.CrashEverywhere(t, correct(method, slices.Clone(opts)...))
				require.Positive(t, report.Entries)
				require.LessOrEqual(t, report.Runs, 2+2+2+6)
			})
		}
	}
}

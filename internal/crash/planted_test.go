package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
)

// Planted are handlers with mistakes.
type Planted struct{ calls *atomic.Int64 }

func step(ctx restate.Context, name string) error {
	return restate.RunVoid(ctx, func(restate.RunContext) error { return nil }, restate.WithName(name))
}

// Clock sends the time.
func (*Planted) Clock(ctx restate.Context, _ string) error {
	if err := step(ctx, "before"); err != nil {
		return err
	}
	_, err := restate.Service[any](ctx, "Other", "At").Request(time.Now().UnixNano())
	return err
}

// Dice branches on a random number.
func (*Planted) Dice(ctx restate.Context, _ string) error {
	return step(ctx, fmt.Sprintf("roll-%d", rand.Uint64()))
}

// Ranges has a step for each key of a map.
func (*Planted) Ranges(ctx restate.Context, _ string) error {
	for k := range map[string]int{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8} {
		if err := step(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// Counts branches on a number in memory: it does more each time.
func (p *Planted) Counts(ctx restate.Context, _ string) error {
	if p.calls.Add(1) == 1 {
		return step(ctx, "first")
	}
	return restate.Sleep(ctx, time.Second)
}

// Returns returns something else each time.
func (p *Planted) Returns(restate.Context, string) (int64, error) { return p.calls.Add(1), nil }

// Forgets does less each time.
func (p *Planted) Forgets(ctx restate.Context, _ string) error {
	if p.calls.Add(1) == 1 {
		return step(ctx, "only once")
	}
	return nil
}

// Closure uses the outer ctx inside of a step.
func (*Planted) Closure(ctx restate.Context, _ string) error {
	return restate.RunVoid(ctx, func(restate.RunContext) error {
		_ = restate.Sleep(ctx, time.Millisecond)
		return nil
	})
}

// Goroutine uses its ctx on another goroutine, for which it waits.
func (*Planted) Goroutine(ctx restate.Context, _ string) error {
	done := make(chan error)
	go func() { done <- restate.Sleep(ctx, time.Millisecond) }()
	return <-done
}

func TestMistakesAreFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		handler   string
		finding   Finding // as far as it is always the same
		attempted string
	}{
		{"Clock", Finding{Entry: 2}, `call "Other/At"`},
		{"Dice", Finding{Entry: 1}, `run "roll-`},
		{"Ranges", Finding{}, `run "`},
		{"Counts", Finding{Entry: 1, Recorded: `run "first"`}, "sleep"},
		{"Returns", Finding{Entry: 1, Recorded: "handler return with 1", Differs: `result: '1' != '2'`}, "handler return"},
		{"Forgets", Finding{Entry: 1, Recorded: `run "only once"`}, "handler return"},
		{"Closure", Finding{Entry: 2}, "restate.Sleep while a restate.Run of Planted/Closure"},
		{"Goroutine", Finding{Entry: 1}, "restate.Sleep of Planted/Goroutine"},
	} {
		t.Run(tt.handler, func(t *testing.T) {
			t.Parallel()
			in := New(Plan{})
			t.Cleanup(in.Close)
			planted := &Planted{new(atomic.Int64)}
			p := &player{
				t: t, in: in, service: "Planted", handler: tt.handler, input: `"x"`, state: map[string][]byte{},
				process: func() http.Handler { return serving(t, "Planted", planted) },
			}
			if tt.handler == "Closure" { // it never comes to an end
				p.stop = func() bool { return len(in.Findings()) > 0 }
			}
			p.play()
			in.Replay(t.Context(), 16)
			require.NotEmpty(t, in.Findings())
			f := in.Findings()[0]
			require.Equal(t, "Planted/"+tt.handler, f.Handler)
			require.Equal(t, "inv_1"+p.id, f.Invocation)
			require.Contains(t, f.Attempted, tt.attempted)
			if tt.finding.Entry > 0 {
				require.Equal(t, tt.finding.Entry, f.Entry)
			}
			if tt.finding.Recorded != "" {
				require.Equal(t, tt.finding.Recorded, f.Recorded)
			}
			require.Contains(t, f.Differs, tt.finding.Differs)
			require.ErrorContains(t, f, tt.handler)
		})
	}
}

// Correct are handlers without mistakes, which look like some with one.
type Correct struct {
	tenant durable.PerInvocation[int64]
	slow   *atomic.Int64
}

// Parallel has steps that end in any order.
func (c *Correct) Parallel(ctx restate.Context, _ string) (string, error) {
	var futures []restate.RunAsyncFuture[int]
	for i := range 4 {
		futures = append(futures, restate.RunAsync(ctx, func(restate.RunContext) (int, error) {
			time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
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

// Race does what the winner says.
func (c *Correct) Race(ctx restate.Context, _ string) (string, error) {
	run := func(name string) durable.Future[string] {
		return durable.NewStep[string](name).Start(ctx, func(context.Context) (string, error) {
			time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
			return name, nil
		})
	}
	first, err := durable.First(run("a"), run("b"), run("c")).Await(ctx)
	if err != nil {
		return "", err
	}
	return "", step(ctx, first.Value)
}

// Times uses the clock and random numbers as one should.
func (c *Correct) Times(ctx restate.Context, _ string) (string, error) {
	now, err := durable.Now(ctx)
	if err != nil {
		return "", err
	}
	if err := restate.Sleep(ctx, time.Duration(now.UnixNano()%7)*time.Hour); err != nil {
		return "", err
	}
	if restate.Rand(ctx).Uint64()%2 == 0 {
		if err := step(ctx, "even"); err != nil {
			return "", err
		}
	}
	_, err = restate.Service[any](ctx, "Other", "At").Request(fmt.Sprint(now, restate.UUID(ctx)))
	return "done", err
}

// Tenant has a value for each attempt.
func (c *Correct) Tenant(ctx restate.Context, _ string) (string, error) {
	_, err := c.tenant.Get(ctx)
	return "", err
}

// Flaky fails at first.
func (c *Correct) Flaky(ctx restate.Context, _ string) (string, error) {
	if err := step(ctx, "a"); err != nil {
		return "", err
	}
	if c.slow.Add(1) == 1 {
		return "", fmt.Errorf("not yet")
	}
	return "", step(ctx, "b")
}

// Saga undoes what it did.
func (c *Correct) Saga(ctx restate.Context, _ string) (string, error) {
	return durable.Saga(ctx, func(undo *durable.Compensations) (string, error) {
		for i := range 3 {
			undo.Step(fmt.Sprint("undo-", i), func(restate.RunContext) error { return nil })
			if err := step(ctx, fmt.Sprint("do-", i)); err != nil {
				return "", err
			}
		}
		return "", restate.ToTerminalError(fmt.Errorf("full"))
	})
}

func TestACorrectHandlerIsNotAccused(t *testing.T) {
	t.Parallel()
	for _, handler := range []string{"Parallel", "Race", "Times", "Tenant", "Flaky", "Saga"} {
		for name, plan := range map[string]Plan{"undisturbed": {}, "suspended": {Suspend: true}, "twice": {Duplicate: true}} {
			t.Run(handler+" "+name, func(t *testing.T) {
				t.Parallel()
				var runs []Invocation
				for range 4 {
					in := New(plan)
					t.Cleanup(in.Close)
					correct := &Correct{durable.NewPerInvocation(func(context.Context) (int64, error) { return time.Now().UnixNano(), nil }), new(atomic.Int64)}
					p := &player{
						t: t, in: in, service: "Correct", handler: handler, input: `"x"`, state: map[string][]byte{},
						process: func() http.Handler { return serving(t, "Correct", correct) },
					}
					p.play()
					in.Close()
					require.Empty(t, in.Replay(t.Context(), 4))
					require.Empty(t, in.Findings())
					runs = append(runs, in.Invocations()...)
				}
				require.Len(t, runs, 4)
				for _, other := range runs[1:] {
					require.Nil(t, Compare(&runs[0], &other))
				}
			})
		}
	}
}

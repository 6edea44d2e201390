package runner_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/runner"
)

// sleepers sleep, as long as they are told.
func sleepers() restate.ServiceDefinition {
	return restate.NewService("Sleepers").
		Handler("Sleep", restate.NewServiceHandler(func(ctx restate.Context, times []time.Duration) (int, error) {
			for _, d := range times {
				if err := restate.Sleep(ctx, d); err != nil {
					return 0, err
				}
			}
			return len(times), nil
		}))
}

func TestADayPassesAtOnceWhenSomebodyWaits(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		r := start(t, cfg, sleepers())
		before, real := r.Now(), time.Now()
		times := make([]time.Duration, 24)
		for i := range times {
			times[i] = time.Hour
		}
		require.Equal(t, 24, call[int](t, r, "Sleepers", "", "Sleep", times))
		passed := r.Now().Sub(before)
		require.GreaterOrEqual(t, passed, 24*time.Hour-time.Minute)
		require.Less(t, passed-time.Since(real), 24*time.Hour+time.Minute)
	})
}

func TestAThousandYearsPassToo(t *testing.T) {
	t.Parallel()
	const century = 100 * 365 * 24 * time.Hour
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		r := start(t, cfg, sleepers())
		before := r.Now()
		times := slices.Repeat([]time.Duration{2 * century}, 5)
		require.Equal(t, 5, call[int](t, r, "Sleepers", "", "Sleep", times))
		require.GreaterOrEqual(t, r.Now().Year()-before.Year(), 999, "a duration has room for 292")
	})
}

func TestAManualClockStandsUntilItIsMoved(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		cfg.ManualClock = true
		r := start(t, cfg, sleepers())
		before := r.Now()
		id := send(t, r, request(t, "Sleepers", "", "Sleep", []time.Duration{time.Hour, time.Hour, time.Hour}))
		ended := func() bool {
			_, ready, err := r.Output(id)
			require.NoError(t, err)
			return ready
		}
		require.NoError(t, r.Settle(ctxOf(t)))
		require.NoError(t, r.Idle(ctxOf(t)))
		require.False(t, ended())
		require.Equal(t, before, r.Now())
		require.NoError(t, r.Advance(ctxOf(t), time.Hour))
		require.Equal(t, before.Add(time.Hour), r.Now())
		require.False(t, ended())
		inv, err := r.Invocation(id)
		require.NoError(t, err)
		require.Equal(t, runner.Suspended, inv.Status)
		require.NoError(t, r.Advance(ctxOf(t), 2*time.Hour), "over two timers, one of which does not yet exist")
		require.True(t, ended())
	})
}

func TestAHandlerThatRunsKeepsTheClockFromJumping(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		var work sync.WaitGroup
		r := start(t, cfg, restate.NewService("Race").
			Handler("Work", restate.NewServiceHandler(func(ctx restate.Context, in string) (string, error) {
				busy := func() { // longer than an attempt has to be quiet
					work.Add(1)
					defer work.Done()
					<-time.After(50 * time.Millisecond)
				}
				if in == "step" {
					return in, restate.RunVoid(ctx, func(restate.RunContext) error { busy(); return nil })
				}
				busy()
				return in, nil
			})).
			Handler("Limit", restate.NewServiceHandler(func(ctx restate.Context, in string) (string, error) {
				done, late := restate.Service[string](ctx, "Race", "Work").RequestFuture(in), restate.After(ctx, time.Minute)
				first, err := restate.WaitFirst(ctx, done, late)
				switch {
				case err != nil:
					return "", err
				case first == late:
					return "late", nil
				default:
					return done.Response()
				}
			})))
		for _, in := range []string{"step", "code"} {
			require.Equal(t, in, call[string](t, r, "Race", "", "Limit", in))
		}
		work.Wait()
	})
}

func TestShortWaitsEndWithoutAnybodyWhoWaits(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		r := start(t, cfg, sleepers())
		id := send(t, r, request(t, "Sleepers", "", "Sleep", []time.Duration{10 * time.Millisecond}))
		require.Eventually(t, func() bool {
			_, ready, err := r.Output(id)
			return err == nil && ready
		}, time.Minute, time.Millisecond)
	})
}

func TestIdleWaitsForAllThatIsToCome(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		r := start(t, cfg, sleepers())
		for n := range 5 {
			send(t, r, runner.Request{Service: "Sleepers", Handler: "Sleep", Body: []byte("[3600000000000]"), Delay: time.Duration(n) * time.Hour})
		}
		require.NoError(t, r.Idle(ctxOf(t)))
		for _, inv := range r.Invocations() {
			require.Equal(t, runner.Completed, inv.Status)
		}
	})
}

func TestWhoWaitsStopsWithItsContextOrTheRunner(t *testing.T) {
	t.Parallel()
	r := start(t, runner.Config{ManualClock: true}, sleepers())
	q := request(t, "Sleepers", "", "Sleep", []time.Duration{time.Hour})
	id := send(t, r, q)
	waits := map[string]func(context.Context) error{
		"call":   func(ctx context.Context) error { _, err := r.Call(ctx, q); return err },
		"attach": func(ctx context.Context) error { _, err := r.Attach(ctx, id); return err },
		"until":  func(ctx context.Context) error { return r.Until(ctx, func() bool { return false }) },
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, wait := range waits {
		require.ErrorIs(t, wait(ended), context.Canceled, name)
	}
	var all sync.WaitGroup
	for name, wait := range waits {
		all.Go(func() {
			if err := wait(context.Background()); err != runner.ErrClosed {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	r.Close()
	all.Wait()
	_, _, err := r.Send(q)
	require.ErrorIs(t, err, runner.ErrClosed)
	require.ErrorIs(t, r.SwapHandler(nil), runner.ErrClosed)
	r.Close()
}

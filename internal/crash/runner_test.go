package crash

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/internal/runner"
)

// Tour is a saga of many steps.
type Tour struct{ booked, undone *atomic.Int64 }

// stops is how many steps a tour has. The last one fails.
const stops = 5

func (s *Tour) Book(ctx restate.Context, _ string) (string, error) {
	return durable.Saga(ctx, func(undo *durable.Compensations) (string, error) {
		for i := range stops {
			undo.Step(fmt.Sprint("undo-", i), func(restate.RunContext) error {
				s.undone.Add(1)
				return nil
			})
			if err := restate.RunVoid(ctx, func(restate.RunContext) error {
				s.booked.Add(1)
				return nil
			}, restate.WithName(fmt.Sprint("book-", i))); err != nil {
				return "", err
			}
			if err := restate.Sleep(ctx, time.Hour); err != nil {
				return "", err
			}
		}
		return "", restate.ToTerminalError(fmt.Errorf("full"))
	})
}

// tour books a tour on the runner, and returns how it failed, how often its steps ran, and
// how many entries it has written.
func tour(t *testing.T, plan Plan) (failure string, ran int64, id Identity, entries int) {
	t.Helper()
	failure, ran, all, _ := tourOn(t, plan, runner.Config{})
	return failure, ran, all.Identity, len(all.Entries)
}

// tourOn is tour on a runner with settings. It also returns what the processes died at.
func tourOn(t *testing.T, plan Plan, cfg runner.Config) (failure string, ran int64, all Invocation, deaths []Death) {
	t.Helper()
	in := New(plan)
	defer in.Close()
	booked, undone := new(atomic.Int64), new(atomic.Int64)
	process := func() http.Handler { return in.Process(serving(t, "Tour", &Tour{booked, undone})) }
	cfg.Retry = &runner.RetryPolicy{InitialInterval: time.Millisecond, Factor: 1}
	r, err := runner.New(process(), cfg)
	require.NoError(t, err)
	defer r.Close()
	done := make(chan error)
	go func() {
		_, err := r.Call(t.Context(), runner.Request{Service: "Tour", Handler: "Book", Body: []byte(`""`)})
		done <- err
	}()
	for {
		select {
		case d := <-in.Died():
			deaths = append(deaths, d)
			require.NoError(t, r.SwapHandler(process()))
		case err := <-done:
			all := in.Invocations()
			require.Len(t, all, 1)
			require.Empty(t, in.Findings())
			return string(WithoutIDs([]byte(err.Error()))), booked.Load() + undone.Load(), all[0], deaths
		}
	}
}

func TestASagaOnTheRunnerSurvivesEachCrash(t *testing.T) {
	t.Parallel()
	failure, ran, id, entries := tour(t, Plan{})
	require.EqualValues(t, 2*stops, ran)
	require.Equal(t, 5*stops+1, entries)
	began, runs := time.Now(), 0
	for entry := range entries {
		for _, when := range []When{Before, After, Within} {
			runs++
			again, times, _, _ := tour(t, Plan{Point: &Point{id, entry + 1, when}})
			require.Equal(t, failure, again)
			require.GreaterOrEqual(t, times, ran)
			require.LessOrEqual(t, times, ran+1)
		}
	}
	t.Logf("%d runs in %v", runs, time.Since(began))
}

// The input of an attempt that may only suspend has ended, so that no acknowledgement comes:
// that the runner stores what is written shows all the same.
func TestWhatIsWrittenIsStoredThoughNothingCanAcknowledgeIt(t *testing.T) {
	t.Parallel()
	replay := runner.Config{AlwaysReplay: true}
	_, _, tour, _ := tourOn(t, Plan{}, replay)
	for entry := range tour.Entries {
		for when, stored := range map[When]bool{Before: false, After: true, Within: false} {
			_, _, _, deaths := tourOn(t, Plan{Point: &Point{tour.Identity, entry + 1, when}}, replay)
			require.Len(t, deaths, 1)
			require.Equal(t, stored, deaths[0].Stored, "%s entry %d", when, entry+1)
		}
	}
}

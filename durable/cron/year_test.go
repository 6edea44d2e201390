package cron_test

import (
	"fmt"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable/cron"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// declared waits until the jobs that an application declares are set.
func declared(t testing.TB, env *restatetest.Env, jobs cron.Ingress, names ...string) {
	t.Helper()
	for _, name := range names {
		env.Eventually(func() error {
			_, err := jobs.Get(t.Context(), name)
			return err
		})
	}
}

// pass moves the clock past that many times of an hourly job, and half an hour further:
// how many are in some hours and minutes depends on when the test begins.
func pass(t testing.TB, env *restatetest.Env, jobs cron.Ingress, name string, times int) {
	t.Helper()
	info, err := jobs.Get(t.Context(), name)
	require.NoError(t, err)
	env.Advance(info.Next.Sub(env.Now()) + time.Duration(times-1)*time.Hour + 30*time.Minute)
}

// advancing moves the clock while something is done that needs time.
func advancing(env *restatetest.Env, do func() error) (err error) {
	done := make(chan error, 1)
	go func() { done <- do() }()
	env.Until(func() bool {
		select {
		case err = <-done:
			return true
		default:
			env.Advance(time.Second)
			return false
		}
	}, "it is done")
	return err
}

// On Sundays, which are the days on which clocks change.
func TestAJobRunsAllThroughAYear(t *testing.T) {
	t.Parallel()
	w := &World{}
	env, jobs := start(t, inProcess, w, fxrestate.Every("30 2 * * sun Europe/Berlin", cron.Call((*Reports).Nightly, Report{To: "ada"}), cron.Name("weekly")))
	declared(t, env, jobs, "weekly")
	before, err := jobs.Get(t.Context(), "weekly")
	require.NoError(t, err)
	s, err := cron.Parse("30 2 * * sun Europe/Berlin")
	require.NoError(t, err)

	var want []string
	until := env.Now().AddDate(1, 0, 0)
	for at := before.Next; at.Before(until); at = s.Next(at) {
		want = append(want, "ada "+at.UTC().Format(time.RFC3339))
	}
	for env.Now().Before(until) {
		env.Advance(min(until.Sub(env.Now()), 30*24*time.Hour))
	}
	require.Equal(t, want, w.all())
	after, err := jobs.Get(t.Context(), "weekly")
	require.NoError(t, err)
	require.EqualValues(t, len(want), after.Runs)
	require.Zero(t, after.Skipped)
	require.Empty(t, after.Running)
	require.NotNil(t, after.Last)
	require.EqualValues(t, len(want), after.Last.Number)
	require.Empty(t, after.Last.Error)
	require.True(t, after.Declared)
}

func TestAJobCallsHandlersOfEachKind(t *testing.T) {
	t.Parallel()
	w := &World{}
	env, jobs := start(t, inProcess, w,
		fxrestate.Every("@every 1h", cron.Call0Void((*Counter).Add).Key("ada")),
		fxrestate.Every("@every 1h", cron.CallVoid((*Batch).Run, "b"), cron.Name("batch")),
		fxrestate.Every("@every 1h", cron.Named("Reports", "Count", "by name"), cron.Name("named")),
		fxrestate.Every("@every 1h", cron.Call0Void((*Reports).Fail), cron.Name("fail")),
	)
	declared(t, env, jobs, "Counter/ada/Add", "batch", "named", "fail")
	env.Advance(3 * time.Hour)
	require.Equal(t, map[string]int{"add ada": 3, "batch b": 3, "by name": 3}, w.counts())
	failed, err := jobs.Get(t.Context(), "fail")
	require.NoError(t, err)
	require.EqualValues(t, 418, failed.Last.Code)
	require.Equal(t, "no paper", failed.Last.Error)
}

func TestWhatAJobDoesWhileItsLastRunGoesOn(t *testing.T) {
	t.Parallel()
	for overlap, want := range map[cron.Overlap]struct {
		started, running, queued int
		skipped                  uint64
	}{
		cron.Skip:  {1, 1, 0, 3},
		cron.Queue: {1, 1, 3, 0},
		cron.Allow: {4, 4, 0, 0},
	} {
		t.Run(string(overlap), func(t *testing.T) {
			t.Parallel()
			w := &World{}
			env, jobs := start(t, inProcess, w, fxrestate.Every("@every 1h", cron.CallVoid((*Reports).Long, "long"), cron.Name("long"), overlap))
			declared(t, env, jobs, "long")
			pass(t, env, jobs, "long", 4)
			info, err := jobs.Get(t.Context(), "long")
			require.NoError(t, err)
			require.Equal(t, want.started, w.count("long"))
			require.Len(t, info.Running, want.running)
			require.Len(t, info.Queued, want.queued)
			require.Equal(t, want.skipped, info.Skipped)

			err = advancing(env, func() error {
				_, err := jobs.Trigger(t.Context(), "long")
				return err
			})
			if overlap == cron.Skip {
				require.ErrorContains(t, err, "the job runs already")
			} else {
				require.NoError(t, err)
			}
			for ended := 0; ended < len(w.gates()); ended++ { // each end may begin another
				require.NoError(t, ingress.Resolve(t.Context(), env.Ingress(), gate, w.gates()[ended], restate.Void{}))
				env.Advance(time.Second)
			}
			info, err = jobs.Get(t.Context(), "long")
			require.NoError(t, err)
			require.Empty(t, info.Running)
			require.Empty(t, info.Queued)
			require.EqualValues(t, w.count("long"), info.Runs)
			require.Equal(t, info.Runs, info.Last.Number)
		})
	}
}

func TestARunThatWasKilledDoesNotHoldUpItsJob(t *testing.T) {
	t.Parallel()
	w := &World{}
	env, jobs := start(t, inProcess, w, fxrestate.Every("@every 1h", cron.CallVoid((*Reports).Long, "long"), cron.Name("long")))
	declared(t, env, jobs, "long")
	pass(t, env, jobs, "long", 1)
	info, err := jobs.Get(t.Context(), "long")
	require.NoError(t, err)
	require.Len(t, info.Running, 1)
	env.Invocation(info.Running[0].InvocationID).Kill()
	pass(t, env, jobs, "long", 1)
	require.Equal(t, 2, w.count("long"))
	info, err = jobs.Get(t.Context(), "long")
	require.NoError(t, err)
	require.EqualValues(t, 2, info.Running[0].Number)
	require.EqualValues(t, 409, info.Last.Code)
}

func TestMissedTimesOfALongOutage(t *testing.T) {
	t.Parallel()
	for missed, want := range map[cron.Missed]int{cron.RunOnce: 1, cron.RunNone: 0, cron.RunAll: 10} {
		t.Run(string(missed), func(t *testing.T) {
			t.Parallel()
			w := &World{}
			env, jobs := start(t, inProcess, w, fxrestate.Every("@every 1h", cron.CallVoid((*Reports).Count, "run"), cron.Name("job"), missed, cron.Queue))
			declared(t, env, jobs, "job")
			info, err := jobs.Get(t.Context(), "job")
			require.NoError(t, err)
			env.KillApp()
			env.Advance(info.Next.Sub(env.Now()) + 9*time.Hour + 30*time.Minute)
			require.Zero(t, w.count("run"))
			env.StartApp()
			env.Eventually(func() error {
				env.Advance(time.Minute) // the retries that back off
				if info, err = jobs.Get(t.Context(), "job"); err != nil {
					return err
				}
				if !info.Next.After(env.Now()) || len(info.Running) > 0 || w.count("run") != want {
					return fmt.Errorf("%d runs, and the next at %v", w.count("run"), info.Next)
				}
				return nil
			})
			env.Advance(info.Next.Sub(env.Now()) + time.Minute)
			require.Equal(t, want+1, w.count("run"), "and goes on")
		})
	}
}

func TestJitterDelaysRunsAndDoesNotAddUp(t *testing.T) {
	t.Parallel()
	w := &World{}
	env, jobs := start(t, inProcess, w, fxrestate.Every("@every 1h", cron.Call((*Reports).Nightly, Report{To: "x"}), cron.Name("job"), cron.Jitter(30*time.Minute)))
	declared(t, env, jobs, "job")
	first, err := jobs.Get(t.Context(), "job")
	require.NoError(t, err)
	env.Advance(first.Next.Sub(env.Now()) + 19*time.Hour + 31*time.Minute)
	require.Len(t, w.all(), 20)
	for i, run := range w.all() {
		require.Equal(t, "x "+first.Next.Add(time.Duration(i)*time.Hour).Format(time.RFC3339), run)
	}
}

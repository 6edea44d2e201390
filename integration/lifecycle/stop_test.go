package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Worker works or waits while its application stops.
type Worker struct {
	attempts atomic.Int32
	began    chan struct{}
	proceed  chan struct{}
}

func newWorker() *Worker {
	return &Worker{began: make(chan struct{}, 100), proceed: make(chan struct{})}
}

// Compute is busy until it may proceed.
func (w *Worker) Compute(ctx restate.Context) (string, error) {
	w.attempts.Add(1)
	return restate.Run(ctx, func(restate.RunContext) (string, error) {
		w.began <- struct{}{}
		<-w.proceed
		return "computed", nil
	})
}

// Stubborn is busy until it is cut off, and then gives up.
func (w *Worker) Stubborn(ctx restate.Context) (string, error) {
	if w.attempts.Add(1) > 1 {
		return "done at last", nil
	}
	w.began <- struct{}{}
	<-ctx.Done()
	return "", ctx.Err()
}

// Wait sleeps for a long time, unless somebody wakes it up.
func (w *Worker) Wait(ctx restate.Context) (string, error) {
	w.attempts.Add(1)
	alarm, night := restate.Signal[string](ctx, "alarm"), restate.After(ctx, time.Hour)
	w.began <- struct{}{}
	if _, err := restate.WaitFirst(ctx, alarm, night); err != nil {
		return "", err
	}
	return alarm.Result()
}

// Wake wakes up an invocation that waits.
func (w *Worker) Wake(ctx restate.Context, id string) error {
	restate.ResolveSignal(ctx, id, "alarm", "woken")
	return nil
}

// startWorker runs a Worker in an application that the test stops, and may start again.
func startWorker(t *testing.T, w *Worker, name string, change func(*fxrestate.Config)) *testkit.App {
	t.Helper()
	cfg := testkit.Config()
	cfg.Endpoint.Addr = testkit.StableAddr(t)
	change(&cfg)
	a := testkit.Build(t, fx.Supply(cfg), fxrestate.Service[*Worker](testkit.Made(w), fxrestate.Name(name), testkit.RetrySoon()))
	a.RequireStart()
	return a
}

// again starts the application again, at the same address.
func again(a *testkit.App) func(*fxrestate.Config) {
	return func(c *fxrestate.Config) { c.Endpoint.Addr = a.Endpoint.Addr().String() }
}

func asIs(*fxrestate.Config) {}

// stopping stops the application in the background.
func stopping(t *testing.T, a *testkit.App) <-chan error {
	t.Helper()
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), a.StopTimeout())
		defer cancel()
		stopped <- a.Stop(ctx)
	}()
	testkit.Eventually(t, func() error {
		if err := a.Health.Ready(); !errors.Is(err, fxrestate.ErrStopping) {
			return errors.New("it does not stop")
		}
		return nil
	})
	return stopped
}

// turnsAway returns nil if the endpoint refuses invocations since it stops.
func turnsAway(a *testkit.App, service, handler string) error {
	req, err := http.NewRequest(http.MethodPost, a.URL()+"/invoke/"+service+"/"+handler, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/vnd.restate.invocation.v5")
	res, err := testkit.HTTPClient().Do(req)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusServiceUnavailable {
		err = fmt.Errorf("status %d", res.StatusCode)
	}
	return errors.Join(err, res.Body.Close())
}

func TestStoppedApplicationRefusesConnections(t *testing.T) {
	t.Parallel()
	a := startWorker(t, newWorker(), testkit.Unique("worker"), asIs)
	require.NoError(t, a.Health.Ready())
	a.RequireStop()
	require.NoError(t, testkit.Refused(a.URL()))
	require.ErrorIs(t, a.Health.Ready(), fxrestate.ErrStopping)
	probe := httptest.NewRecorder()
	a.Health.ReadyHandler().ServeHTTP(probe, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusServiceUnavailable, probe.Code)
}

func TestStopLetsAttemptsInFlightFinish(t *testing.T) {
	t.Parallel()
	w, name := newWorker(), testkit.Unique("worker")
	a := startWorker(t, w, name, func(c *fxrestate.Config) { c.Endpoint.DrainTimeout = testkit.Within })
	id := testkit.Submit(t, testkit.Path(name, "Compute"), nil)
	testkit.Receive(t, w.began, "the step")
	stopped := stopping(t, a)

	// For a second invocations are still let in. What comes now is turned away, to be
	// done later.
	testkit.Eventually(t, func() error { return turnsAway(a, name, "Compute") })
	later := testkit.Submit(t, testkit.Path(name, "Compute"), nil)
	close(w.proceed)
	require.NoError(t, testkit.Receive(t, stopped, "the stop"))
	require.EqualValues(t, 1, w.attempts.Load(), "the attempt in flight was the only one")
	require.Empty(t, a.Lines("cut attempts that did not end in time; Restate retries them"))

	b := startWorker(t, w, name, again(a))
	defer b.RequireStop()
	require.Equal(t, "computed", testkit.Decode[string](t, testkit.Attach(t, id)))
	require.Equal(t, "computed", testkit.Decode[string](t, testkit.Attach(t, later)))
}

func TestStopSuspendsAttemptsThatWait(t *testing.T) {
	t.Parallel()
	w, name := newWorker(), testkit.Unique("worker")
	const drain = testkit.Within / 2
	a := startWorker(t, w, name, func(c *fxrestate.Config) { c.Endpoint.DrainTimeout = drain })
	id := testkit.Submit(t, testkit.Path(name, "Wait"), nil)
	testkit.Receive(t, w.began, "the handler")
	began := time.Now()
	a.RequireStop()
	require.Less(t, time.Since(began), drain, "the drain timeout was not needed")
	require.Empty(t, a.Lines("cut attempts that did not end in time; Restate retries them"))
	testkit.AwaitStatus(t, id, "suspended")

	b := startWorker(t, w, name, again(a))
	defer b.RequireStop()
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "Wake"), id).Status)
	require.Equal(t, "woken", testkit.Decode[string](t, testkit.Attach(t, id)))
}

func TestStopCutsAttemptsAtTheDrainTimeoutWhichRestateRetries(t *testing.T) {
	t.Parallel()
	w, name := newWorker(), testkit.Unique("worker")
	a := startWorker(t, w, name, func(c *fxrestate.Config) { c.Endpoint.DrainTimeout = 100 * time.Millisecond })
	id := testkit.Submit(t, testkit.Path(name, "Stubborn"), nil)
	testkit.Receive(t, w.began, "the handler")
	a.RequireStop()
	cut := a.Lines("cut attempts that did not end in time; Restate retries them")
	require.Len(t, cut, 1)
	require.EqualValues(t, 1, cut[0].ContextMap()["attempts"])

	b := startWorker(t, w, name, again(a))
	defer b.RequireStop()
	require.Equal(t, "done at last", testkit.Decode[string](t, testkit.Attach(t, id)))
	require.EqualValues(t, 2, w.attempts.Load())
}

func TestEndpointThatDiesIsNotLive(t *testing.T) {
	t.Parallel()
	var srv *http.Server
	a := startWorker(t, newWorker(), testkit.Unique("worker"), func(c *fxrestate.Config) {
		c.Endpoint.Configure = func(s *http.Server) { srv = s }
	})
	require.NoError(t, a.Health.Live())
	require.NoError(t, srv.Close())
	testkit.Eventually(t, func() error {
		if a.Health.Live() == nil || a.Health.Ready() == nil {
			return errors.New("nobody noticed that the server has gone")
		}
		return nil
	})
	_ = a.Stop(t.Context())
}

package integration_test

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

// startWorker runs a Worker in an application that the test stops.
func startWorker(t *testing.T, w *Worker, name string, change func(*fxrestate.Config)) *app {
	t.Helper()
	cfg := config()
	change(&cfg)
	a := build(t, fx.Supply(cfg), fxrestate.Service[*Worker](made(w), fxrestate.Name(name), quickly()))
	a.RequireStart()
	return a
}

// again starts the application again, at the same address.
func (a *app) again(c *fxrestate.Config) { c.Endpoint.Addr = a.endpoint.Addr().String() }

func asIs(*fxrestate.Config) {}

// stopping stops the application in the background.
func (a *app) stopping(t *testing.T) <-chan error {
	t.Helper()
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), a.StopTimeout())
		defer cancel()
		stopped <- a.Stop(ctx)
	}()
	eventually(t, func() error {
		if err := a.health.Ready(); !errors.Is(err, fxrestate.ErrStopping) {
			return errors.New("it does not stop")
		}
		return nil
	})
	return stopped
}

// turnsAway returns nil if the endpoint refuses invocations since it stops.
func (a *app) turnsAway(service, handler string) error {
	req, err := http.NewRequest(http.MethodPost, a.url()+"/invoke/"+service+"/"+handler, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/vnd.restate.invocation.v5")
	res, err := httpClient.Do(req)
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
	a := startWorker(t, newWorker(), unique("worker"), asIs)
	require.NoError(t, a.health.Ready())
	a.RequireStop()
	require.NoError(t, refused(a.url()))
	require.ErrorIs(t, a.health.Ready(), fxrestate.ErrStopping)
	probe := httptest.NewRecorder()
	a.health.ReadyHandler().ServeHTTP(probe, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusServiceUnavailable, probe.Code)
}

func TestStopLetsAttemptsInFlightFinish(t *testing.T) {
	t.Parallel()
	w, name := newWorker(), unique("worker")
	a := startWorker(t, w, name, asIs)
	id := submit(t, path(name, "Compute"), nil)
	receive(t, w.began, "the step")
	stopped := a.stopping(t)

	// For a second invocations are still let in. What comes now is turned away, to be
	// done later.
	eventually(t, func() error { return a.turnsAway(name, "Compute") })
	later := submit(t, path(name, "Compute"), nil)
	close(w.proceed)
	require.NoError(t, receive(t, stopped, "the stop"))
	require.EqualValues(t, 1, w.attempts.Load(), "the attempt in flight was the only one")
	require.Empty(t, a.lines("cut attempts that did not end in time; Restate retries them"))

	b := startWorker(t, w, name, a.again)
	defer b.RequireStop()
	require.Equal(t, "computed", decode[string](t, attach(t, id)))
	require.Equal(t, "computed", decode[string](t, attach(t, later)))
}

func TestStopSuspendsAttemptsThatWait(t *testing.T) {
	t.Parallel()
	w, name := newWorker(), unique("worker")
	a := startWorker(t, w, name, asIs)
	id := submit(t, path(name, "Wait"), nil)
	receive(t, w.began, "the handler")
	began := time.Now()
	a.RequireStop()
	require.Less(t, time.Since(began), 8*time.Second, "the drain timeout was not needed")
	require.Empty(t, a.lines("cut attempts that did not end in time; Restate retries them"))
	awaitStatus(t, id, "suspended")

	b := startWorker(t, w, name, a.again)
	defer b.RequireStop()
	require.Equal(t, http.StatusOK, call(t, path(name, "Wake"), id).status)
	require.Equal(t, "woken", decode[string](t, attach(t, id)))
}

func TestStopCutsAttemptsAtTheDrainTimeoutWhichRestateRetries(t *testing.T) {
	t.Parallel()
	w, name := newWorker(), unique("worker")
	a := startWorker(t, w, name, func(c *fxrestate.Config) { c.Endpoint.DrainTimeout = 100 * time.Millisecond })
	id := submit(t, path(name, "Stubborn"), nil)
	receive(t, w.began, "the handler")
	a.RequireStop()
	cut := a.lines("cut attempts that did not end in time; Restate retries them")
	require.Len(t, cut, 1)
	require.EqualValues(t, 1, cut[0].ContextMap()["attempts"])

	b := startWorker(t, w, name, a.again)
	defer b.RequireStop()
	require.Equal(t, "done at last", decode[string](t, attach(t, id)))
	require.EqualValues(t, 2, w.attempts.Load())
}

func TestEndpointThatDiesIsNotLive(t *testing.T) {
	t.Parallel()
	var srv *http.Server
	a := startWorker(t, newWorker(), unique("worker"), func(c *fxrestate.Config) {
		c.Endpoint.Configure = func(s *http.Server) { srv = s }
	})
	require.NoError(t, a.health.Live())
	require.NoError(t, srv.Close())
	eventually(t, func() error {
		if a.health.Live() == nil || a.health.Ready() == nil {
			return errors.New("nobody noticed that the server has gone")
		}
		return nil
	})
	_ = a.Stop(t.Context())
}

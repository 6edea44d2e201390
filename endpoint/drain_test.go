package endpoint_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

// patient has a stop wait for what is in flight as long as a test may take. One that
// waits for what it should suspend takes half of that, so that it is noticed.
var patient = endpoint.Config{DrainTimeout: testkit.Within}

// quickRetry is for tests that want to see a retry, however long the endpoint is down.
var quickRetry = restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(100*time.Millisecond),
	restate.WithMaxRetryInterval(200*time.Millisecond), restate.WithMaxRetryAttempts(10_000))

// How long it takes without a network is in TestAStopTakesTheTimeThatItNeeds.
func TestStopWithNothingInFlightWaitsForNothing(t *testing.T) {
	t.Parallel()
	e, _ := start(t, patient, define(t, name(t), &Waiter{}))
	register(t, url(e))
	require.Equal(t, "pong", callString(t, "/"+name(t)+"/Ping", nil)) // there is a connection now

	require.Less(t, stop(t, e), testkit.Within/2)
}

// Waiter has a handler for each thing that an attempt can wait for. Each does a
// step first.
type Waiter struct {
	self    string
	steps   atomic.Int32
	waiting sync.WaitGroup // for the first attempts to wait
	seen    sync.Map       // ids of invocations
	ids     sync.Map       // of awakeables, by invocation
}

// nap is long enough for a test to stop an endpoint, or to call it, in the meantime.
const nap = 12 * time.Second

func (w *Waiter) Ping(restate.Context) string { return "pong" }

func (w *Waiter) begin(ctx restate.Context) error {
	_, err := restate.Run(ctx, func(restate.RunContext) (int32, error) { return w.steps.Add(1), nil })
	if err != nil {
		return err
	}
	if _, again := w.seen.LoadOrStore(ctx.Request().ID, true); !again {
		w.waiting.Done()
	}
	return nil
}

func (w *Waiter) Sleep(ctx restate.Context) (string, error) {
	if err := w.begin(ctx); err != nil {
		return "", err
	}
	if err := restate.Sleep(ctx, nap); err != nil {
		return "", err
	}
	return "Sleep", nil
}

func (w *Waiter) First(ctx restate.Context) (string, error) {
	if err := w.begin(ctx); err != nil {
		return "", err
	}
	never := restate.Awakeable[string](ctx)
	timeout := restate.After(ctx, nap)
	first, err := restate.WaitFirst(ctx, never, timeout)
	if err != nil {
		return "", err
	}
	if first != timeout {
		return "", restate.TerminalErrorf("%T came first", first)
	}
	return "First", nil
}

func (w *Waiter) All(ctx restate.Context) (string, error) {
	if err := w.begin(ctx); err != nil {
		return "", err
	}
	run := restate.RunAsync(ctx, func(restate.RunContext) (string, error) { return "All", nil })
	for _, err := range restate.Wait(ctx, run, restate.After(ctx, nap)) {
		if err != nil {
			return "", err
		}
	}
	return run.Result()
}

func (w *Waiter) Awakeable(ctx restate.Context) (string, error) {
	if err := w.begin(ctx); err != nil {
		return "", err
	}
	a := restate.Awakeable[string](ctx)
	w.ids.Store(ctx.Request().ID, a.Id())
	return a.Result()
}

func (w *Waiter) Call(ctx restate.Context) (string, error) {
	if err := w.begin(ctx); err != nil {
		return "", err
	}
	out, err := restate.Service[string](ctx, w.self, "Sleep").Request(restate.Void{})
	return "Call of " + out, err
}

func TestStopSuspendsWhatWaits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		useHTTP string
		cfg     endpoint.Config
		admit   time.Duration
	}{
		{"over HTTP/2", "HTTP/2.0", patient, time.Second},
		{"over HTTP/1.1", "HTTP/1.1", patient, time.Second},
		// Half of it is left when the attempts have not waited long enough for a suspension.
		{"with a short drain timeout", "HTTP/2.0", endpoint.Config{DrainTimeout: 6 * time.Second, SuspendAfter: time.Hour}, time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			handlers := []string{"Sleep", "First", "All", "Awakeable", "Call"}
			w := &Waiter{self: name(t)}
			w.waiting.Add(len(handlers) + 1) // Call calls Sleep
			tt.cfg.Addr = testkit.StableAddr(t)
			e, lines := start(t, tt.cfg, define(t, name(t), w))
			endpoint.AdmitWhileStopping(e, tt.admit)
			deployment := registerAs(t, admin.RegisterDeploymentRequest{URI: url(e), UseHTTP11: tt.useHTTP == "HTTP/1.1"})
			require.Equal(t, tt.useHTTP, deployment.HTTPVersion)

			ids := map[string]string{}
			for _, h := range handlers {
				ids[h] = testkit.Submit(t, "/"+name(t)+"/"+h, nil)
			}
			w.waiting.Wait()
			// Until the server has acknowledged it, All waits for its step too, and would be
			// resumed and suspended once more.
			testkit.Until(t, func() bool {
				journal := testkit.Journal(t, ids["All"])
				return strings.Count(strings.Join(journal, "\n"), "Notification: Run") == 2
			}, "the second step of All is not acknowledged")
			require.Less(t, stop(t, e), nap, "it waits for what waits")
			for h, id := range ids {
				testkit.Until(t, func() bool { return look(t, id).Status == "suspended" }, "%s: %s", h, look(t, id))
				after := look(t, id)
				require.Nil(t, after.RetryCount, "%s: %s", h, after)
				require.Nil(t, after.LastFailure, "%s: %s", h, after)
				require.NotContains(t, testkit.Server().LogTail(), id, h)
			}
			require.Len(t, messages(lines, "Suspending invocation"), len(handlers)+1)
			requireNothingAbove(t, lines, "info")

			_, lines = start(t, tt.cfg, define(t, name(t), w))
			awakeable, ok := w.ids.Load(ids["Awakeable"])
			require.True(t, ok)
			a, err := testkit.PostJSON(testkit.Context(t), testkit.Server().IngressURL()+"/restate/awakeables/"+awakeable.(string)+"/resolve", "Awakeable")
			require.NoError(t, err)
			require.Equal(t, http.StatusAccepted, a.Status, a.Text())
			for h, id := range ids {
				want := h
				if h == "Call" {
					want = "Call of Sleep"
				}
				require.Equal(t, want, testkit.Decode[string](t, testkit.Attach(t, id)), h)
			}
			require.EqualValues(t, len(handlers)+1, w.steps.Load(), "a step was done again, or never")
			requireNothingAbove(t, lines, "info")
		})
	}
}

// messages returns the lines with a message.
func messages(lines *observer.ObservedLogs, message string) []observer.LoggedEntry {
	return lines.FilterMessage(message).All()
}

// requireNothingAbove looks for lines of a higher level, but for the SDK's word
// about keys.
func requireNothingAbove(t testing.TB, lines *observer.ObservedLogs, level string) {
	t.Helper()
	for _, l := range lines.All() {
		if l.Level.String() != level && l.Level > 0 && l.Message != "anybody who reaches the endpoint can call its handlers; let only Restate reach it, or set IdentityKeys" {
			require.Fail(t, "unexpected line", "%s: %s %v", l.Level, l.Message, l.ContextMap())
		}
	}
}

// Signup is a workflow that waits for its promise.
type Signup struct{ waiting chan struct{} }

func (s *Signup) Run(ctx restate.WorkflowContext) (string, error) {
	select {
	case s.waiting <- struct{}{}:
	default:
	}
	return restate.Promise[string](ctx, "confirmed").Result()
}

func (s *Signup) Confirm(ctx restate.WorkflowSharedContext, by string) error {
	return restate.Promise[string](ctx, "confirmed").Resolve(by)
}

func TestStopSuspendsAWorkflowThatWaitsForItsPromise(t *testing.T) {
	t.Parallel()
	s := &Signup{make(chan struct{}, 1)}
	addr := testkit.StableAddr(t)
	e, _ := start(t, endpoint.Config{Addr: addr, DrainTimeout: testkit.Within}, define(t, name(t), s))
	register(t, url(e))
	id := testkit.Submit(t, "/"+name(t)+"/me/Run", nil)
	testkit.Receive(t, s.waiting)
	require.Less(t, stop(t, e), testkit.Within/2, "it waits for what waits")
	testkit.Until(t, func() bool { return look(t, id).Status == "suspended" }, "%s", look(t, id))
	require.Nil(t, look(t, id).LastFailure)

	start(t, endpoint.Config{Addr: addr}, define(t, name(t), s))
	require.Equal(t, http.StatusOK, testkit.Post(t, "/"+name(t)+"/me/Confirm", "you").Status)
	require.Equal(t, "you", testkit.Decode[string](t, testkit.Attach(t, id)))
}

// Worker has steps that the test holds.
type Worker struct {
	begun   chan struct{}
	release chan struct{}
	steps   atomic.Int32
}

func newWorker() *Worker {
	return &Worker{begun: make(chan struct{}, 1000), release: make(chan struct{})}
}

// Step holds in a closure of Run.
func (w *Worker) Step(ctx restate.Context) (int32, error) {
	return restate.Run(ctx, func(restate.RunContext) (int32, error) {
		w.begun <- struct{}{}
		<-w.release
		return w.steps.Add(1), nil
	})
}

// Compute holds in the handler itself, and looks at nothing.
func (w *Worker) Compute(restate.Context) (int32, error) {
	w.begun <- struct{}{}
	<-w.release
	return w.steps.Add(1), nil
}

// Polite ends with its context.
func (w *Worker) Polite(ctx restate.Context) (int32, error) {
	w.begun <- struct{}{}
	select {
	case <-w.release:
		return w.steps.Add(1), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (w *Worker) Sleep(ctx restate.Context) error {
	w.begun <- struct{}{}
	return restate.Sleep(ctx, time.Hour)
}

// stopping begins to stop an endpoint and returns, once it refuses invocations,
// what the stop will return.
func stopping(t testing.TB, e *endpoint.Endpoint, ctx context.Context) <-chan error {
	t.Helper()
	stopped := make(chan error, 1)
	go func() { stopped <- e.Stop(ctx) }()
	// Not by an invocation: one that is let in at the last moment is an attempt.
	testkit.Until(t, func() bool { return endpoint.Refuses(e) }, "the endpoint does not refuse invocations")
	return stopped
}

// invokeEmpty posts an invocation without a body to the endpoint itself.
func invokeEmpty(t testing.TB, e *endpoint.Endpoint, handler string) testkit.Answer {
	t.Helper()
	return invoke(t, e, handler, nil)
}

// invoke posts the body of an attempt to the endpoint itself.
func invoke(t testing.TB, e *endpoint.Endpoint, handler string, body []byte) testkit.Answer {
	t.Helper()
	a, err := testkit.Do(invocationRequest(testkit.Context(t), e, handler, body))
	require.NoError(t, err)
	return a
}

// invokeUntil is invoke until ctx ends, from other goroutines than the test's.
func invokeUntil(ctx context.Context, e *endpoint.Endpoint, handler string, body []byte) error {
	_, err := testkit.Do(invocationRequest(ctx, e, handler, body))
	return err
}

func invocationRequest(ctx context.Context, e *endpoint.Endpoint, handler string, body []byte) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url(e)+"/invoke/"+e.Services()[0]+"/"+handler, bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Content-Type", "application/vnd.restate.invocation.v5")
	return req
}

func cancelled(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithCancel(testkit.Context(t))
}

func deploymentOf(e *endpoint.Endpoint, useHTTP11 bool) admin.RegisterDeploymentRequest {
	return admin.RegisterDeploymentRequest{URI: url(e), UseHTTP11: useHTTP11}
}

func TestStopWaitsForAStep(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		req  admin.RegisterDeploymentRequest
		cfg  endpoint.Config
	}{
		{"over HTTP/2", admin.RegisterDeploymentRequest{}, endpoint.Config{}},
		{"over HTTP/1.1", admin.RegisterDeploymentRequest{UseHTTP11: true}, endpoint.Config{}},
		{"in request-response mode", admin.RegisterDeploymentRequest{}, endpoint.Config{RequestResponse: true}},
		{"in request-response mode over HTTP/1.1", admin.RegisterDeploymentRequest{UseHTTP11: true}, endpoint.Config{RequestResponse: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorker()
			tt.cfg.Addr = testkit.StableAddr(t)
			e, lines := start(t, tt.cfg, define(t, name(t), w, quickRetry))
			tt.req.URI = url(e)
			registerAs(t, tt.req)
			ids := []string{testkit.Submit(t, "/"+name(t)+"/Step", nil), testkit.Submit(t, "/"+name(t)+"/Compute", nil)}
			testkit.Receive(t, w.begun)
			testkit.Receive(t, w.begun)

			stopped := stopping(t, e, testkit.Context(t))
			time.Sleep(500 * time.Millisecond) // what the step takes
			select {
			case err := <-stopped:
				require.Fail(t, "the stop did not wait", "%v", err)
			default:
			}
			close(w.release)
			require.NoError(t, testkit.Receive(t, stopped))
			require.Zero(t, e.InFlight())
			require.EqualValues(t, 2, w.steps.Load())
			requireNothingAbove(t, lines, "info")

			start(t, tt.cfg, define(t, name(t), w, quickRetry))
			for _, id := range ids {
				require.NotZero(t, testkit.Decode[int](t, testkit.Attach(t, id)))
			}
			require.EqualValues(t, 2, w.steps.Load(), "a step was done again")
		})
	}
}

// A step that ends when its attempt was told to suspend is proposed to the server
// before the attempt ends, although its acknowledgement can no longer come.
func TestStopLosesNoStepThatEndsAfterTheSuspension(t *testing.T) {
	t.Parallel()
	for _, http11 := range []bool{false, true} {
		t.Run(map[bool]string{false: "over HTTP/2", true: "over HTTP/1.1"}[http11], func(t *testing.T) {
			t.Parallel()
			w := newWorker()
			addr := testkit.StableAddr(t)
			e, lines := start(t, endpoint.Config{Addr: addr}, define(t, name(t), w, quickRetry))
			registerAs(t, admin.RegisterDeploymentRequest{URI: url(e), UseHTTP11: http11})
			testkit.Submit(t, "/"+name(t)+"/Sleep", nil)
			testkit.Receive(t, w.begun)
			id := testkit.Submit(t, "/"+name(t)+"/Step", nil)
			testkit.Receive(t, w.begun)

			stopped := stopping(t, e, testkit.Context(t))
			testkit.Until(t, func() bool { return len(messages(lines, "Suspending invocation")) == 1 }, "the sleeper does not suspend")
			close(w.release)
			require.NoError(t, testkit.Receive(t, stopped))
			requireNothingAbove(t, lines, "info")

			start(t, endpoint.Config{Addr: addr}, define(t, name(t), w, quickRetry))
			require.Equal(t, 1, testkit.Decode[int](t, testkit.Attach(t, id)))
			require.EqualValues(t, 1, w.steps.Load(), "the step was done again")
		})
	}
}

func TestStopCutsWhatDoesNotEndInTime(t *testing.T) {
	t.Parallel()
	const cutLine = "cut attempts that did not end in time; Restate retries them"

	t.Run("a handler that ends with its context lets the stop succeed", func(t *testing.T) {
		t.Parallel()
		w := newWorker()
		addr := testkit.StableAddr(t)
		e, lines := start(t, endpoint.Config{Addr: addr, DrainTimeout: 200 * time.Millisecond}, define(t, name(t), w, quickRetry))
		register(t, url(e))
		id := testkit.Submit(t, "/"+name(t)+"/Polite", nil)
		testkit.Receive(t, w.begun)
		stop(t, e)
		require.Len(t, messages(lines, cutLine), 1)
		require.EqualValues(t, 1, messages(lines, cutLine)[0].ContextMap()["attempts"])
		require.Equal(t, name(t)+"/Polite", messages(lines, cutLine)[0].ContextMap()["handlers"])

		start(t, endpoint.Config{Addr: addr}, define(t, name(t), w, quickRetry))
		close(w.release)
		require.Equal(t, 1, testkit.Decode[int](t, testkit.Attach(t, id)))
	})

	// How much time it leaves is in TestAStopTakesTheTimeThatItNeeds.
	t.Run("the end of the context of a stop leaves time for it", func(t *testing.T) {
		t.Parallel()
		w := newWorker()
		e, lines := start(t, endpoint.Config{DrainTimeout: time.Hour}, define(t, name(t), w, quickRetry))
		register(t, url(e))
		id := testkit.Submit(t, "/"+name(t)+"/Polite", nil)
		testkit.Receive(t, w.begun)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		require.NoError(t, e.Stop(ctx))
		require.Len(t, messages(lines, cutLine), 1)
		require.NoError(t, testkit.Admin().KillInvocation(testkit.Context(t), id))
	})

	t.Run("a handler that ignores its context fails the stop and is retried", func(t *testing.T) {
		t.Parallel()
		w := newWorker()
		addr := testkit.StableAddr(t)
		e, lines := newEndpoint(t, endpoint.Config{Addr: addr, DrainTimeout: 200 * time.Millisecond}, define(t, name(t), w, quickRetry))
		require.NoError(t, e.Start(testkit.Context(t)))
		register(t, url(e))
		id := testkit.Submit(t, "/"+name(t)+"/Compute", nil)
		testkit.Receive(t, w.begun)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := e.Stop(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "endpoint: stop: 1 attempts do not return")
		require.ErrorContains(t, err, name(t)+"/Compute")
		named := messages(lines, "handlers do not return; they must end when their context does")
		require.Len(t, named, 1)
		require.Equal(t, name(t)+"/Compute", named[0].ContextMap()["handlers"])
		require.Equal(t, 1, e.InFlight())
		require.Len(t, messages(lines, cutLine), 1)

		other := newWorker()
		close(other.release)
		start(t, endpoint.Config{Addr: addr}, define(t, name(t), other, quickRetry))
		require.Equal(t, 1, testkit.Decode[int](t, testkit.Attach(t, id)), "it was not retried")

		close(w.release)
		require.NoError(t, e.Stop(testkit.Context(t)), "a second stop waits for it too")
		require.Zero(t, e.InFlight())
	})
}

func TestInvocationsDuringTheDrainAreRefusedAndComplete(t *testing.T) {
	t.Parallel()
	w := newWorker()
	addr := testkit.StableAddr(t)
	var refused atomic.Int32
	// Attempts count while nobody listens, between the stop and the next start.
	policy := restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(5*time.Second),
		restate.WithMaxRetryAttempts(3), restate.KillOnMaxAttempts())
	e, _ := start(t, endpoint.Config{Addr: addr, DrainTimeout: testkit.Within, Configure: func(s *http.Server) {
		s.Handler = countStatus(s.Handler, http.StatusServiceUnavailable, &refused)
	}}, define(t, name(t), w, policy))
	register(t, url(e))
	testkit.Submit(t, "/"+name(t)+"/Compute", nil)
	testkit.Receive(t, w.begun)
	stopped := stopping(t, e, testkit.Context(t))
	a := invokeEmpty(t, e, "Step")
	require.Equal(t, http.StatusServiceUnavailable, a.Status)
	require.Equal(t, "1", a.Header.Get("Retry-After"))
	require.Equal(t, "endpoint: stopping\n", a.Text())

	before := refused.Load()
	id := testkit.Submit(t, "/"+name(t)+"/Step", nil)
	// More refusals than the policy has attempts.
	testkit.Until(t, func() bool { return refused.Load() >= before+5 }, "the server does not come back")
	close(w.release)
	require.NoError(t, testkit.Receive(t, stopped))

	start(t, endpoint.Config{Addr: addr}, define(t, name(t), w, policy))
	require.Equal(t, 2, testkit.Decode[int](t, testkit.Attach(t, id)))
}

func TestStopsMayBeManyAndAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorker()
	e, _ := start(t, endpoint.Config{}, define(t, name(t), w))
	register(t, url(e))
	testkit.Submit(t, "/"+name(t)+"/Compute", nil)
	testkit.Receive(t, w.begun)
	var stops []<-chan error
	for range 3 {
		stops = append(stops, stopping(t, e, testkit.Context(t)))
	}
	close(w.release)
	for _, stopped := range stops {
		require.NoError(t, testkit.Receive(t, stopped))
	}
	require.NoError(t, e.Stop(testkit.Context(t)))
}

func TestStopWithoutTimeLeftStopsAllTheSame(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // the end of ctx and that of the drain are there at once
		e, _ := newEndpoint(t, endpoint.Config{Addr: "127.0.0.1:0"})
		require.NoError(t, e.Start(testkit.Context(t)))
		require.NoError(t, e.Stop(ctx))
	}
}

func TestDrainReportsWhatItCut(t *testing.T) {
	t.Parallel()
	w := newWorker()
	e, _ := start(t, endpoint.Config{DrainTimeout: -1}, define(t, name(t), w))
	register(t, url(e))
	id := testkit.Submit(t, "/"+name(t)+"/Polite", nil)
	testkit.Receive(t, w.begun)
	require.Equal(t, 1, e.Drain(testkit.Context(t)))
	require.NoError(t, e.Stop(testkit.Context(t)))
	require.NoError(t, testkit.Admin().KillInvocation(testkit.Context(t), id))
}

// countStatus counts responses with a status.
func countStatus(h http.Handler, status int, n *atomic.Int32) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(&statusCounter{w, status, n}, r)
	})
}

type statusCounter struct {
	http.ResponseWriter
	status int
	n      *atomic.Int32
}

func (c *statusCounter) WriteHeader(status int) {
	if status == c.status {
		c.n.Add(1)
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *statusCounter) Flush()                      { _ = http.NewResponseController(c.ResponseWriter).Flush() }
func (c *statusCounter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

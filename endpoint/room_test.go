package endpoint_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

// serveIn starts an endpoint that waits for places and for journals as long as is said.
func serveIn(t testing.TB, hold, arrive time.Duration, cfg endpoint.Config, definitions ...restate.ServiceDefinition) *endpoint.Endpoint {
	t.Helper()
	cfg.Addr = "127.0.0.1:0"
	e, _ := newEndpoint(t, cfg, definitions...)
	endpoint.Hurry(e, hold, arrive)
	require.NoError(t, e.Start(testkit.Context(t)))
	t.Cleanup(func() { stop(t, e) })
	return e
}

func TestAttemptsThatOnlyWaitMakeRoom(t *testing.T) {
	t.Parallel()
	for _, useHTTP11 := range []bool{false, true} {
		for _, h := range []string{"Sleep", "First", "All", "Awakeable", "Call"} {
			t.Run(fmt.Sprintf("%s over HTTP/1.1 %v", h, useHTTP11), func(t *testing.T) {
				t.Parallel()
				w := &Waiter{self: name(t)}
				w.waiting.Add(2) // Call calls Sleep
				e, lines := start(t, endpoint.Config{MaxInFlight: 1}, define(t, name(t), w))
				deployment := registerAs(t, deploymentOf(e, useHTTP11))
				require.Equal(t, useHTTP11, deployment.HTTPVersion == "HTTP/1.1")
				id := testkit.Submit(t, "/"+name(t)+"/"+h, nil)
				testkit.Until(t, func() bool { return w.steps.Load() > 0 }, "it does not begin")

				for range 3 {
					require.Equal(t, "pong", callString(t, "/"+name(t)+"/Ping", nil))
				}
				require.NotEqual(t, "completed", look(t, id).Status, "what waits keeps others from running")
				if h == "Awakeable" {
					testkit.Until(t, func() bool { _, ok := w.ids.Load(id); return ok }, "no awakeable")
					awakeable, _ := w.ids.Load(id)
					_, err := testkit.PostJSON(testkit.Context(t), testkit.Server().IngressURL()+"/restate/awakeables/"+awakeable.(string)+"/resolve", h)
					require.NoError(t, err)
				}
				want := h
				if h == "Call" {
					want = "Call of Sleep"
				}
				require.Equal(t, want, testkit.Decode[string](t, testkit.Attach(t, id)))
				require.NotContains(t, testkit.Server().LogTail(), id, "it was retried")
				requireNothingAbove(t, lines, "info")
			})
		}
	}
}

func TestAStepKeepsItsPlace(t *testing.T) {
	t.Parallel()
	w := newWorker()
	e, lines := start(t, endpoint.Config{MaxInFlight: 1}, define(t, name(t), w))
	register(t, url(e))
	first, second := testkit.Submit(t, "/"+name(t)+"/Step", nil), testkit.Submit(t, "/"+name(t)+"/Step", nil)
	testkit.Receive(t, w.begun)
	time.Sleep(10 * endpoint.DefaultSuspendAfter)
	require.Empty(t, w.begun, "another attempt was let in")
	require.Equal(t, 1, e.InFlight())
	// Only until here: once the step is done its attempt does wait, for the
	// server's acknowledgement, and may be suspended on a busy machine.
	require.Empty(t, messages(lines, "Suspending invocation"), "what works was taken for what waits")
	close(w.release)
	for _, id := range []string{first, second} {
		require.NotZero(t, testkit.Decode[int](t, testkit.Attach(t, id)))
	}
	require.EqualValues(t, 2, w.steps.Load())
}

func TestAttemptsGetTheirPlacesInTheOrderOfArrival(t *testing.T) {
	t.Parallel()
	w := newWorker()
	e := serveIn(t, time.Minute, time.Minute, endpoint.Config{MaxInFlight: 1}, define(t, name(t), w))
	invokeLater := func(id int) <-chan testkit.Answer {
		done := make(chan testkit.Answer, 1)
		go func() { done <- invoke(t, e, "Compute", invocationOf(fmt.Sprintf("%024d", id), "")) }()
		return done
	}
	first := invokeLater(0)
	testkit.Receive(t, w.begun)
	var rest []<-chan testkit.Answer
	for i := range 5 {
		rest = append(rest, invokeLater(i+1))
		testkit.Until(t, func() bool { return endpoint.Held(e) == i+1 }, "it is not held")
	}
	w.release <- struct{}{}
	testkit.Receive(t, first)
	for _, done := range rest {
		testkit.Receive(t, w.begun)
		w.release <- struct{}{}
		require.Equal(t, http.StatusOK, testkit.Receive(t, done).Status, "another one went before it")
	}
}

// A caller that waits for a place and goes away leaves nothing behind.
func TestAttemptsThatGoAwayGiveUpTheirPlaces(t *testing.T) {
	t.Parallel()
	w := newWorker()
	e := serveIn(t, time.Minute, time.Minute, endpoint.Config{MaxInFlight: 1}, define(t, name(t), w))
	done := make(chan testkit.Answer, 1)
	go func() { done <- invoke(t, e, "Compute", invocationOf(fmt.Sprintf("%024d", 1), "")) }()
	testkit.Receive(t, w.begun)
	ctx, cancel := cancelled(t)
	gone := make(chan error, 1)
	go func() { gone <- invokeUntil(ctx, e, "Compute", invocationOf(fmt.Sprintf("%024d", 2), "")) }()
	testkit.Until(t, func() bool { return endpoint.Held(e) == 1 }, "it is not held")
	cancel()
	require.Error(t, testkit.Receive(t, gone))
	testkit.Until(t, func() bool { return endpoint.Held(e) == 0 }, "it is still held")
	close(w.release)
	require.Equal(t, http.StatusOK, testkit.Receive(t, done).Status)
	require.Empty(t, w.begun)
}

// Nest has handlers that call each other down to a depth.
type Nest struct {
	self string
	done atomic.Int32
}

func (n *Nest) Down(ctx restate.Context, depth int) (int, error) {
	if depth == 0 {
		return restate.Run(ctx, func(restate.RunContext) (int, error) {
			time.Sleep(20 * time.Millisecond)
			return int(n.done.Add(1)), nil
		})
	}
	return restate.Service[int](ctx, n.self, "Down").Request(depth - 1)
}

func TestCallsWithinAnEndpointAreNotStarvedByTheirCallers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ limit, callers, depth int }{{1, 5, 3}, {3, 30, 1}, {10, 100, 2}} {
		t.Run(fmt.Sprintf("%d places for %d callers of depth %d", tt.limit, tt.callers, tt.depth), func(t *testing.T) {
			t.Parallel()
			n := &Nest{self: name(t)}
			e, _ := start(t, endpoint.Config{MaxInFlight: tt.limit}, define(t, name(t), n))
			register(t, url(e))
			var all sync.WaitGroup
			var statuses sync.Map
			for range tt.callers {
				all.Go(func() {
					a, err := testkit.PostJSON(testkit.Context(t), testkit.Server().IngressURL()+"/"+name(t)+"/Down", tt.depth)
					statuses.Store(fmt.Sprint(a.Status, err), a.Text())
				})
			}
			all.Wait()
			statuses.Range(func(k, v any) bool {
				require.Equal(t, "200 <nil>", k, v)
				return true
			})
			require.EqualValues(t, tt.callers, n.done.Load(), "a step was done again")
		})
	}
}

// Echoes returns its input's length.
type Echoes struct{}

func (Echoes) Length(_ restate.Context, in string) int { return len(in) }

func TestBytesInFlightAreBounded(t *testing.T) {
	t.Parallel()
	e, _ := start(t, endpoint.Config{MaxInFlightBytes: 1 << 20}, define(t, name(t), Echoes{}))
	register(t, url(e))
	const size = 700 << 10 // two of them are too much
	var all sync.WaitGroup
	var statuses sync.Map
	for range 8 {
		all.Go(func() {
			a, err := testkit.PostJSON(testkit.Context(t), testkit.Server().IngressURL()+"/"+name(t)+"/Length", strings.Repeat("x", size))
			statuses.Store(fmt.Sprint(a.Status, " ", a.Text(), err), true)
		})
	}
	all.Wait()
	statuses.Range(func(k, _ any) bool {
		require.Equal(t, fmt.Sprintf("200 %d<nil>", size), k)
		return true
	})
	// The results are there before the attempts have left.
	testkit.Until(t, func() bool { return endpoint.Bytes(e) == 0 }, "bytes stay in flight")
}

func TestOneAttemptMayExceedTheBytesInFlightByAsMuchAgain(t *testing.T) {
	t.Parallel()
	e, _ := start(t, endpoint.Config{MaxInFlightBytes: 1 << 20}, define(t, name(t), Echoes{}))
	for _, tt := range []struct {
		name string
		size int
		want int
	}{
		{"within the bound", 900 << 10, http.StatusOK},
		{"within twice the bound", 1900 << 10, http.StatusOK},
		{"beyond twice the bound", 2100 << 10, http.StatusRequestEntityTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := invoke(t, e, "Length", invocationOf(fmt.Sprintf("%024d", 1), `"`+strings.Repeat("x", tt.size)+`"`))
			require.Equal(t, tt.want, a.Status, a.Text()[:min(len(a.Text()), 200)])
		})
	}
	require.Zero(t, endpoint.Bytes(e))
}

// Holds keeps its input until the test lets it go.
type Holds struct{ begun, release chan struct{} }

func (h *Holds) Length(_ restate.Context, in string) int {
	h.begun <- struct{}{}
	<-h.release
	return len(in)
}

func TestBytesBeyondTheBoundAreToComeBackLater(t *testing.T) {
	t.Parallel()
	h := &Holds{make(chan struct{}, 10), make(chan struct{})}
	e, _ := start(t, endpoint.Config{MaxInFlightBytes: 1 << 20}, define(t, name(t), h))
	body := func(id int) []byte {
		return invocationOf(fmt.Sprintf("%024d", id), `"`+strings.Repeat("x", 700<<10)+`"`)
	}
	held := make(chan error, 2)
	for id := range 2 { // the second may exceed the bound
		go func() { held <- invokeUntil(testkit.Context(t), e, "Length", body(id)) }()
		testkit.Receive(t, h.begun)
	}
	a := invoke(t, e, "Length", body(2))
	require.Equal(t, http.StatusServiceUnavailable, a.Status)
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	require.Equal(t, "endpoint: as many bytes as MaxInFlightBytes allows are in flight\n", a.Text())
	require.Empty(t, h.begun)
	close(h.release)
	require.NoError(t, testkit.Receive(t, held))
	require.NoError(t, testkit.Receive(t, held))
	require.Equal(t, http.StatusOK, invoke(t, e, "Length", body(3)).Status)
}

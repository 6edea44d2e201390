package endpoint_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/internal/testkit"
)

func TestAnEndpointTellsWhatItRefusedAndThatItHasDrained(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []event.Event
	events := func() []event.Event {
		mu.Lock()
		defer mu.Unlock()
		return append([]event.Event(nil), told...)
	}
	handler, lines := logs()
	w := newWorker()
	e, err := endpoint.New(
		endpoint.Config{Addr: "127.0.0.1:0", MaxInFlight: 1, MaxMessageBytes: 1000, DrainTimeout: -1},
		event.Observe(handler, func(e event.Event) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, e)
		}), define(t, name(t), w))
	require.NoError(t, err)
	require.Equal(t, []string{name(t) + "/Compute", name(t) + "/Polite", name(t) + "/Sleep", name(t) + "/Step"}, e.Handlers())
	endpoint.Hurry(e, 10*time.Millisecond, testkit.Within)
	require.NoError(t, e.Start(testkit.Context(t)))

	var running sync.WaitGroup
	ctx := testkit.Context(t)
	running.Go(func() { _ = invokeUntil(ctx, e, "Polite", invocationOf(fmt.Sprintf("%024d", 1), "")) })
	testkit.Receive(t, w.begun)
	require.Equal(t, http.StatusServiceUnavailable, invoke(t, e, "Polite", invocationOf(fmt.Sprintf("%024d", 2), "")).Status)
	require.Equal(t, []event.Event{
		event.Refused{Cause: event.Overloaded, Requests: 1, Reason: "endpoint: as many attempts as MaxInFlight allows are in flight"},
	}, events())
	require.Len(t, messages(lines, "refused attempts for which there was no room; Restate sends them again"), 1)
	large := make([]byte, 2000)
	require.Equal(t, http.StatusRequestEntityTooLarge, invoke(t, e, "Polite", invocationOf(fmt.Sprintf("%024d", 3), string(large))).Status)
	require.Equal(t, event.TooLarge, events()[1].(event.Refused).Cause)

	stop(t, e)
	stop(t, e)
	running.Wait()
	require.Equal(t, []event.Event{
		event.Drained{Cut: 1, Handlers: name(t) + "/Polite", Timeout: -1},
	}, events()[2:], "it is told once")
}

package endpoint_test

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

func TestBeyondMaxInFlightAttemptsComeBackLater(t *testing.T) {
	t.Parallel()
	w := newWorker()
	var refused atomic.Int32
	policy := restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(50*time.Millisecond),
		restate.WithMaxRetryAttempts(3), restate.KillOnMaxAttempts())
	e := serveIn(t, 100*time.Millisecond, testkit.Within, endpoint.Config{MaxInFlight: 2, Configure: func(s *http.Server) {
		s.Handler = countStatus(s.Handler, http.StatusServiceUnavailable, &refused)
	}}, define(t, name(t), w, policy))
	register(t, url(e))
	require.Zero(t, e.InFlight())

	const invocations = 5
	var ids []string
	for range invocations {
		ids = append(ids, testkit.Submit(t, "/"+name(t)+"/Step", nil))
	}
	testkit.Receive(t, w.begun)
	testkit.Receive(t, w.begun)
	require.Equal(t, 2, e.InFlight())
	a := invoke(t, e, "Step", invocationOf(fmt.Sprintf("%024d", 1), ""))
	require.Equal(t, http.StatusServiceUnavailable, a.Status)
	after, err := strconv.Atoi(a.Header.Get("Retry-After"))
	require.NoError(t, err)
	require.True(t, 1 <= after && after <= 4, after)
	require.Equal(t, "endpoint: as many attempts as MaxInFlight allows are in flight\n", a.Text())
	status, _ := discover(t, e, discoveryV4)
	require.Equal(t, http.StatusOK, status, "discovery is no attempt")

	// More refusals of each than the policy has attempts.
	testkit.Until(t, func() bool { return refused.Load() > 4*(invocations-2) }, "the server does not come back")
	require.Equal(t, 2, e.InFlight())
	require.Empty(t, w.begun, "more attempts than MaxInFlight began")

	close(w.release)
	for _, id := range ids {
		require.NotZero(t, testkit.Decode[int](t, testkit.Attach(t, id)))
	}
	require.EqualValues(t, invocations, w.steps.Load())
	testkit.Until(t, func() bool { return e.InFlight() == 0 }, "attempts stay in flight")
}

// This one changes the process's memory limit, so it does not run beside others.
func TestMaxInFlightFitsTheMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	for _, tt := range []struct {
		limit    int64
		min, max int
	}{
		{before, 100, 10_000},
		{1 << 30, 748, 748},
		{64 << 20, 100, 100},
	} {
		t.Run(fmt.Sprintf("a limit of %d", tt.limit), func(t *testing.T) {
			debug.SetMemoryLimit(tt.limit)
			got := endpoint.Config{}.WithDefaults().MaxInFlight
			require.GreaterOrEqual(t, got, tt.min, tt.limit)
			require.LessOrEqual(t, got, tt.max, tt.limit)
		})
	}
	require.Equal(t, 7, endpoint.Config{MaxInFlight: 7}.WithDefaults().MaxInFlight)
}

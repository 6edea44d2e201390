package ingress_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

func conflicts(failed *ingress.CallError) bool { return failed.Code() == http.StatusConflict }

// reserver is a route to Reserve that asks for one seat with one idempotency key.
func reserver(t *testing.T, route ingress.Route) (seat string, reserve func() *httptest.ResponseRecorder) {
	t.Helper()
	seat = testkit.NameOf(t)
	h := ingress.Handler(ingress.NewService[*Greeter](newClient(t, ingress.Config{})), (*Greeter).Reserve, &route)
	return seat, func() *httptest.ResponseRecorder {
		return request(t, h, http.MethodPost, "/", fmt.Sprintf("%q", seat), "Idempotency-Key", seat)
	}
}

func TestARefusalSticksToItsIdempotencyKeyByDefault(t *testing.T) {
	t.Parallel()
	seat, reserve := reserver(t, ingress.Route{})
	require.Equal(t, http.StatusConflict, reserve().Code)
	executions.add("Free " + seat)
	require.Equal(t, "the seat is taken", problemOf(t, reserve()).Detail)
	require.Equal(t, 1, executions.of("Reserve "+seat))
}

func TestALaterTryGoesThroughAfterAForgottenRefusal(t *testing.T) {
	t.Parallel()
	seat, reserve := reserver(t, ingress.Route{Forget: conflicts})
	for range 3 {
		require.Equal(t, http.StatusConflict, reserve().Code)
	}
	require.Equal(t, 3, executions.of("Reserve "+seat), "each request is a try")
	executions.add("Free " + seat)

	// Equal requests are one invocation, at the same time and later.
	var together sync.WaitGroup
	ids := make([]string, 10)
	for i := range ids {
		together.Go(func() { ids[i] = reserve().Header().Get("X-Restate-Id") })
	}
	together.Wait()
	w := reserve()
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	require.Equal(t, fmt.Sprintf("%q", "reserved "+seat), w.Body.String())
	for _, id := range ids {
		require.Equal(t, w.Header().Get("X-Restate-Id"), id)
	}
	require.Equal(t, 4, executions.of("Reserve "+seat), "a success is remembered")
}

func TestTheTriesOfOneIdempotencyKeyEnd(t *testing.T) {
	t.Parallel()
	seat, reserve := reserver(t, ingress.Route{Forget: conflicts})
	for range 25 {
		require.Equal(t, http.StatusConflict, reserve().Code)
	}
	require.Equal(t, 20, executions.of("Reserve "+seat))
}

func TestOtherFailuresAreNotForgotten(t *testing.T) {
	t.Parallel()
	seat, reserve := reserver(t, ingress.Route{Forget: func(failed *ingress.CallError) bool {
		return failed.Code() == http.StatusServiceUnavailable
	}})
	for range 3 {
		require.Equal(t, http.StatusConflict, reserve().Code)
	}
	require.Equal(t, 1, executions.of("Reserve "+seat))
}

func TestALaterSendGoesThroughAfterAForgottenRefusal(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	seat, reserve := reserver(t, ingress.Route{Send: true, Forget: conflicts})
	outcome := func(w *httptest.ResponseRecorder) (string, error) {
		require.Equal(t, http.StatusAccepted, w.Code, w.Body)
		return ingress.HandleOf[string](client, w.Header().Get("X-Restate-Id")).Attach(testkit.Context(t))
	}
	_, err := outcome(reserve())
	require.EqualValues(t, http.StatusConflict, restate.AsTerminalError(err).Code())
	executions.add("Free " + seat)
	for range 3 {
		text, err := outcome(reserve())
		require.NoError(t, err)
		require.Equal(t, "reserved "+seat, text)
	}
	require.Equal(t, 2, executions.of("Reserve "+seat))
}

func TestASendThatCannotAskForTheFailureFails(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	url := gateway(t, testkit.Server().IngressURL(), func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if down.Load() && r.URL.Path == "/restate/output" {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		pass.ServeHTTP(w, r)
	})
	client := newClient(t, ingress.Config{URL: url})
	route := &ingress.Route{Send: true, Forget: conflicts}
	h := ingress.Handler(ingress.NewService[*Greeter](client), (*Greeter).Reserve, route)
	seat := testkit.NameOf(t)
	reserve := func() *httptest.ResponseRecorder {
		return request(t, h, http.MethodPost, "/", fmt.Sprintf("%q", seat), "Idempotency-Key", seat)
	}
	w := reserve()
	require.Equal(t, http.StatusAccepted, w.Code, w.Body)
	_, err := ingress.HandleOf[string](client, w.Header().Get("X-Restate-Id")).Attach(testkit.Context(t))
	require.EqualValues(t, http.StatusConflict, restate.AsTerminalError(err).Code())
	down.Store(true)
	require.Equal(t, http.StatusServiceUnavailable, reserve().Code)
	down.Store(false)
	require.Equal(t, http.StatusAccepted, reserve().Code)
}

func TestForgetIsAMistakeWhereThereIsNoIdempotencyKey(t *testing.T) {
	t.Parallel()
	log := new(logged)
	client := newClient(t, ingress.Config{Logger: newLogger(log)})
	ingress.Handler(ingress.NewWorkflow[*Signup](client), (*Signup).Run, &ingress.Route{Forget: conflicts})
	require.Len(t, log.all(), 1)
	require.Contains(t, log.all()[0], "ingress: Signup/Run: Forget is about idempotency keys, and the main handler of a workflow takes none; leave it out")
}

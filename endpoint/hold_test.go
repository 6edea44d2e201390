package endpoint_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

func TestHeldInvocationsComeBack(t *testing.T) {
	t.Parallel()
	e, _ := start(t, endpoint.Config{}, define(t, name(t), &Waiter{}))
	register(t, url(e))
	e.Hold("of a test")
	for _, row := range []struct {
		name, method, path string
		status             int
	}{
		{"an invocation", http.MethodPost, "/invoke/" + name(t) + "/Ping", http.StatusServiceUnavailable},
		{"an invocation of a handler that is gone", http.MethodPost, "/invoke/" + name(t) + "/Gone", http.StatusServiceUnavailable},
		{"what is no invocation", http.MethodPost, "/other", http.StatusNotFound},
		{"health", http.MethodGet, "/health", http.StatusOK},
		{"discovery", http.MethodGet, "/discover", http.StatusOK},
	} {
		t.Run(row.name, func(t *testing.T) {
			contentType := ""
			if row.method == http.MethodPost {
				contentType = invocationV5
			}
			w := ask(e, row.method, row.path, contentType, "")
			require.Equal(t, row.status, w.Code, w.Body.String())
			if row.status == http.StatusServiceUnavailable {
				require.Equal(t, "endpoint: invocations are held: of a test\n", w.Body.String())
				require.Equal(t, "1", w.Header().Get("Retry-After"))
			}
		})
	}
	// The server waits, and counts no attempt: RetryAtOnce would pause after the first.
	id := testkit.Submit(t, "/"+name(t)+"/Ping", nil)
	testkit.Until(t, func() bool { return testkit.Look(t, id).Status == "backing-off" }, "it does not wait")
	e.Release()
	require.Equal(t, "pong", testkit.Decode[string](t, testkit.Attach(t, id)))
}

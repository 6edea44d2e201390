package sdktest

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
)

// Invoke plays the first attempt of an invocation of s/h and returns its result.
func Invoke(t *testing.T, def restate.ServiceDefinition) string {
	t.Helper()
	serve, err := server.NewRestate().WithLogger(slog.DiscardHandler, true).Bidirectional(false).Bind(def).Handler()
	require.NoError(t, err)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/invoke/s/h",
		bytes.NewReader(protocol.FirstAttempt(string(make([]byte, 24)), "inv_contract", nil)))
	r.Header.Set("Content-Type", "application/vnd.restate.invocation.v6")
	w := httptest.NewRecorder()
	serve(w, r)
	for _, text := range []string{"true", "false"} {
		if bytes.Contains(w.Body.Bytes(), []byte(text)) {
			return text
		}
	}
	return ""
}

// Suspension returns what the SDK panics with in order to suspend.
func Suspension(t *testing.T) (thrown any) {
	t.Helper()
	def := restate.NewService("s").Handler("h", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (restate.Void, error) {
		defer func() {
			thrown = recover()
			panic(thrown)
		}()
		_, err := restate.Awakeable[int](ctx).Result()
		return restate.Void{}, err
	}))
	Invoke(t, def)
	require.NotNil(t, thrown)
	return thrown
}

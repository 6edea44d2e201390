package endpoint_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

// busyError asks for a delay.
type busyError time.Duration

func (busyError) Error() string               { return "busy" }
func (e busyError) RetryAfter() time.Duration { return time.Duration(e) }

// Busy fails as it is told.
type Busy struct{}

func (Busy) Fail(_ restate.Context, millis int) error {
	return busyError(time.Duration(millis) * time.Millisecond)
}

func TestAnErrorsRetryDelayIsToldTheServer(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]uint64{"1500": 1500, "3600000": 3_600_000} {
		t.Run(input, func(t *testing.T) {
			e, _ := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted, RequestResponse: true}, define(t, "busy", Busy{}))
			r := httptest.NewRequest(http.MethodPost, "/invoke/busy/Fail", bytes.NewReader(invocationOf("1", input)))
			r.Header.Set("Content-Type", invocationV5)
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			require.Equal(t, http.StatusOK, w.Code)
			require.Equal(t, &want, lastError(t, w.Body.Bytes()).NextRetryDelay)

			_, h := lambda(t, endpoint.Config{}, define(t, "busy", Busy{}))
			res, err := h(testkit.Context(t), server.LambdaRequest{
				Path: "/invoke/busy/Fail", Headers: map[string]string{"content-type": invocationV5},
				Body: base64.StdEncoding.EncodeToString(invocationOf("1", input)), IsBase64Encoded: true,
			})
			require.NoError(t, err)
			body, err := base64.StdEncoding.DecodeString(res.Body)
			require.NoError(t, err)
			require.Equal(t, &want, lastError(t, body).NextRetryDelay)
		})
	}
}

func TestOtherErrorsHaveNoRetryDelay(t *testing.T) {
	t.Parallel()
	e, _ := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted, RequestResponse: true}, define(t, "odd", &Odd{}))
	r := httptest.NewRequest(http.MethodPost, "/invoke/odd/Number", bytes.NewReader(invocationOf("1", "")))
	r.Header.Set("Content-Type", invocationV5)
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	require.Nil(t, lastError(t, w.Body.Bytes()).NextRetryDelay)
}

// The SDK sends the stack of its own panic with every error, and the server shows it
// to the caller of an invocation that it gives up.
func TestErrorsGoToTheServerWithoutTheirStack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		definition restate.ServiceDefinition
		handler    string
		input      string
	}{
		"an error with a delay": {define(t, "svc", Busy{}), "Fail", "1500"},
		"another error":         {define(t, "svc", &Odd{}), "Number", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted, RequestResponse: true}, test.definition)
			r := httptest.NewRequest(http.MethodPost, "/invoke/svc/"+test.handler, bytes.NewReader(invocationOf("1", test.input)))
			r.Header.Set("Content-Type", invocationV5)
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)

			_, h := lambda(t, endpoint.Config{}, test.definition)
			res, err := h(testkit.Context(t), server.LambdaRequest{
				Path: "/invoke/svc/" + test.handler, Headers: map[string]string{"content-type": invocationV5},
				Body: base64.StdEncoding.EncodeToString(invocationOf("1", test.input)), IsBase64Encoded: true,
			})
			require.NoError(t, err)
			body, err := base64.StdEncoding.DecodeString(res.Body)
			require.NoError(t, err)
			for _, response := range [][]byte{w.Body.Bytes(), body} {
				failed := lastError(t, response)
				require.NotEmpty(t, failed.Message)
				require.Empty(t, failed.StackTrace)
				require.NotContains(t, string(response), ".go:")
			}
		})
	}
}

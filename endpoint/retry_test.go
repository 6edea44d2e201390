package endpoint_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
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

func (Busy) Pause(restate.Context) error { return pipeline.Pause(busyError(time.Second)) }

func (Busy) PauseInStep(ctx restate.Context) error {
	return restate.RunVoid(ctx, func(restate.RunContext) error { return pipeline.Pause(errors.New("odd")) })
}

func (Busy) Sleep(ctx restate.Context) error { return restate.Sleep(ctx, time.Hour) }

// failuresOf plays an attempt of a service over HTTP and as a Lambda function. It returns
// the errors that Restate is told.
func failuresOf(t *testing.T, cfg endpoint.Config, handler string, body []byte, definition restate.ServiceDefinition) map[string]*protocol.Error {
	t.Helper()
	path := "/invoke/" + definition.Name() + "/" + handler
	served := cfg
	served.Mode, served.RequestResponse = endpoint.Mounted, true
	e, _ := newEndpoint(t, served, definition)
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", invocationV5)
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)

	_, h := lambda(t, cfg, definition)
	res, err := h(testkit.Context(t), server.LambdaRequest{
		Path: path, Headers: map[string]string{"content-type": invocationV5},
		Body: base64.StdEncoding.EncodeToString(body), IsBase64Encoded: true,
	})
	require.NoError(t, err)
	answer, err := base64.StdEncoding.DecodeString(res.Body)
	require.NoError(t, err)
	return map[string]*protocol.Error{"over HTTP": lastError(t, w.Body.Bytes()), "as a Lambda function": lastError(t, answer)}
}

func TestTheServerIsToldWhatAnErrorAsksFor(t *testing.T) {
	t.Parallel()
	var mismatch []byte // the journal has a step, and the handler sleeps
	mismatch = protocol.AppendMessage(mismatch, &protocol.Start{ID: make([]byte, 24), KnownEntries: 2})
	mismatch = protocol.AppendMessage(mismatch, &protocol.Input{Value: &protocol.Value{}})
	mismatch = protocol.AppendMessage(mismatch, &protocol.Run{CompletionID: 1})
	pausing := endpoint.Config{OnMismatch: endpoint.Pause}
	for _, tt := range []struct {
		name     string
		cfg      endpoint.Config
		handler  string
		body     []byte
		delay    *uint64
		behavior protocol.Behavior
	}{
		{"a delay", endpoint.Config{}, "Fail", invocationOf("1", "1500"), new(uint64(1500)), protocol.BehaviorRetry},
		{"an hour", endpoint.Config{}, "Fail", invocationOf("1", "3600000"), new(uint64(3_600_000)), protocol.BehaviorRetry},
		{"nothing", pausing, "Fail", invocationOf("1", "0"), nil, protocol.BehaviorRetry},
		{"a pause", endpoint.Config{}, "Pause", invocationOf("1", ""), new(uint64(1000)), protocol.BehaviorPause},
		{"a pause in a step", endpoint.Config{}, "PauseInStep", invocationOf("1", ""), nil, protocol.BehaviorPause},
		{"a mismatch", endpoint.Config{}, "Sleep", mismatch, nil, protocol.BehaviorRetry},
		{"a mismatch that pauses", pausing, "Sleep", mismatch, nil, protocol.BehaviorPause},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for how, failed := range failuresOf(t, tt.cfg, tt.handler, tt.body, define(t, "busy", Busy{})) {
				t.Run(how, func(t *testing.T) {
					require.Equal(t, tt.delay, failed.NextRetryDelay)
					require.Equal(t, tt.behavior, failed.Behavior)
				})
			}
		})
	}
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
			for how, failed := range failuresOf(t, endpoint.Config{}, test.handler, invocationOf("1", test.input), test.definition) {
				t.Run(how, func(t *testing.T) {
					require.NotEmpty(t, failed.Message)
					require.Empty(t, failed.StackTrace)
					require.Nil(t, failed.Unknown)
					require.NotContains(t, string(failed.AppendTo(nil)), ".go:")
				})
			}
		})
	}
}

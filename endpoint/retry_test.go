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
	"google.golang.org/protobuf/encoding/protowire"

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

// lastError returns the fields of the error message that a response ends with, by
// their numbers.
func lastError(t testing.TB, response []byte) map[protowire.Number][]byte {
	t.Helper()
	frames := decodeFrames(t, response)
	last := frames[len(frames)-1]
	require.EqualValues(t, 0x0002, last.kind)
	fields := map[protowire.Number][]byte{}
	for b := last.body; len(b) > 0; {
		number, kind, n := protowire.ConsumeTag(b)
		require.Positive(t, n)
		size := protowire.ConsumeFieldValue(number, kind, b[n:])
		require.Positive(t, size)
		fields[number] = b[n : n+size]
		b = b[n+size:]
	}
	return fields
}

// delayOf returns the delay in the error message that a response ends with.
func delayOf(t testing.TB, response []byte) (millis uint64, ok bool) {
	t.Helper()
	field, ok := lastError(t, response)[8]
	if ok {
		var n int
		millis, n = protowire.ConsumeVarint(field)
		require.Positive(t, n)
	}
	return millis, ok
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
			got, ok := delayOf(t, w.Body.Bytes())
			require.True(t, ok)
			require.Equal(t, want, got)

			_, h := lambda(t, endpoint.Config{}, define(t, "busy", Busy{}))
			res, err := h(testkit.Context(t), server.LambdaRequest{
				Path: "/invoke/busy/Fail", Headers: map[string]string{"content-type": invocationV5},
				Body: base64.StdEncoding.EncodeToString(invocationOf("1", input)), IsBase64Encoded: true,
			})
			require.NoError(t, err)
			body, err := base64.StdEncoding.DecodeString(res.Body)
			require.NoError(t, err)
			got, ok = delayOf(t, body)
			require.True(t, ok)
			require.Equal(t, want, got)
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
	_, ok := delayOf(t, w.Body.Bytes())
	require.False(t, ok)
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
				fields := lastError(t, response)
				require.Contains(t, fields, protowire.Number(2), "the message")
				require.NotContains(t, fields, protowire.Number(3), "the stack")
				require.NotContains(t, string(response), ".go:")
			}
		})
	}
}

package endpoint_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/fxrestate/go/endpoint"
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
		res, err := h(testContext(t), server.LambdaRequest{
			Path: "/invoke/busy/Fail", Headers: map[string]string{"content-type": invocationV5},
			Body: base64.StdEncoding.EncodeToString(invocationOf("1", input)), IsBase64Encoded: true,
		})
		require.NoError(t, err)
		body, err := base64.StdEncoding.DecodeString(res.Body)
		require.NoError(t, err)
		got, ok = delayOf(t, body)
		require.True(t, ok)
		require.Equal(t, want, got)
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
			res, err := h(testContext(t), server.LambdaRequest{
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

func FuzzAmendErrors(f *testing.F) {
	stack := protowire.AppendString(protowire.AppendTag(nil, 3, protowire.BytesType), "goroutine 1 [running]")
	message := protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), "failed")
	f.Add([]byte(nil), uint16(0), true)
	f.Add(encodeFrame(0x0002, append(message, stack...)), uint16(1500), true)
	f.Add(encodeFrame(0x0002, append(stack, message...)), uint16(0), false)
	f.Add(encodeFrame(0x0002, append(stack, 0xff)), uint16(1500), true)
	f.Add(append(encodeFrame(0x0401, []byte("output")), encodeFrame(0x0002, nil)...), uint16(1), true)
	f.Add(append(encodeFrame(0x0002, nil), 0, 2, 0), uint16(1), true)
	f.Add([]byte("\x00\x02\x00\x00\xff\xff\xff\xff"), uint16(1), true)
	f.Fuzz(func(t *testing.T, p []byte, millis uint16, asked bool) {
		before := bytes.Clone(p)
		amended, ok := endpoint.AmendErrors(p, func() (time.Duration, bool) { return time.Duration(millis) * time.Millisecond, asked })
		require.Equal(t, before, p, "the SDK's buffer was changed")
		if !ok {
			return
		}
		var field []byte
		if asked {
			field = protowire.AppendVarint(protowire.AppendTag(nil, 8, protowire.VarintType), uint64(millis))
		}
		for len(p) > 0 { // all frames are there, and those of errors are amended
			n := 8 + int(binary.BigEndian.Uint32(p[4:]))
			kind, body := binary.BigEndian.Uint16(p), bytes.Clone(p[8:n])
			m := 8 + int(binary.BigEndian.Uint32(amended[4:]))
			if kind == 0x0002 {
				body = append(stackless(body), field...)
			}
			require.Equal(t, p[:4], amended[:4])
			require.Equal(t, string(body), string(amended[8:m]))
			p, amended = p[n:], amended[m:]
		}
		require.Empty(t, amended)
	})
}

// stackless drops the fields with the number 3, up to what is no field.
func stackless(message []byte) (out []byte) {
	for {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return append(out, message...)
		}
		size := protowire.ConsumeFieldValue(number, kind, message[n:])
		if size < 0 {
			return append(out, message...)
		}
		if number != 3 {
			out = append(out, message[:n+size]...)
		}
		message = message[n+size:]
	}
}

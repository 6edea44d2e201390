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

// delayOf returns the delay in the error message that a response ends with.
func delayOf(t testing.TB, response []byte) (millis uint64, ok bool) {
	t.Helper()
	frames := decodeFrames(t, response)
	last := frames[len(frames)-1]
	require.EqualValues(t, 0x0002, last.kind)
	for b := last.body; len(b) > 0; {
		number, kind, n := protowire.ConsumeTag(b)
		require.Positive(t, n)
		b = b[n:]
		if number == 8 {
			millis, n = protowire.ConsumeVarint(b)
			ok = true
		} else {
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		require.Positive(t, n)
		b = b[n:]
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

func FuzzWithRetryDelay(f *testing.F) {
	f.Add([]byte(nil), uint16(0))
	f.Add(encodeFrame(0x0002, []byte("failed")), uint16(1500))
	f.Add(append(encodeFrame(0x0401, []byte("output")), encodeFrame(0x0002, nil)...), uint16(1))
	f.Add(append(encodeFrame(0x0002, nil), 0, 2, 0), uint16(1))
	f.Add([]byte("\x00\x02\x00\x00\xff\xff\xff\xff"), uint16(1))
	f.Fuzz(func(t *testing.T, p []byte, millis uint16) {
		before := bytes.Clone(p)
		hinted, ok := endpoint.WithRetryDelay(p, time.Duration(millis)*time.Millisecond)
		require.Equal(t, before, p, "the SDK's buffer was changed")
		if !ok {
			return
		}
		field := protowire.AppendVarint(protowire.AppendTag(nil, 8, protowire.VarintType), uint64(millis))
		for len(p) > 0 { // all frames are there, and those of errors have the field
			n := 8 + int(binary.BigEndian.Uint32(p[4:]))
			kind, body := binary.BigEndian.Uint16(p), bytes.Clone(p[8:n])
			m := 8 + int(binary.BigEndian.Uint32(hinted[4:]))
			if kind == 0x0002 {
				body = append(body, field...)
			}
			require.Equal(t, p[:4], hinted[:4])
			require.Equal(t, body, bytes.Clone(hinted[8:m]))
			p, hinted = p[n:], hinted[m:]
		}
		require.Empty(t, hinted)
	})
}

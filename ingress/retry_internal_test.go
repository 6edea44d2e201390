package ingress

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatTheServerAsksToWaitIsWaited(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   error
		after time.Duration
		ok    bool
	}{
		"a broken connection":  {&ConnectionError{Err: errors.New("x")}, 0, true},
		"a Retry-After":        {&Error{Status: 503, RetryAfter: 7 * time.Second}, 7 * time.Second, true},
		"one of over a minute": {&Error{Status: 503, RetryAfter: time.Hour}, 0, false},
		"another error":        {errors.New("x"), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			after, ok := retryAfter(test.err)
			require.Equal(t, test.ok, ok)
			require.Equal(t, test.after, after)
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"120":                           2 * time.Minute,
		"-1":                            0,
		"1.5":                           0,
		"99999999999999999999":          0,
		"soon":                          0,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute,
		"Fri, 02 Jan 2026 03:03:05 GMT": 0,
	} {
		f.Add(value)
		require.Equal(f, want, parseRetryAfter(value, now), "%q", value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		require.GreaterOrEqual(t, parseRetryAfter(value, now), time.Duration(0))
	})
}

func FuzzErrorBody(f *testing.F) {
	f.Add([]byte(`{"code":404,"message":"own failure","metadata":{"k":"v"},"source":"invocation"}`))
	f.Add([]byte(`{"message":""}`))
	f.Add([]byte(`<html>`))
	f.Add([]byte{0xff, 0})
	f.Fuzz(func(t *testing.T, body []byte) {
		e, _ := parseErrorBody(body)
		e.Status = 500
		for _, r := range e.Error() {
			require.True(t, r >= ' ' && r != 0x7f, "%q", e.Error())
		}
		require.LessOrEqual(t, len([]rune(e.Error())), 2*maxExcerpt)
	})
}

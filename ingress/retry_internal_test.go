package ingress

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Waits are not seen from outside without waiting for them.
func TestWaitsGrowWithJitterUpToTheLimit(t *testing.T) {
	t.Parallel()
	retry := Retry{}.withDefaults()
	broken := &ConnectionError{Err: errors.New("x")}
	for attempts, longest := range map[int]time.Duration{
		1: 100 * time.Millisecond, 2: 200 * time.Millisecond, 3: 400 * time.Millisecond,
		5: 1600 * time.Millisecond, 6: 2 * time.Second, 1000: 2 * time.Second,
	} {
		seen := map[time.Duration]bool{}
		for range 100 {
			wait, ok := retry.wait(attempts, broken)
			require.True(t, ok)
			require.LessOrEqual(t, wait, longest)
			require.GreaterOrEqual(t, wait, longest/2)
			seen[wait] = true
		}
		require.Greater(t, len(seen), 10, "jitter")
	}
	wait, ok := retry.wait(1, &Error{Status: 503, RetryAfter: 7 * time.Second})
	require.True(t, ok)
	require.GreaterOrEqual(t, wait, 7*time.Second)
	_, ok = retry.wait(1, errors.New("x"))
	require.False(t, ok)
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

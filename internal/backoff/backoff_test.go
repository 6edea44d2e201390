package backoff_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/backoff"
)

func TestWaitsGrowWithJitterUpToTheLongest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first, longest time.Duration
		want           []time.Duration // the longest that each may be
	}{
		"doubling until the longest": {
			100 * time.Millisecond, time.Second,
			[]time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond, time.Second, time.Second},
		},
		"a first that is longer than the longest": {time.Minute, time.Second, []time.Duration{time.Second, time.Second}},
		"a thousand waits":                        {time.Microsecond, time.Second, append(make([]time.Duration, 0, 1000), time.Microsecond)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := map[time.Duration]bool{}
			for range 100 {
				waits := backoff.New(test.first, test.longest)
				for _, longest := range test.want {
					wait := waits.Next()
					require.LessOrEqual(t, wait, longest)
					require.GreaterOrEqual(t, wait, longest/2)
					seen[wait] = true
				}
				last := test.longest
				for range cap(test.want) - len(test.want) {
					last = waits.Next()
					require.LessOrEqual(t, last, test.longest)
				}
				require.GreaterOrEqual(t, last, test.longest/2, "they grow")
			}
			if test.first > time.Millisecond {
				require.Greater(t, len(seen), 50, "jitter")
			}
		})
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	require.True(t, backoff.Sleep(t.Context(), time.Nanosecond))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, backoff.Sleep(ctx, time.Hour))
}

package ratelimit

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

// A bucket does what a rate.Limiter does, whatever is asked of both, and in whatever order.
func TestABucketIsALimiterOfTheTimePackage(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		now := time.Unix(1_800_000_000, 0)
		limits := []rate.Limit{0, 0.1, 1, 3, 1000, rate.Inf, rate.Every(7 * time.Second)}
		r := Rate{limits[random.IntN(len(limits))], random.IntN(10)}
		b := newBucket(r, now)
		want := rate.NewLimiter(r.Limit, r.Burst)
		want.SetLimitAt(now, r.Limit) // its time begins
		type pair struct {
			own   Reservation
			other *rate.Reservation
		}
		var reserved []pair
		for range 60 {
			now = now.Add(time.Duration(random.Int64N(int64(3 * time.Second))))
			switch n := random.IntN(12); random.IntN(8) {
			case 0:
				r.Limit = limits[random.IntN(len(limits))]
				b.change(r, now)
				want.SetLimitAt(now, r.Limit)
			case 1:
				r.Burst = random.IntN(10)
				b.change(r, now)
				want.SetBurstAt(now, r.Burst)
			case 2:
				if len(reserved) == 0 {
					continue
				}
				one := reserved[random.IntN(len(reserved))]
				b.cancel(one.own, now)
				one.other.CancelAt(now)
			case 3, 4:
				require.Equal(t, want.AllowN(now, n), b.reserve(n, 0, now).OK, "seed %d", seed)
			default:
				if b.Limit == 0 {
					continue // a limiter lets somebody wait for ever, and counts that
				}
				own, other := b.reserve(n, rate.InfDuration, now), want.ReserveN(now, n)
				require.Equal(t, other.OK(), own.OK, "seed %d", seed)
				if own.OK {
					require.InDelta(t, other.DelayFrom(now), own.Delay(), float64(time.Microsecond), "seed %d", seed)
					reserved = append(reserved, pair{own, other})
				}
			}
			require.InDelta(t, want.TokensAt(now), b.tokens(now), 1e-6, "seed %d", seed)
		}
	}
}

func TestABucketThatGetsNoTokensLetsNobodyWait(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	b := newBucket(Rate{0, 1}, now)
	require.True(t, b.reserve(1, 0, now).OK)
	r := b.reserve(1, rate.InfDuration, now)
	require.False(t, r.OK)
	require.Equal(t, rate.InfDuration, r.Delay())
	require.Zero(t, b.tokens(now))
}

func TestAClockThatIsSetBackTakesNoTokens(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	b := newBucket(Rate{1, 5}, now)
	require.True(t, b.reserve(2, 0, now).OK)
	require.EqualValues(t, 3, b.tokens(now.Add(-time.Hour)))
}

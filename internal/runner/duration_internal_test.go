package runner

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestADelayIsReadAsTheServerReadsIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"PT60S": time.Minute, "P1D": 24 * time.Hour, "P1W": 7 * 24 * time.Hour, "PT1H30M": 90 * time.Minute, "PT0.5S": 500 * time.Millisecond,
		"60 sec": time.Minute, "60sec": time.Minute, "60ms": 60 * time.Millisecond, "60000ms": time.Minute, "1h": time.Hour,
		"1day 12h": 36 * time.Hour, " 2 m ": 2 * time.Minute,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			d, err := parseDuration(text)
			require.NoError(t, err)
			require.Equal(t, want, d)
		})
	}
	for _, text := range []string{"", "P", "PT", "soon", "1", "1 parsec", "-1s"} {
		t.Run("not "+text, func(t *testing.T) {
			t.Parallel()
			_, err := parseDuration(text)
			require.Error(t, err)
		})
	}
}

func FuzzParseDuration(f *testing.F) {
	f.Add("PT1H")
	f.Add("999999999999999999999999w")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDuration(text)
		require.True(t, err != nil || d >= 0)
	})
}

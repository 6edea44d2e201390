package tally_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/tally"
)

// Twenty minutes of a try each 30 seconds, in the fake time of a synctest bubble.
func TestARemindersLinesGrowRarer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var reminder tally.Reminder
		var due []time.Duration
		for began := time.Now(); time.Since(began) < 20*time.Minute; time.Sleep(30 * time.Second) {
			if reminder.Due() {
				due = append(due, time.Since(began))
			}
		}
		seconds := func(n int) time.Duration { return time.Duration(n) * time.Second }
		require.Equal(t, []time.Duration{0, seconds(30), seconds(60), seconds(90), seconds(150), seconds(240), seconds(420), seconds(720), seconds(1020)}, due)
	})
}

package deployment_test

import (
	"context"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
)

// unreachable is a network without a server, which fails at once.
type unreachable struct{ attempt func() }

func (u unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	u.attempt()
	return nil, syscall.ECONNREFUSED
}

// An hour without a server, in the fake time of a synctest bubble.
func TestWaitingGrowsQuieter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var attempts, lines []time.Duration
		client, err := admin.New(admin.Config{HTTPClient: &http.Client{
			Transport: unreachable{func() { attempts = append(attempts, time.Since(began)) }},
		}})
		require.NoError(t, err)
		log := logLines{told: func(string) { lines = append(lines, time.Since(began)) }}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err = newRegistrar(t, client, deployment.Config{URL: "http://a"}, log.logger()).Register(ctx, nobody(0))

		var unfinished *deployment.UnfinishedError
		require.ErrorAs(t, err, &unfinished)
		require.Equal(t, time.Hour, unfinished.Elapsed)
		require.Equal(t, len(attempts), unfinished.Attempts)
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.Equal(t, time.Hour, time.Since(began), "the end of the context is not waited past")

		// Pauses of 100 ms at first and at most 5 s, each shortened by up to a half.
		require.LessOrEqual(t, attempts[1]-attempts[0], 100*time.Millisecond)
		equal := 0
		for i, want := 1, 100*time.Millisecond; i < len(attempts); i, want = i+1, min(2*want, 5*time.Second) {
			pause := attempts[i] - attempts[i-1]
			require.GreaterOrEqual(t, pause, want/2)
			require.LessOrEqual(t, pause, want)
			if pause == want {
				equal++
			}
		}
		require.Less(t, equal, len(attempts)/2, "no jitter")
		require.Greater(t, len(attempts), 700)

		// At once, then after 5, 10, 20, … seconds, at most 5 minutes apart.
		require.Zero(t, lines[0])
		for i, want := 1, 5*time.Second; i < len(lines); i, want = i+1, min(2*want, 5*time.Minute) {
			require.InDelta(t, (lines[i] - lines[i-1]).Seconds(), want.Seconds(), 5)
		}
		require.Less(t, len(lines), 20)
		require.True(t, strings.HasPrefix(log.lines[0], `level=INFO msg="waiting for the Restate admin API"`), log.lines[0])
	})
}

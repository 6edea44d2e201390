package testkit

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Within is the time that anything in a test may take. It is only there to end a hang: a
// busy machine may be ten times as slow as a good one.
const Within = 2 * time.Minute

// Context returns a context that ends with the test or after [Within].
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), Within)
	t.Cleanup(cancel)
	return ctx
}

// Eventually waits until check returns nil. It calls check on the test's goroutine, which
// may therefore end the test.
func Eventually(t testing.TB, check func() error) {
	t.Helper()
	deadline := time.Now().Add(Within)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			require.NoError(t, err, "after %v", Within)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Until waits until a condition holds.
func Until(t testing.TB, condition func() bool, what string, args ...any) {
	t.Helper()
	Eventually(t, func() error {
		if !condition() {
			return fmt.Errorf(what, args...)
		}
		return nil
	})
}

// Receive waits for a value or for the closing of a channel.
func Receive[T any](t testing.TB, c <-chan T, what ...string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(Within):
		require.FailNow(t, "waited in vain", "%s", what)
		panic("unreachable")
	}
}

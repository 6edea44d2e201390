package testkit

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Within is the time that anything in a test may take.
const Within = 30 * time.Second

// Context returns a context that ends with the test or after [Within].
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), Within)
	t.Cleanup(cancel)
	return ctx
}

// Receive waits for a value.
func Receive[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(Within):
		require.FailNow(t, "nothing came")
	}
	return v
}

// Eventually polls for what cannot be waited for.
func Eventually(t testing.TB, condition func() bool, what string, args ...any) {
	t.Helper()
	require.Eventually(t, condition, Within, 10*time.Millisecond, append([]any{what}, args...)...)
}

//go:build unix

package dev_test

import (
	"errors"
	"fmt"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/testkit"
)

// kill kills a process.
func kill(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	require.NoError(t, err)
	require.Greater(t, n, 1)
	require.NoError(t, syscall.Kill(n, syscall.SIGKILL))
}

// requireGone waits until there is no such process. One that is dead stays until its parent,
// or whoever takes its place, has looked at it.
func requireGone(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	require.NoError(t, err)
	require.Greater(t, n, 1)
	testkit.Eventually(t, func() error {
		if err := syscall.Kill(n, 0); !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("process %d is there: %w", n, err)
		}
		return nil
	})
}

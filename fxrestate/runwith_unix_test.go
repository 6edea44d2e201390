//go:build unix

package fxrestate_test

import (
	"context"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

func TestASignalEndsTheContextOfMain(t *testing.T) {
	stopped := false
	err := fxrestate.RunWith(
		func(ctx context.Context) error {
			require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGTERM))
			<-ctx.Done()
			require.ErrorContains(t, context.Cause(ctx), "terminated signal received")
			return nil
		},
		fx.NopLogger,
		fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StopHook(func() { stopped = true })) }),
	)
	require.NoError(t, err)
	require.True(t, stopped)
}

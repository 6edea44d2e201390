package runner_test

import (
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/runner"
)

func TestSmoke(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		r := start(t, cfg, restate.NewService("S").Handler("three", restate.NewServiceHandler(func(ctx restate.Context, in int) (int, error) {
			for range 3 {
				var err error
				if in, err = restate.Run(ctx, func(restate.RunContext) (int, error) { return in + 1, nil }, restate.WithName("add")); err != nil {
					return 0, err
				}
			}
			if err := restate.Sleep(ctx, 24*time.Hour); err != nil {
				return 0, err
			}
			return in, nil
		})))
		before := r.Now()
		require.Equal(t, 4, call[int](t, r, "S", "", "three", 1))
		require.GreaterOrEqual(t, r.Now().Sub(before), 24*time.Hour-time.Second)
		inv := r.Invocations()[0]
		require.Equal(t, []string{"Command: Input", "Command: Run add", "Notification: Run", "Command: Run add", "Notification: Run", "Command: Run add", "Notification: Run", "Command: Sleep", "Notification: Sleep", "Command: Output"}, entries(inv))
	})
}

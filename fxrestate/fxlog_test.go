package fxrestate_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
)

// budget is a context whose time is over when a test says so.
type budget struct {
	context.Context
	over chan struct{}
}

func (b budget) Done() <-chan struct{} { return b.over }

func (b budget) Err() error {
	select {
	case <-b.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

func TestTheLogOfAFailedStartOrStopHasItsCauseAndTheHookThatHangs(t *testing.T) {
	t.Parallel()
	fails := func(text string) func(budget) error {
		return func(budget) error { return errors.New(text) }
	}
	works := func(budget) error { return nil }
	hangs := func(b budget) error {
		close(b.over)
		return b.Err()
	}
	for name, tt := range map[string]struct {
		start, stop, next func(budget) error // of a first hook, and the start of a second one
		want              []string
	}{
		"a start that fails": {works, works, fails("the cause"), []string{`^the cause$`}},
		"a start that fails, and a rollback that does too": {
			works, fails("does not close"), fails("the cause"), []string{`^the cause$`, `^does not close$`},
		},
		"a start that fails, and a rollback that hangs": {
			works, hangs, fails("the cause"),
			[]string{`^the cause$`, `^context deadline exceeded in the stop hook fxrestate_test\.\S+ of fxrestate_test\.\S+$`},
		},
		"a start that hangs": {
			hangs, works, works, []string{`^context deadline exceeded in the start hook fxrestate_test\.\S+ of fxrestate_test\.\S+$`},
		},
		"a stop that hangs": {
			works, hangs, works, []string{`^context deadline exceeded in the stop hook fxrestate_test\.\S+ of fxrestate_test\.\S+$`},
		},
		"a stop that fails": {works, fails("does not close"), works, []string{`^does not close$`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			option, errorLines := toZap()
			ctx := budget{context.Background(), make(chan struct{})}
			app := fx.New(option, fxrestate.Module, fx.Supply(fxrestate.Config{Endpoint: endpoint.Config{Mode: endpoint.Lambda}}),
				fx.Invoke(func(lc fx.Lifecycle) {
					lc.Append(fx.StartStopHook(func() error { return tt.start(ctx) }, func() error { return tt.stop(ctx) }))
					lc.Append(fx.StartHook(func() error { return tt.next(ctx) }))
				}))
			err := app.Start(ctx)
			if err == nil {
				err = app.Stop(ctx)
			}
			require.Error(t, err)
			requireProblems(t, tt.want, errorLines())
		})
	}
}

package fxrestate_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/logging"
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

func TestTheEventsOfFxAreRedactedToo(t *testing.T) {
	t.Parallel()
	secret := errors.New("dial postgres://app:hunter2@db")
	cfg := fxrestate.Config{
		Endpoint: endpoint.Config{Mode: endpoint.Lambda},
		Logging: logging.Config{Redact: func(_ []string, a slog.Attr) slog.Attr {
			return slog.String(a.Key, strings.ReplaceAll(a.Value.String(), "hunter2", "***"))
		}},
	}
	for name, to := range map[string]func(zapcore.Core) fx.Option{
		"with a zap logger": func(core zapcore.Core) fx.Option { return fx.Supply(zap.New(core)) },
		"with a slog.Handler": func(core zapcore.Core) fx.Option {
			base := logging.NewHandler(zap.New(core), logging.Config{})
			return fx.Provide(func() slog.Handler { return struct{ slog.Handler }{base} }) // one that Module wraps
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zapcore.DebugLevel)
			app := fx.New(to(core), fxrestate.Module, fx.Supply(cfg), fx.Invoke(func(lc fx.Lifecycle) {
				lc.Append(fx.StartHook(func() error { return secret }))
			}))
			require.ErrorIs(t, app.Start(t.Context()), secret)
			found := 0
			for _, line := range logs.FilterLevelExact(zapcore.DebugLevel).All() {
				text := fmt.Sprint(line.ContextMap())
				require.NotContains(t, text, "hunter2", line.Message)
				if strings.Contains(text, "app:***@db") {
					found++
				}
			}
			require.Positive(t, found, "fx tells of the error")
		})
	}
}

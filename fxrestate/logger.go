package fxrestate

import (
	"errors"
	"log/slog"
	"os"
	"sync/atomic"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
	"go.uber.org/zap"

	"github.com/fxrestate/go/internal/override"
	"github.com/fxrestate/go/logging"
)

// appLogger is where the application logs: its own slog.Handler or zap logger, or
// [logging.Default].
type appLogger struct {
	handler slog.Handler // nil: lines go to zap
	zap     *zap.Logger  // nil: events of fx go to handler
	// redact is Config.Logging.Redact, as soon as there is a Config that has one.
	redact atomic.Pointer[func(groups []string, a slog.Attr) slog.Attr]
}

type appLoggerParams struct {
	fx.In

	Handler given[slog.Handler]
	Zap     given[*zap.Logger]
	Kit     *override.App[Config] `optional:"true"`
}

func newAppLogger(p appLoggerParams) (*appLogger, error) {
	if err := errors.Join(p.Handler.err(), p.Zap.err()); err != nil {
		return nil, err
	}
	if p.Handler.value != nil || p.Zap.value != nil {
		return &appLogger{handler: p.Handler.value, zap: p.Zap.value}, nil
	}
	if p.Kit != nil {
		return &appLogger{handler: p.Kit.Log}, nil
	}
	console, log := logging.Default(os.Stderr)
	return &appLogger{handler: console, zap: log}, nil
}

func newLogHandler(log *appLogger, s *settings) *logging.Handler {
	if s.Logging.Redact != nil {
		log.redact.Store(&s.Logging.Redact)
	}
	if log.handler != nil {
		return logging.Wrap(log.handler, s.Logging)
	}
	return logging.NewHandler(log.zap, s.Logging)
}

// provideASlogHandlerInstead makes the logger of the application. Its name is in dig's
// error where the application provides one too.
func provideASlogHandlerInstead(h *logging.Handler) *slog.Logger { return slog.New(h) }

type eventLoggerParams struct {
	fx.In

	// These are absent where fx stops at a type that is provided twice. That alone is to
	// be reported, and not that there is no logger.
	Log    *appLogger `optional:"true"`
	Events *events    `optional:"true"`

	Handler slog.Handler          `optional:"true"`
	Zap     *zap.Logger           `optional:"true"`
	Kit     *override.App[Config] `optional:"true"`
}

func newEventLogger(p eventLoggerParams) (fxevent.Logger, error) {
	log := p.Log
	if log == nil {
		var err error
		if log, err = newAppLogger(appLoggerParams{Handler: given[slog.Handler]{value: p.Handler}, Zap: given[*zap.Logger]{value: p.Zap}, Kit: p.Kit}); err != nil {
			return nil, err
		}
	}
	return p.Events.watch(newFxLog(log)), nil
}

type checkLoggerParams struct {
	fx.In

	Module *present `optional:"true"`
	Events *events  `optional:"true"`
}

// checkLogger says what to do where the application has a *slog.Logger of its own. fx stops
// at the second one: at ours, which is provided after the *present and before the *events,
// or at the application's, as the events say. It is given to fx.WithLogger, which alone runs
// after such an error.
func checkLogger(p checkLoggerParams) (fxevent.Logger, error) {
	if p.Module != nil && p.Events == nil || p.Events.secondLogger() {
		return nil, errors.New("fxrestate: a *slog.Logger is provided, and Module provides one too, which is silent on replay; provide the slog.Handler instead, as with fx.Provide(func() slog.Handler { return NewLogger().Handler() })")
	}
	return fxevent.NopLogger, nil
}

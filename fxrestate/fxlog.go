package fxrestate

import (
	"log/slog"

	"go.uber.org/fx/fxevent"
	"go.uber.org/zap"

	"github.com/fxrestate/go/logging"
)

// fxLog logs the events of fx for an operator: that the application has started, that it
// stops and has stopped, and each problem once, alone. At DEBUG there is every event, with
// the whole text of its error.
type fxLog struct {
	all fxevent.Logger
	log *slog.Logger
}

func newFxLog(to *appLogger) fxLog {
	if to.zap == nil {
		log := slog.New(to.handler).With("logger", "fx")
		all := &fxevent.SlogLogger{Logger: log}
		all.UseLogLevel(slog.LevelDebug)
		all.UseErrorLevel(slog.LevelDebug)
		return fxLog{all, slog.New(to.handler)}
	}
	log := to.zap.Named("fx")
	all := &fxevent.ZapLogger{Logger: log}
	all.UseLogLevel(zap.DebugLevel)
	all.UseErrorLevel(zap.DebugLevel)
	return fxLog{all, slog.New(logging.NewHandler(log, logging.Config{}))}
}

// LogEvent implements fxevent.Logger.
func (l fxLog) LogEvent(event fxevent.Event) {
	l.all.LogEvent(event)
	switch e := event.(type) {
	case *fxevent.Started:
		l.outcome("started", e.Err)
	case *fxevent.Stopping:
		l.log.Info("stopping", "signal", e.Signal.String())
	case *fxevent.Stopped:
		l.outcome("stopped", e.Err)
	case *fxevent.RolledBack:
		l.problems(e.Err)
	}
}

func (l fxLog) outcome(message string, err error) {
	if err == nil {
		l.log.Info(message)
		return
	}
	l.problems(err)
}

func (l fxLog) problems(err error) {
	for _, p := range Problems(err) {
		l.log.Error(p)
	}
}

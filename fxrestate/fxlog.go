package fxrestate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"strings"
	"sync"

	"go.uber.org/fx/fxevent"

	"github.com/fxrestate/go/logging"
)

// fxLog logs the events of fx for an operator: that the application has started, that it
// stops and has stopped, and each problem once, alone. At DEBUG there is every event, with
// the whole text of its error.
type fxLog struct {
	to  *appLogger
	all fxevent.Logger
	log *slog.Logger

	mu      sync.Mutex // a hook may outlive the start or the stop that waits for it
	redacts bool
	hook    string // the one that runs, or that failed for lack of time
	rolling bool   // a failed start is rolled back
	said    map[string]bool
}

func newFxLog(to *appLogger) *fxLog {
	l := &fxLog{to: to}
	l.use(logging.Config{})
	return l
}

// use makes the loggers anew.
func (l *fxLog) use(cfg logging.Config) {
	var h *logging.Handler
	all := &fxevent.SlogLogger{}
	if l.to.zap == nil {
		h = logging.Wrap(l.to.handler, cfg)
		all.Logger = slog.New(h).With("logger", "fx")
	} else {
		h = logging.NewHandler(l.to.zap.Named("fx"), cfg)
		all.Logger = slog.New(h)
	}
	all.UseLogLevel(slog.LevelDebug)
	all.UseErrorLevel(slog.LevelDebug)
	l.all, l.log = all, slog.New(h)
}

// LogEvent implements fxevent.Logger.
func (l *fxLog) LogEvent(event fxevent.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// The logger is made before the Config, whose constructor may log and fail.
	if redact := l.to.redact.Load(); redact != nil && !l.redacts {
		l.redacts = true
		l.use(logging.Config{Redact: *redact})
	}
	l.all.LogEvent(event)
	switch e := event.(type) {
	case *fxevent.OnStartExecuting:
		l.runs("start", e.FunctionName, e.CallerName)
	case *fxevent.OnStartExecuted:
		l.ran(e.Err)
	case *fxevent.OnStopExecuting:
		l.runs("stop", e.FunctionName, e.CallerName)
	case *fxevent.OnStopExecuted:
		l.ran(e.Err)
	case *fxevent.RollingBack: // Started has no cause if the rollback takes too long
		l.rolling = true
		l.problems(e.StartErr)
	case *fxevent.RolledBack:
		l.problems(e.Err)
		l.rolling = false
	case *fxevent.Started:
		l.outcome("started", e.Err)
	case *fxevent.Stopping:
		l.log.Info("stopping", "signal", e.Signal.String())
	case *fxevent.Stopped:
		l.outcome("stopped", e.Err)
	}
}

// runs keeps the name of a hook. Its start or stop is a new one, unless it is a rollback:
// that says problems before its hooks run.
func (l *fxLog) runs(kind, function, caller string) {
	l.hook = fmt.Sprintf("the %s hook %s of %s", kind, path.Base(function), path.Base(caller))
	if !l.rolling {
		l.said = nil
	}
}

func (l *fxLog) ran(err error) {
	if !errors.Is(err, context.DeadlineExceeded) {
		l.hook = ""
	}
}

func (l *fxLog) outcome(message string, err error) {
	if err == nil {
		l.log.Info(message)
		return
	}
	l.problems(err)
}

func (l *fxLog) problems(err error) {
	const timeout = "context deadline exceeded"
	within := timeout
	if l.hook != "" {
		within += " in " + l.hook
	}
	for _, p := range Problems(err) {
		if p == timeout {
			p = within
		}
		if l.said[p] {
			continue
		}
		if l.said == nil {
			l.said = make(map[string]bool)
		}
		l.said[p] = true
		if strings.HasSuffix(p, timeout) || p == within { // fx says so again, of the whole
			l.said[timeout], l.said[within] = true, true
		}
		l.log.Error(p)
	}
}

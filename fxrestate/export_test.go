package fxrestate

import (
	"context"
	"io"
	"log/slog"

	"go.uber.org/fx"
)

// ListenOnAFreePort replaces the default address, which tests of no Config would share.
func ListenOnAFreePort() fx.Option {
	return fx.Decorate(func(s *settings) *settings {
		s.Endpoint.Addr = "127.0.0.1:0"
		return s
	})
}

// WarmUpAfterRegistration replaces what warms up after a registration.
func WarmUpAfterRegistration(warmUp func(context.Context) error) fx.Option {
	return fx.Decorate(func(l *lifecycle) *lifecycle {
		l.warmUp = warmUp
		return l
	})
}

// WithCloud returns a configuration with what its Cloud sets.
func WithCloud(c Config) Config { return c.withCloud() }

// What a start leaves of its time.
var (
	StartReserve = startReserve
	StopReserve  = stopReserve
)

// RunTo is Run with another stderr. It returns the exit code.
func RunTo(stderr io.Writer, opts ...fx.Option) (code int) { return run(stderr, opts...) }

// EventLog finds the log that events are told to.
func EventLog(log **slog.Logger) fx.Option {
	return fx.Invoke(func(l *tellingLog) { *log = l.Logger })
}

// Describing makes fx.New write a description to a path, as FXRESTATE_DESCRIBE does.
func Describing(path string) fx.Option { return describing(path) }

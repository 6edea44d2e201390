package sdk

import (
	"context"
	"log/slog"
)

// Key returns the key of the virtual object or the id of the workflow.
func (a *Attempt) Key() string { return a.sdk.Key() }

// LogHandler returns what the SDK logs lines of the handler to.
func (a *Attempt) LogHandler() slog.Handler { return a.sdk.Log().Handler() }

// Log returns the SDK's logger. Its handler finds the attempt in the context of each line,
// as it does for a logger that is given the ctx.
func (c *guarded) Log() *slog.Logger { return c.attempt.ownLogger() }

// ownLogger is made when it is first asked for: handlers ask for each line.
func (a *Attempt) ownLogger() *slog.Logger {
	if made := a.logger.Load(); made != nil {
		return made
	}
	a.logger.CompareAndSwap(nil, slog.New(attemptLog{a.sdk.Log().Handler(), a}))
	return a.logger.Load()
}

type attemptLog struct {
	slog.Handler
	attempt *Attempt
}

func (h attemptLog) Handle(ctx context.Context, record slog.Record) error {
	if ctx.Value(key{}) == nil {
		ctx = context.WithValue(ctx, key{}, h.attempt)
	}
	return h.Handler.Handle(ctx, record)
}

func (h attemptLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return attemptLog{h.Handler.WithAttrs(attrs), h.attempt}
}

func (h attemptLog) WithGroup(name string) slog.Handler {
	return attemptLog{h.Handler.WithGroup(name), h.attempt}
}

package logging

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"

	sdklog "github.com/restatedev/sdk-go/logging"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
)

// Config configures a [Handler].
type Config struct {
	// StackTraces adds the stack of the logging call to lines of level error.
	// (The line about a handler that panicked always has the stack of the panic.)
	// It has no effect with a slog.Handler of the application. Default: false.
	StackTraces bool
}

// Handler is a slog.Handler that writes to a zap core, or to another slog.Handler, and
// detects replay. It drops
//
//   - lines that handler code writes through its context's Log() while the
//     attempt replays, and
//   - lines that any logger on this Handler writes during replay with a context
//     that descends from the Restate handler's (log.InfoContext(ctx, …)).
//
// It lowers the SDK's own lines of level info, one or two for each attempt, to
// debug. The SDK logs an error that a handler returned twice, as a warning and as
// an error: the second line is dropped. The SDK's line about a panic that
// pipeline.LogPanics has logged is dropped too. Make a Handler with [NewHandler] or
// [Wrap].
type Handler struct {
	base slog.Handler // without with
	// with are attributes and groups that are not yet applied. They are applied on
	// the first line: the SDK adds two attributes for each attempt, and most
	// attempts log nothing.
	with  []with
	built atomic.Pointer[slog.Handler]
}

// with is one call of WithAttrs or, if group is set, of WithGroup.
type with struct {
	attrs []slog.Attr
	group string
}

// NewHandler makes a handler that writes to core.
func NewHandler(core zapcore.Core, cfg Config) *Handler {
	stackAt := slog.Level(100)
	if cfg.StackTraces {
		stackAt = slog.LevelError
	}
	return &Handler{base: zapslog.NewHandler(core,
		zapslog.AddStacktraceAt(stackAt),
		zapslog.WithCallerSkip(1), // Handle
	)}
}

// Wrap makes a handler that writes to base, which decides how lines look. If base is a
// Handler already, it is returned.
func Wrap(base slog.Handler) *Handler {
	if h, ok := base.(*Handler); ok {
		return h
	}
	return &Handler{base: base}
}

// out returns the base with all attributes applied.
func (h *Handler) out() slog.Handler {
	if built := h.built.Load(); built != nil {
		return *built
	}
	out := h.base
	for _, w := range h.with {
		if w.group != "" {
			out = out.WithGroup(w.group)
		} else {
			out = out.WithAttrs(w.attrs)
		}
	}
	h.built.Store(&out)
	return out
}

// Enabled reports whether a line of this level would be written.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	if replaying(ctx) {
		return false
	}
	if level == sdk.ReplayProbe {
		return true
	}
	return h.base.Enabled(ctx, relevel(ctx, level))
}

// Handle writes a line.
func (h *Handler) Handle(ctx context.Context, record slog.Record) error {
	if repeats(ctx, record) {
		return nil
	}
	record.Level = relevel(ctx, record.Level)
	return h.out().Handle(ctx, record)
}

// WithAttrs returns a handler that adds attributes to each line.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return h.clone(with{attrs: attrs})
}

// WithGroup returns a handler that puts later attributes under name.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.clone(with{group: name})
}

func (h *Handler) clone(w with) slog.Handler {
	return &Handler{base: h.base, with: append(slices.Clip(h.with), w)}
}

// replaying tells whether ctx belongs to an attempt that replays. The SDK's own
// logger puts that into the log context. For a line logged with the handler's ctx,
// the scope knows it.
func replaying(ctx context.Context) bool {
	if lc := sdklog.LogContextFrom(ctx); lc != nil {
		return lc.IsReplaying
	}
	s, err := scope.Find(ctx)
	return err == nil && s.Replaying()
}

// repeats reports whether a line of the SDK is about an error that was already
// logged.
func repeats(ctx context.Context, record slog.Record) (repeats bool) {
	lc := sdklog.LogContextFrom(ctx)
	if lc == nil || lc.Source != sdklog.LogSourceRestate || record.Level < slog.LevelError {
		return false
	}
	record.Attrs(func(a slog.Attr) bool {
		repeats = safeerr.IsLogged(a.Value.Any())
		return !repeats
	})
	return repeats
}

// relevel lowers the level of the SDK's lines about the progress of an attempt.
func relevel(ctx context.Context, level slog.Level) slog.Level {
	if lc := sdklog.LogContextFrom(ctx); lc != nil && lc.Source == sdklog.LogSourceRestate && level == slog.LevelInfo {
		return slog.LevelDebug
	}
	return level
}

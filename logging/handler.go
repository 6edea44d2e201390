package logging

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"

	sdklog "github.com/restatedev/sdk-go/logging"
	"go.uber.org/zap"

	"github.com/fxrestate/go/internal/printable"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
)

// Handler is a slog.Handler that writes to a zap logger, or to another slog.Handler, and
// knows of invocations. Lines with a context that descends from the Restate handler's
// (log.InfoContext(ctx, …)), and those of the context's own Log(),
//
//   - are dropped while the attempt replays: see [Config.KeepReplay], and
//   - have the attributes method, which is service/handler, and invocationID; key, if
//     [Config.Keys] asks for it; and traceID, if the attempt is traced.
//
// A line that is logged without that ctx is an ordinary one: it is written again on each
// replay, and does not say to which invocation it belongs. Go has no way to find that out.
//
// The SDK's own lines have levels that fit an operator: see [Levels]. The SDK's line about
// a panic that pipeline.LogPanics has logged is dropped.
//
// Control characters in messages are escaped, and so are in attributes those that encoders
// of JSON leave as they are, separators of lines and what changes the direction of a text.
// Make a Handler with [NewHandler] or [Wrap].
type Handler struct {
	sink *sink
	// with are attributes and groups that are not yet applied. They are applied on
	// the first line: the SDK adds two attributes for each attempt, and most
	// attempts log nothing.
	with    []with
	groups  []string
	ofSDK   bool // with has the SDK's attributes of an invocation
	built   atomic.Pointer[slog.Handler]
	grouped bool
}

// sink is where the lines of a Handler, and of all that are made from it, go.
type sink struct {
	base slog.Handler
	zap  *zap.Logger
	cfg  Config
}

// with is one call of WithAttrs or, if group is set, of WithGroup.
type with struct {
	attrs []slog.Attr
	group string
}

// NewHandler makes a handler that writes to the core of log, under its name.
func NewHandler(log *zap.Logger, cfg Config) *Handler {
	return &Handler{sink: &sink{zap: log, cfg: cfg, base: newZapHandler(log, cfg.StackTraces)}}
}

// Wrap makes a handler that writes to base, which decides how lines look. If base is a
// Handler already, it is returned, with the Config that it has.
func Wrap(base slog.Handler, cfg Config) *Handler {
	if h, ok := base.(*Handler); ok {
		return h
	}
	return &Handler{sink: &sink{base: base, zap: zap.New(newSlogCore(base)), cfg: cfg}}
}

// out returns base with all attributes applied.
func (h *Handler) out(base slog.Handler) slog.Handler {
	for _, w := range h.with {
		if w.group != "" {
			base = base.WithGroup(w.group)
		} else {
			base = base.WithAttrs(safeAttrs(w.attrs))
		}
	}
	return base
}

// Enabled reports whether a line of this level would be written. For a line of the SDK it
// may say so and be wrong, because the level is that of the message.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	lc := sdklog.LogContextFrom(ctx)
	if level == sdk.ReplayProbe {
		return !replaying(ctx, lc)
	}
	if lc != nil && lc.Source == sdklog.LogSourceRestate {
		return h.sink.enabledForSDK(ctx, highest(level))
	}
	return (h.sink.cfg.KeepReplay || !replaying(ctx, lc)) && h.sink.base.Enabled(ctx, level)
}

// Handle writes a line.
func (h *Handler) Handle(ctx context.Context, record slog.Record) error {
	if record.Level == sdk.ReplayProbe {
		h.answer(ctx)
		return nil
	}
	var more []slog.Attr
	lc := sdklog.LogContextFrom(ctx)
	if lc != nil && lc.Source == sdklog.LogSourceRestate {
		var keep bool
		if more, keep = h.sink.ofSDK(ctx, &record); !keep {
			return nil
		}
	} else {
		if of := scope.Of(ctx); of != nil {
			more = h.sink.ofInvocation(of, h.ofSDK || names(record))
		}
		if h.sink.cfg.KeepReplay && replaying(ctx, lc) {
			more = append(slices.Clip(more), slog.Bool("replaying", true))
		}
	}
	record.Message = printable.Text(record.Message)
	if h.sink.cfg.Redact != nil {
		record = h.redacted(record)
		more = h.sink.cfg.redact(nil, more)
	}
	var out slog.Handler
	if len(more) > 0 && h.grouped {
		out, more = h.out(h.sink.base.WithAttrs(safeAttrs(more))), nil
	} else {
		out = h.ready()
	}
	if toZap, ok := out.(*zapHandler); ok {
		return toZap.write(&record, more)
	}
	record = safeRecord(record)
	if len(more) > 0 {
		record = record.Clone()
		record.AddAttrs(safeAttrs(more)...)
	}
	return out.Handle(ctx, record)
}

// ready returns the base of the sink with all attributes applied, which it does once.
func (h *Handler) ready() slog.Handler {
	if built := h.built.Load(); built != nil {
		return *built
	}
	out := h.out(h.sink.base)
	h.built.Store(&out)
	return out
}

// redacted returns a line as Redact has it.
func (h *Handler) redacted(record slog.Record) slog.Record {
	attrs := make([]slog.Attr, 0, record.NumAttrs())
	record.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	out := slog.NewRecord(record.Time, record.Level, record.Message, record.PC)
	out.AddAttrs(h.sink.cfg.redact(h.groups, attrs)...)
	return out
}

// WithAttrs returns a handler that adds attributes to each line.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	c := h.clone(with{attrs: h.sink.cfg.redact(h.groups, attrs)})
	c.ofSDK = c.ofSDK || slices.ContainsFunc(attrs, isInvocationID)
	return c
}

// WithGroup returns a handler that puts later attributes under name.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := h.clone(with{group: name})
	c.grouped = true
	c.groups = append(slices.Clip(h.groups), name)
	return c
}

func (h *Handler) clone(w with) *Handler {
	return &Handler{sink: h.sink, groups: h.groups, grouped: h.grouped, ofSDK: h.ofSDK, with: append(slices.Clip(h.with), w)}
}

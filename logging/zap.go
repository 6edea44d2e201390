package logging

import (
	"context"
	"log/slog"
	"slices"

	sdklog "github.com/restatedev/sdk-go/logging"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxrestate/go/internal/printable"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
)

// From returns the application's *zap.Logger for the context of a handler, or one that
// descends from it. It writes where the *slog.Logger of the graph does, is silent while the
// attempt replays, before fields are built, and its lines have the attributes of the
// invocation: see [Handler].
//
// Its Fatal and Panic do not end the process, but the attempt: they log at ERROR and
// panic, and the invocation is retried. Outside of handlers that an endpoint serves with a
// [Handler], From returns zap.L().
func From(ctx context.Context) *zap.Logger {
	of := scope.Of(ctx)
	if of == nil {
		return zap.L()
	}
	kept, ok := of.Load(handlerKey{})
	if !ok {
		kept = of.LoadOrStore(handlerKey{}, find(of))
	}
	if h := kept.(*Handler); h != nil {
		return h.Zap(ctx)
	}
	return zap.L()
}

type handlerKey struct{}

// find returns the Handler that the SDK logs to, or nil: it gives the SDK's logger a line
// that is none, which only a Handler takes.
func find(of *scope.Scope) *Handler {
	var found *Handler
	ctx := context.WithValue(context.Background(), handlerKey{}, &found)
	_ = of.LogHandler().Handle(ctx, slog.Record{Level: sdk.ReplayProbe})
	return found
}

// answer tells find of the handler.
func (h *Handler) answer(ctx context.Context) {
	if found, ok := ctx.Value(handlerKey{}).(**Handler); ok {
		*found = h
	}
}

// Zap returns a *zap.Logger that writes what log/slog writes with h and ctx: see [From].
// It is made for each call: keep it for as long as the ctx. The attributes and groups that
// h got with WithAttrs and WithGroup are not on it.
func (h *Handler) Zap(ctx context.Context) *zap.Logger {
	of := scope.Of(ctx)
	if of == nil {
		return h.sink.zap
	}
	return h.sink.zap.WithOptions(
		zap.WrapCore(func(inner zapcore.Core) zapcore.Core { return &core{inner: inner, sink: h.sink, ctx: ctx, of: of} }),
		zap.WithFatalHook(zapcore.WriteThenPanic),
	)
}

// core is the core of an attempt's logger.
type core struct {
	inner  zapcore.Core
	sink   *sink
	ctx    context.Context //nolint:containedctx // a core has no other way to a ctx
	of     *scope.Scope
	named  bool     // inner has the attributes of the invocation
	groups []string // the namespaces of inner
}

func (c *core) replaying() bool { return replaying(c.ctx, sdklog.LogContextFrom(c.ctx)) }

// Enabled implements zapcore.LevelEnabler.
func (c *core) Enabled(level zapcore.Level) bool {
	return c.inner.Enabled(min(level, zapcore.ErrorLevel)) && (c.sink.cfg.KeepReplay || !c.replaying())
}

// With implements zapcore.Core. The attributes of the invocation come first, so that a
// namespace among the fields does not swallow them.
func (c *core) With(fields []zapcore.Field) zapcore.Core {
	clone := *c
	fields, clone.groups = c.fields(fields)
	clone.inner, clone.named = c.inner.With(fields), true
	return &clone
}

// Check implements zapcore.Core. A line ends no process, so its level is ERROR at most.
func (c *core) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.Enabled(entry.Level) {
		return checked
	}
	entry.Level = min(entry.Level, zapcore.ErrorLevel)
	return checked.AddCore(entry, c)
}

// Write implements zapcore.Core. It asks the core of the application once more, which may
// be several or sample.
func (c *core) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	fields, _ = c.fields(fields)
	if c.sink.cfg.KeepReplay && c.replaying() {
		fields = append(fields, zap.Bool("replaying", true))
	}
	entry.Message, entry.LoggerName = printable.Text(entry.Message), printable.Text(entry.LoggerName)
	if checked := c.inner.Check(entry, nil); checked != nil {
		checked.Write(fields...)
	}
	return nil
}

// Sync implements zapcore.Core.
func (c *core) Sync() error { return c.inner.Sync() }

// fields returns fields after those of the invocation, as Redact has them, and the
// namespaces that what follows them is in.
func (c *core) fields(fields []zapcore.Field) (out []zapcore.Field, groups []string) {
	var of []slog.Attr
	if !c.named {
		of = c.sink.cfg.redact(nil, c.sink.ofInvocation(c.of, false))
	}
	out = make([]zapcore.Field, 0, len(of)+len(fields)+1)
	for _, a := range of {
		out = append(out, fieldOf(a))
	}
	if c.sink.cfg.Redact == nil {
		for _, f := range fields {
			out = append(out, safeField(f))
		}
		return out, nil
	}
	groups = slices.Clip(c.groups)
	for _, f := range fields {
		if f.Type == zapcore.NamespaceType {
			groups = append(groups, f.Key)
			out = append(out, safeField(f))
			continue
		}
		for _, a := range c.sink.cfg.redact(groups, attrsOf(f)) {
			out = append(out, fieldOf(a))
		}
	}
	return out, groups
}

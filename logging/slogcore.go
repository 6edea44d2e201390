package logging

import (
	"context"
	"log/slog"
	"maps"
	"math"
	"slices"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/fxrestate/go/internal/printable"
)

// slogCore is a zapcore.Core that writes to a slog.Handler. It applies fields with the
// line, because the name of a logger stands outside of their namespaces.
type slogCore struct {
	to     slog.Handler
	fields []zapcore.Field
}

func newSlogCore(to slog.Handler) zapcore.Core { return slogCore{to: to} }

func slogLevel(level zapcore.Level) slog.Level {
	switch {
	case level >= zapcore.ErrorLevel:
		return slog.LevelError
	case level == zapcore.WarnLevel:
		return slog.LevelWarn
	case level == zapcore.InfoLevel:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

// Enabled implements zapcore.LevelEnabler.
func (c slogCore) Enabled(level zapcore.Level) bool {
	return c.to.Enabled(context.Background(), slogLevel(level))
}

// With implements zapcore.Core.
func (c slogCore) With(fields []zapcore.Field) zapcore.Core {
	c.fields = append(slices.Clip(c.fields), fields...)
	return c
}

// Check implements zapcore.Core.
func (c slogCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

// Write implements zapcore.Core.
func (c slogCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	record := slog.NewRecord(entry.Time, slogLevel(entry.Level), printable.Text(entry.Message), entry.Caller.PC)
	to := c.to
	if entry.LoggerName != "" {
		to = to.WithAttrs([]slog.Attr{slog.String("logger", printable.Value(entry.LoggerName))})
	}
	var attrs []slog.Attr
	for _, f := range append(slices.Clip(c.fields), fields...) {
		if f.Type != zapcore.NamespaceType {
			attrs = append(attrs, attrsOf(f)...)
			continue
		}
		if len(attrs) > 0 {
			to = to.WithAttrs(safeAttrs(attrs))
		}
		to, attrs = to.WithGroup(printable.Value(f.Key)), nil
	}
	record.AddAttrs(safeAttrs(attrs)...)
	if entry.Stack != "" {
		record.AddAttrs(slog.String("stacktrace", entry.Stack))
	}
	return to.Handle(context.Background(), record)
}

// Sync implements zapcore.Core.
func (slogCore) Sync() error { return nil }

// attrsOf converts a field of zap, which may be none or several attributes.
func attrsOf(f zapcore.Field) []slog.Attr {
	one := func(v slog.Value) []slog.Attr { return []slog.Attr{{Key: f.Key, Value: v}} }
	switch f.Type {
	case zapcore.SkipType:
		return nil
	case zapcore.StringType:
		return one(slog.StringValue(f.String))
	case zapcore.BoolType:
		return one(slog.BoolValue(f.Integer == 1))
	case zapcore.Int64Type, zapcore.Int32Type, zapcore.Int16Type, zapcore.Int8Type:
		return one(slog.Int64Value(f.Integer))
	case zapcore.DurationType:
		return one(slog.DurationValue(time.Duration(f.Integer)))
	case zapcore.Float64Type:
		return one(slog.Float64Value(math.Float64frombits(uint64(f.Integer))))
	case zapcore.ErrorType, zapcore.ReflectType:
		return one(slog.AnyValue(f.Interface))
	default:
		enc := zapcore.NewMapObjectEncoder()
		f.AddTo(enc)
		return attrsOfMap(enc.Fields)
	}
}

// attrsOfMap converts what zap encodes of objects. An empty one stays a map, since handlers
// leave empty groups out.
func attrsOfMap(fields map[string]any) []slog.Attr {
	attrs := make([]slog.Attr, 0, len(fields))
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if within, ok := fields[key].(map[string]any); ok && len(within) > 0 {
			attrs = append(attrs, slog.Attr{Key: key, Value: slog.GroupValue(attrsOfMap(within)...)})
			continue
		}
		attrs = append(attrs, slog.Any(key, fields[key]))
	}
	return attrs
}

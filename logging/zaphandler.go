package logging

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"sync"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxrestate/go/internal/printable"
)

// zapHandler is a slog.Handler that writes to the core of a zap logger. Make one with
// newZapHandler.
type zapHandler struct {
	core   zapcore.Core
	name   string
	stacks bool
	groups []string // not opened yet, since a group without attributes is left out
	// pool is of lists of fields, if core is one that encodes the fields at once. Another
	// core gets a list of its own, since it may keep it.
	pool *sync.Pool
}

// encodes is the type of the cores that zapcore.NewCore makes. Their Check only asks
// Enabled, and their Write keeps nothing.
var encodes = reflect.TypeOf(zapcore.NewCore(nil, nil, nil))

func newZapHandler(log *zap.Logger, stacks bool) *zapHandler {
	z := &zapHandler{core: log.Core(), name: log.Name(), stacks: stacks}
	if reflect.TypeOf(z.core) == encodes {
		z.pool = &sync.Pool{New: func() any { return new(make([]zapcore.Field, 0, fieldsOfLine)) }}
	}
	return z
}

// fieldsOfLine is the room for fields that a list has at first.
const fieldsOfLine = 16

// Enabled implements slog.Handler.
func (z *zapHandler) Enabled(_ context.Context, level slog.Level) bool {
	return z.core.Enabled(zapLevel(level))
}

// Handle implements slog.Handler.
func (z *zapHandler) Handle(_ context.Context, record slog.Record) error {
	return z.write(&record, nil)
}

// write writes a line with more attributes after its own.
func (z *zapHandler) write(record *slog.Record, more []slog.Attr) error {
	entry := zapcore.Entry{Level: zapLevel(record.Level), Time: record.Time, Message: record.Message, LoggerName: z.name}
	if z.pool == nil {
		if checked := z.core.Check(entry, nil); checked != nil {
			checked.Stack = z.stack(record.Level)
			checked.Write(z.fields(nil, record, more)...)
		}
		return nil
	}
	if !z.core.Enabled(entry.Level) {
		return nil
	}
	entry.Stack = z.stack(record.Level)
	list := z.pool.Get().(*[]zapcore.Field)
	*list = z.fields((*list)[:0], record, more)
	err := z.core.Write(entry, *list)
	clear(*list)
	z.pool.Put(list)
	return err
}

// stack returns the stack of the call of a *slog.Logger that wrote a line, if it has one.
func (z *zapHandler) stack(level slog.Level) string {
	if !z.stacks || level < slog.LevelError {
		return ""
	}
	const frames = 5 // stack, write, Handler.Handle and two of the logger
	return zap.StackSkip("", frames).String
}

// fields appends the fields of a line. Beyond its length, to has to be zero. The kinds that
// most attributes have are set where they stand, since copying a field takes longer than
// converting one.
func (z *zapHandler) fields(to []zapcore.Field, record *slog.Record, more []slog.Attr) []zapcore.Field {
	to = slices.Grow(to, len(z.groups)+record.NumAttrs()+len(more))
	record.Attrs(func(a slog.Attr) bool {
		if n := len(to); n > 0 || len(z.groups) == 0 {
			f := &to[:n+1][n]
			switch a.Value.Kind() {
			case slog.KindString:
				f.Key, f.Type, f.String = printable.Value(a.Key), zapcore.StringType, printable.Value(a.Value.String())
				to = to[:n+1]
				return true
			case slog.KindInt64:
				f.Key, f.Type, f.Integer = printable.Value(a.Key), zapcore.Int64Type, a.Value.Int64()
				to = to[:n+1]
				return true
			}
		}
		to = z.append(to, a)
		return true
	})
	for _, a := range more {
		to = z.append(to, a)
	}
	return to
}

// WithAttrs implements slog.Handler.
func (z *zapHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	fields := make([]zapcore.Field, 0, len(z.groups)+len(attrs))
	for _, a := range attrs {
		fields = z.append(fields, a)
	}
	if len(fields) == 0 {
		return z
	}
	clone := *z
	clone.core, clone.groups = z.core.With(fields), nil
	return &clone
}

// WithGroup implements slog.Handler.
func (z *zapHandler) WithGroup(name string) slog.Handler {
	clone := *z
	clone.groups = append(slices.Clip(z.groups), name)
	return &clone
}

// append appends an attribute to the fields of a line, in the groups of z.
func (z *zapHandler) append(fields []zapcore.Field, a slog.Attr) []zapcore.Field {
	f := fieldOf(a)
	if f.Type == zapcore.SkipType {
		return fields
	}
	if len(fields) == 0 {
		for _, group := range z.groups {
			fields = append(fields, zap.Namespace(group))
		}
	}
	return append(fields, f)
}

// zapLevel is never one that ends the process.
func zapLevel(level slog.Level) zapcore.Level {
	switch {
	case level >= slog.LevelError:
		return zapcore.ErrorLevel
	case level >= slog.LevelWarn:
		return zapcore.WarnLevel
	case level >= slog.LevelInfo:
		return zapcore.InfoLevel
	default:
		return zapcore.DebugLevel
	}
}

// fieldOf converts an attribute. The field of one that handlers leave out is of SkipType.
func fieldOf(a slog.Attr) zapcore.Field {
	a.Key = printable.Value(a.Key)
	switch a.Value.Kind() {
	case slog.KindString:
		return zap.String(a.Key, printable.Value(a.Value.String()))
	case slog.KindInt64:
		return zap.Int64(a.Key, a.Value.Int64())
	case slog.KindBool:
		return zap.Bool(a.Key, a.Value.Bool())
	case slog.KindDuration:
		return zap.Duration(a.Key, a.Value.Duration())
	case slog.KindFloat64:
		return zap.Float64(a.Key, a.Value.Float64())
	case slog.KindUint64:
		return zap.Uint64(a.Key, a.Value.Uint64())
	case slog.KindTime:
		return zap.Time(a.Key, a.Value.Time())
	case slog.KindLogValuer:
		return fieldOf(slog.Attr{Key: a.Key, Value: a.Value.Resolve()})
	case slog.KindGroup:
		switch within := attrs(a.Value.Group()); {
		case len(within) == 0:
			return zap.Skip()
		case a.Key == "":
			return zap.Inline(within)
		default:
			return zap.Object(a.Key, within)
		}
	default:
		if a.Equal(slog.Attr{}) {
			return zap.Skip()
		}
		return safeField(zap.Any(a.Key, a.Value.Any()))
	}
}

// attrs are the attributes of a group, which are converted when the group is encoded.
type attrs []slog.Attr

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (within attrs) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for _, a := range within {
		fieldOf(a).AddTo(enc)
	}
	return nil
}

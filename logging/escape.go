package logging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"

	"go.uber.org/zap/zapcore"

	"github.com/fxrestate/go/internal/printable"
)

// safeRecord returns a line whose attributes forge nothing: see [printable.Value].
func safeRecord(record slog.Record) slog.Record {
	var safe []slog.Attr // nil as long as nothing is changed
	n := 0
	record.Attrs(func(a slog.Attr) bool {
		a, changed := safeAttr(a)
		if changed && safe == nil {
			safe = make([]slog.Attr, 0, record.NumAttrs())
			record.Attrs(func(before slog.Attr) bool {
				if len(safe) < n {
					safe = append(safe, before)
				}
				return len(safe) < n
			})
		}
		if safe != nil {
			safe = append(safe, a)
		}
		n++
		return true
	})
	if safe == nil {
		return record
	}
	out := slog.NewRecord(record.Time, record.Level, record.Message, record.PC)
	out.AddAttrs(safe...)
	return out
}

// safeAttrs returns attributes that forge nothing: attrs, if they are such.
func safeAttrs(attrs []slog.Attr) []slog.Attr {
	var safe []slog.Attr
	for i, a := range attrs {
		a, changed := safeAttr(a)
		if changed && safe == nil {
			safe = append(make([]slog.Attr, 0, len(attrs)), attrs[:i]...)
		}
		if safe != nil {
			safe = append(safe, a)
		}
	}
	if safe == nil {
		return attrs
	}
	return safe
}

// safeAttr tells also whether it changed the attribute. A LogValuer is resolved, once.
func safeAttr(a slog.Attr) (safe slog.Attr, changed bool) {
	if key := printable.Value(a.Key); len(key) != len(a.Key) {
		a.Key, changed = key, true
	}
	if a.Value.Kind() == slog.KindLogValuer {
		a.Value, changed = a.Value.Resolve(), true
	}
	switch a.Value.Kind() {
	case slog.KindString:
		if s := a.Value.String(); len(printable.Value(s)) != len(s) {
			a.Value, changed = slog.StringValue(printable.Value(s)), true
		}
	case slog.KindGroup:
		within := a.Value.Group()
		if safe := safeAttrs(within); len(within) > 0 && &safe[0] != &within[0] {
			a.Value, changed = slog.GroupValue(safe...), true
		}
	case slog.KindAny:
		if v, other := safeAny(a.Value.Any()); other {
			a.Value, changed = slog.AnyValue(v), true
		}
	}
	return a, changed
}

// safeAny returns what stands for a value that forges something, and whether it does.
func safeAny(v any) (safe any, forges bool) {
	switch v := v.(type) {
	case nil, []byte, *slog.Source:
		return v, false
	case json.Marshaler:
		return safeJSON(v)
	case error:
		safe := safeErr(v)
		_, forges = safe.(safeError)
		return safe, forges
	default:
		return safeJSON(v)
	}
}

// safeErr returns err, or what stands for it if its text forges something, or the longer
// one that zap writes of errors which have it.
func safeErr(err error) error {
	text, ok := textOf(err.Error)
	if !ok {
		return err
	}
	long := text
	if _, has := err.(fmt.Formatter); has {
		long, _ = textOf(func() string { return fmt.Sprintf("%+v", err) })
	}
	if safe := printable.Value(text); len(safe) != len(text) || len(printable.Value(long)) != len(long) {
		return safeError{err, safe}
	}
	return err
}

// safeJSON returns the JSON of a value that forges something. In JSON a character may be
// escaped, so who reads it has the value as it was.
func safeJSON(v any) (safe any, forges bool) {
	text, ok := textOf(func() string {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if enc.Encode(v) != nil {
			return "" // the sink says why
		}
		return string(bytes.TrimSpace(b.Bytes()))
	})
	if escaped := printable.Value(text); ok && len(escaped) != len(text) {
		return json.RawMessage(escaped), true
	}
	return v, false
}

// textOf calls a method of a value. If it panics, it does so again in the sink, which
// knows what to write then.
func textOf(text func() string) (s string, ok bool) {
	defer func() { _ = recover() }()
	return text(), true
}

// safeError is an error whose text forged something.
type safeError struct {
	error

	text string
}

// Error returns the text, escaped.
func (e safeError) Error() string { return e.text }

// Unwrap returns the error.
func (e safeError) Unwrap() error { return e.error }

// safeField is safeAttr for a field of zap.
func safeField(f zapcore.Field) zapcore.Field {
	f.Key = printable.Value(f.Key)
	switch f.Type {
	case zapcore.StringType:
		f.String = printable.Value(f.String)
	case zapcore.ByteStringType:
		if text, ok := f.Interface.([]byte); ok {
			f.Interface = safeBytes(text)
		}
	case zapcore.StringerType:
		if v, ok := f.Interface.(fmt.Stringer); ok {
			if text, ok := textOf(v.String); ok && len(printable.Value(text)) != len(text) {
				f.Type, f.Interface, f.String = zapcore.StringType, nil, printable.Value(text)
			}
		}
	case zapcore.ErrorType:
		if err, ok := f.Interface.(error); ok {
			f.Interface = safeErr(err)
		}
	case zapcore.ReflectType:
		f.Interface, _ = safeAny(f.Interface)
	case zapcore.ArrayMarshalerType:
		if v, ok := f.Interface.(zapcore.ArrayMarshaler); ok {
			f.Interface = safeArray(v)
		}
	case zapcore.ObjectMarshalerType, zapcore.InlineMarshalerType:
		if v, ok := f.Interface.(zapcore.ObjectMarshaler); ok {
			f.Interface = safeObject(v)
		}
	}
	return f
}

func safeBytes(text []byte) []byte {
	if safe := printable.Value(string(text)); len(safe) != len(text) {
		return []byte(safe)
	}
	return text
}

// safeObject returns an object that is encoded by way of an objectEncoder.
func safeObject(v zapcore.ObjectMarshaler) zapcore.ObjectMarshaler {
	if within, ok := v.(attrs); ok {
		return within // fieldOf does it
	}
	return zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error {
		return v.MarshalLogObject(objectEncoder{enc})
	})
}

func safeArray(v zapcore.ArrayMarshaler) zapcore.ArrayMarshaler {
	return zapcore.ArrayMarshalerFunc(func(enc zapcore.ArrayEncoder) error {
		return v.MarshalLogArray(arrayEncoder{enc})
	})
}

// objectEncoder escapes what objects of zap consist of.
type objectEncoder struct{ zapcore.ObjectEncoder }

func (e objectEncoder) AddString(key, s string) {
	e.ObjectEncoder.AddString(printable.Value(key), printable.Value(s))
}

func (e objectEncoder) AddByteString(key string, s []byte) {
	e.ObjectEncoder.AddByteString(printable.Value(key), safeBytes(s))
}

func (e objectEncoder) AddReflected(key string, v any) error {
	v, _ = safeAny(v)
	return e.ObjectEncoder.AddReflected(printable.Value(key), v)
}

func (e objectEncoder) AddObject(key string, v zapcore.ObjectMarshaler) error {
	return e.ObjectEncoder.AddObject(printable.Value(key), safeObject(v))
}

func (e objectEncoder) AddArray(key string, v zapcore.ArrayMarshaler) error {
	return e.ObjectEncoder.AddArray(printable.Value(key), safeArray(v))
}

// arrayEncoder escapes what arrays of zap consist of.
type arrayEncoder struct{ zapcore.ArrayEncoder }

func (e arrayEncoder) AppendString(s string) { e.ArrayEncoder.AppendString(printable.Value(s)) }

func (e arrayEncoder) AppendByteString(s []byte) { e.ArrayEncoder.AppendByteString(safeBytes(s)) }

func (e arrayEncoder) AppendReflected(v any) error {
	v, _ = safeAny(v)
	return e.ArrayEncoder.AppendReflected(v)
}

func (e arrayEncoder) AppendObject(v zapcore.ObjectMarshaler) error {
	return e.ArrayEncoder.AppendObject(safeObject(v))
}

func (e arrayEncoder) AppendArray(v zapcore.ArrayMarshaler) error {
	return e.ArrayEncoder.AppendArray(safeArray(v))
}

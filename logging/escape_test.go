package logging_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxrestate/go/logging"
)

// hostile begins lines, colours terminals and turns texts round, in characters that JSON
// need not escape. forging are these.
const (
	hostile = "a\u2028b\u0085c\u009b31md\u202ee\u2066f\x7f"
	forging = "\u2028\u0085\u009b\u202e\u2066\x7f"
)

type named struct{ Name string }

func (n named) String() string { return n.Name }

type late string

func (l late) LogValue() slog.Value { return slog.StringValue(string(l)) }

// longError has a longer text, which zap writes as well.
type longError struct{}

func (longError) Error() string                 { return "short" }
func (longError) Format(s fmt.State, verb rune) { _, _ = io.WriteString(s, hostile) }

// brokenError panics when it is asked for its text.
type brokenError struct{ inner error }

func (b *brokenError) Error() string { return b.inner.Error() }

// hostileAttrs are values of all kinds.
func hostileAttrs() []any {
	return []any{
		slog.String("string", hostile), slog.String(hostile, "key"),
		slog.Any("error", errors.New(hostile)), slog.Any("wrapped", fmt.Errorf("w: %w", errors.New(hostile))), slog.Any("long", longError{}),
		slog.Any("strings", []string{hostile}), slog.Any("errors", []error{errors.New(hostile)}),
		slog.Any("map", map[string]any{hostile: []any{hostile}}), slog.Any("struct", named{hostile}), slog.Any("pointer", &named{hostile}),
		slog.Any("late", late(hostile)), slog.Group("group", "within", hostile, slog.Group("deeper", "late", late(hostile))),
		slog.Any("broken", (*brokenError)(nil)), slog.Any("nil", nil), slog.Any("number", 1.5),
	}
}

func hostileFields() []zap.Field {
	return []zap.Field{
		zap.String("string", hostile), zap.String(hostile, "key"), zap.ByteString("bytes", []byte(hostile)),
		zap.Error(errors.New(hostile)), zap.NamedError("long", longError{}), zap.Stringer("stringer", named{hostile}), zap.Stringer("nil", (*named)(nil)),
		zap.Strings("strings", []string{hostile}), zap.Errors("errors", []error{errors.New(hostile)}), zap.ByteStrings("byteses", [][]byte{[]byte(hostile)}),
		zap.Any("map", map[string]any{hostile: []any{hostile}}), zap.Any("struct", struct{ Name string }{hostile}),
		zap.Dict("dict", zap.String(hostile, hostile), zap.Strings("strings", []string{hostile}), zap.Dict("deeper", zap.String("s", hostile), zap.Any("any", []any{hostile}))),
		zap.Inline(zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error {
			enc.AddByteString("inline", []byte(hostile))
			return enc.AddArray("array", zapcore.ArrayMarshalerFunc(func(enc zapcore.ArrayEncoder) error {
				return errors.Join(enc.AppendReflected([]string{hostile}), enc.AppendObject(zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error {
					enc.AddString("s", hostile)
					return nil
				})))
			}))
		})),
		zap.Namespace(hostile), zap.String("last", hostile),
	}
}

// sinks are those that a Handler may have.
func sinks() map[string]func(io.Writer) *logging.Handler {
	core := func(w io.Writer) zapcore.Core {
		return zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(zapcore.AddSync(w)), zap.DebugLevel)
	}
	keep := logging.Config{Redact: func(_ []string, a slog.Attr) slog.Attr { return a }}
	return map[string]func(io.Writer) *logging.Handler{
		"JSON of zap": func(w io.Writer) *logging.Handler { return logging.NewHandler(zap.New(core(w)), logging.Config{}) },
		"JSON of zap after redaction": func(w io.Writer) *logging.Handler {
			return logging.NewHandler(zap.New(core(w)), keep)
		},
		"several cores": func(w io.Writer) *logging.Handler {
			return logging.NewHandler(zap.New(zapcore.NewTee(core(w), zapcore.NewNopCore())), logging.Config{})
		},
		"console of zap": func(w io.Writer) *logging.Handler {
			return logging.NewHandler(zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()), zapcore.Lock(zapcore.AddSync(w)), zap.DebugLevel)), logging.Config{})
		},
		"JSON of slog": func(w io.Writer) *logging.Handler { return logging.Wrap(slog.NewJSONHandler(w, nil), logging.Config{}) },
		"JSON of slog after redaction": func(w io.Writer) *logging.Handler {
			return logging.Wrap(slog.NewJSONHandler(w, nil), keep)
		},
		"text of slog": func(w io.Writer) *logging.Handler { return logging.Wrap(slog.NewTextHandler(w, nil), logging.Config{}) },
	}
}

// Hostile logs what it should not.
type Hostile struct{ log *slog.Logger }

// Log logs in every way.
func (h *Hostile) Log(ctx restate.ObjectContext) error {
	for _, log := range []*slog.Logger{h.log, ctx.Log()} {
		log.InfoContext(ctx, "slog "+hostile, hostileAttrs()...)
		log.With(hostileAttrs()...).WithGroup("g").InfoContext(ctx, "with "+hostile, hostileAttrs()...)
	}
	log := logging.From(ctx)
	log.Info("zap "+hostile, hostileFields()...)
	log.Named(hostile).With(hostileFields()...).Info("with "+hostile, hostileFields()...)
	return nil
}

func TestNoValueForgesALineOrColoursATerminal(t *testing.T) {
	t.Parallel()
	for name, sink := range sinks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out syncBuffer
			h := sink(&out)
			url := serveStruct(t, "hostile", h, &Hostile{slog.New(h)})
			status, body := call(t, url+"/key/Log")
			require.Equal(t, http.StatusOK, status, body)
			text := out.String()
			require.NotContains(t, text, "\x1b")
			for _, c := range forging {
				require.NotContains(t, text, string(c), "%U", c)
			}
			for _, line := range []string{"slog", "with", "zap"} {
				require.Contains(t, text, line+" ")
			}
		})
	}
}

func TestTheZapLoggerOfAHandlerOfSlogForgesNothing(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := logging.Wrap(slog.NewJSONHandler(&out, nil), logging.Config{}).Zap(context.Background())
	log.Named(hostile).With(hostileFields()...).Info(hostile, hostileFields()...)
	for _, c := range forging {
		require.NotContains(t, out.String(), string(c), "%U", c)
	}
}

// What a program reads from the JSON of a value that has several strings is what was logged.
func TestEscapedValuesAreReadAsTheyWere(t *testing.T) {
	t.Parallel()
	var out syncBuffer
	slog.New(logging.Wrap(slog.NewJSONHandler(&out, nil), logging.Config{})).Info("line", "v", named{hostile}, "s", "a\nb", "t", "a\u0085b")
	line := out.lines(t)[0]
	require.Equal(t, map[string]any{"Name": hostile}, line["v"])
	require.Equal(t, "a\nb", line["s"])
	require.Equal(t, `a\u0085b`, line["t"])
}

// An error stays what it is for a sink that looks at it.
func TestEscapedErrorsAreFoundByErrorsIs(t *testing.T) {
	t.Parallel()
	var got error
	base := slog.NewTextHandler(io.Discard, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "error" {
			got, _ = a.Value.Any().(error)
		}
		return a
	}})
	slog.New(logging.Wrap(base, logging.Config{})).Info("line", "error", fmt.Errorf("%s: %w", hostile, io.EOF))
	require.ErrorIs(t, got, io.EOF)
	require.NotContains(t, got.Error(), "\u2028")
}

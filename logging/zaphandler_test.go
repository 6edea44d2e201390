package logging_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxrestate/go/logging"
)

// cores are a core of zapcore.NewCore, whose lines take a shorter way, and others.
func cores(out *bytes.Buffer, level zapcore.LevelEnabler) map[string]zapcore.Core {
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		LevelKey: "level", EncodeLevel: zapcore.LowercaseLevelEncoder, MessageKey: "msg", NameKey: "name", StacktraceKey: "stack",
		EncodeDuration: zapcore.StringDurationEncoder, EncodeTime: zapcore.RFC3339TimeEncoder,
	}), zapcore.AddSync(out), level)
	return map[string]zapcore.Core{
		"one core":        core,
		"two cores":       zapcore.NewTee(core, zapcore.NewNopCore()),
		"a sampling core": zapcore.NewSamplerWithOptions(core, time.Hour, 1000, 0),
	}
}

// valuer has a value that it works out.
type valuer struct{ slog.Value }

func (v valuer) LogValue() slog.Value { return v.Value }

func TestALineHasItsAttributesInEachKindOfCore(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 27, 5, 0, 0, 0, time.UTC)
	empty := slog.Group("empty")
	for name, tt := range map[string]struct {
		log  func(log *slog.Logger)
		want string
	}{
		"of every kind": {
			func(log *slog.Logger) {
				log.Info(
					"line", slog.String("s", "x"), slog.Int("i", -1), slog.Uint64("u", 1), slog.Float64("f", 1.5), slog.Bool("b", true),
					slog.Duration("d", time.Second), slog.Time("t", at), slog.Any("err", errors.New("failed")), slog.Any("m", map[string]int{"k": 1}),
				)
			},
			`{"s":"x","i":-1,"u":1,"f":1.5,"b":true,"d":"1s","t":"2026-11-27T05:00:00Z","err":"failed","m":{"k":1}}`,
		},
		"in groups": {
			func(log *slog.Logger) {
				log.Info("line", slog.Group("g", slog.Int("a", 1), slog.Group("h", slog.Int("b", 2))), slog.Group("", slog.Int("c", 3)))
			},
			`{"g":{"a":1,"h":{"b":2}},"c":3}`,
		},
		"of its logger": {
			func(log *slog.Logger) {
				log.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").Info("line", "c", 3)
			},
			`{"a":1,"g":{"b":2,"h":{"c":3}}}`,
		},
		"and no empty groups": {
			func(log *slog.Logger) {
				log.With(empty).WithGroup("g").With(empty).WithGroup("h").Info("line", empty, slog.Any("v", valuer{slog.GroupValue()}), slog.Attr{})
			},
			`{}`,
		},
		"and the groups of the first that is one": {
			func(log *slog.Logger) { log.WithGroup("g").Info("line", empty, slog.Attr{}, slog.Int("a", 1)) },
			`{"g":{"a":1}}`,
		},
		"that are worked out": {
			func(log *slog.Logger) {
				log.With("a", valuer{slog.AnyValue(valuer{slog.IntValue(1)})}).
					Info("line", "g", valuer{slog.GroupValue(slog.Any("b", valuer{slog.StringValue("x")}))})
			},
			`{"a":1,"g":{"b":"x"}}`,
		},
		"that are more than a list has room for": {
			func(log *slog.Logger) {
				var attrs []any
				for i := range 40 {
					attrs = append(attrs, slog.Int(fmt.Sprintf("n%02d", i), i))
				}
				log.Info("line", slog.Group("g", attrs...))
				log.Info("line", attrs...)
			},
			`{` + numbers(40) + `}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			for of, core := range cores(&out, zapcore.InfoLevel) {
				t.Run(of, func(t *testing.T) {
					out.Reset()
					tt.log(slog.New(logging.NewHandler(zap.New(core).Named("shop"), logging.Config{})))
					lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
					head, rest, _ := bytes.Cut(lines[len(lines)-1], []byte(`"msg":"line"`))
					require.Equal(t, `{"level":"info","name":"shop",`, string(head))
					require.Equal(t, tt.want, "{"+string(bytes.TrimPrefix(rest, []byte(","))), "in the order of the call")
				})
			}
		})
	}
}

func numbers(n int) (fields string) {
	for i := range n {
		if i > 0 {
			fields += ","
		}
		fields += fmt.Sprintf(`"n%02d":%d`, i, i)
	}
	return fields
}

func TestStacksBeginWhereTheLineIsLoggedInEachKindOfCore(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	for of, core := range cores(&out, zapcore.InfoLevel) {
		t.Run(of, func(t *testing.T) {
			out.Reset()
			slog.New(logging.NewHandler(zap.New(core), logging.Config{StackTraces: true})).Error("line")
			var line struct{ Stack string }
			require.NoError(t, json.Unmarshal(out.Bytes(), &line))
			require.Regexp(t, `^github\.com/fxrestate/go/logging_test\.TestStacksBegin`, line.Stack)
		})
	}
}

// A handler of others may not ask before it passes lines on.
func TestALineBelowTheLevelIsDroppedInEachKindOfCore(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	level := zap.NewAtomicLevelAt(zapcore.WarnLevel)
	for of, core := range cores(&out, level) {
		t.Run(of, func(t *testing.T) {
			require.NoError(t, logging.NewHandler(zap.New(core), logging.Config{}).Handle(t.Context(), slog.Record{}))
			require.Empty(t, out.String())
		})
	}
}

// broken does not write.
type broken struct{ error }

func (b broken) Write([]byte) (int, error) { return 0, b.error }

func TestALineThatIsNotWrittenIsAnErrorOfTheHandler(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(broken{full}), zapcore.InfoLevel)
	require.ErrorIs(t, logging.NewHandler(zap.New(core), logging.Config{}).Handle(t.Context(), slog.Record{}), full)
}

// keeping is a core that writes its lines later.
type keeping struct {
	zapcore.LevelEnabler
	lines *[][]zapcore.Field
}

func (k keeping) With([]zapcore.Field) zapcore.Core { return k }
func (keeping) Sync() error                         { return nil }

func (k keeping) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return checked.AddCore(entry, k)
}

func (k keeping) Write(_ zapcore.Entry, fields []zapcore.Field) error {
	*k.lines = append(*k.lines, fields)
	return nil
}

func TestACoreMayKeepTheFieldsOfALine(t *testing.T) {
	t.Parallel()
	var lines [][]zapcore.Field
	log := slog.New(logging.NewHandler(zap.New(keeping{zapcore.InfoLevel, &lines}), logging.Config{}))
	for i := range 3 {
		log.Info("line", "i", i)
	}
	require.Equal(t, [][]zapcore.Field{{zap.Int("i", 0)}, {zap.Int("i", 1)}, {zap.Int("i", 2)}}, lines)
}

func TestLinesOfManyAtOnceDoNotMix(t *testing.T) {
	t.Parallel()
	var out syncBuffer
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(&out), zapcore.InfoLevel)
	log := slog.New(logging.NewHandler(zap.New(core), logging.Config{}))
	var want []map[string]any
	var wg sync.WaitGroup
	for i := range 8 {
		for j := range 20 {
			want = append(want, map[string]any{"i": float64(i), "n": map[string]any{"j": float64(j)}})
		}
		wg.Go(func() {
			for j := range 20 {
				log.Info("line", "i", i, slog.Group("n", "j", j))
			}
		})
	}
	wg.Wait()
	require.ElementsMatch(t, want, out.lines(t))
}

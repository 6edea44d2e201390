package logging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"

	sdklog "github.com/restatedev/sdk-go/logging"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/logging"
)

// from returns the context with which the SDK's handler calls ours.
func from(source sdklog.LogSource, replaying bool) context.Context {
	return sdklog.WithLogContext(context.Background(), &sdklog.LogContext{Source: source, IsReplaying: replaying})
}

var (
	live   = from(sdklog.LogSourceUser, false)
	replay = from(sdklog.LogSourceUser, true)
	ofSDK  = from(sdklog.LogSourceRestate, false)
)

func TestHandlerKeepsTheRulesOfSlog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey: slog.TimeKey, EncodeTime: zapcore.RFC3339NanoTimeEncoder,
		LevelKey: slog.LevelKey, EncodeLevel: zapcore.CapitalLevelEncoder, MessageKey: slog.MessageKey,
		EncodeDuration: zapcore.StringDurationEncoder,
		SkipLineEnding: false, LineEnding: "\n",
	})
	// zap writes no zero time, so the test uses none.
	core := zapcore.NewCore(encoder, zapcore.AddSync(&out), zapcore.DebugLevel)
	err := slogtest.TestHandler(logging.NewHandler(zap.New(core), logging.Config{}), func() (results []map[string]any) {
		for line := range strings.Lines(out.String()) {
			var m map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &m))
			if at, ok := m[slog.TimeKey].(string); ok && strings.HasPrefix(at, "0001-") {
				delete(m, slog.TimeKey)
			}
			results = append(results, m)
		}
		return results
	})
	require.NoError(t, err)
}

func TestAWrappedHandlerKeepsTheRulesOfSlogAndIsSilentOnReplay(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := logging.Wrap(slog.NewJSONHandler(&out, nil), logging.Config{})
	require.Same(t, h, logging.Wrap(h, logging.Config{}))
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return h
	}, func(t *testing.T) (line map[string]any) {
		require.NoError(t, json.Unmarshal(out.Bytes(), &line))
		return line
	})
	out.Reset()
	slog.New(h).With("a", 1).WithGroup("g").InfoContext(replay, "line", "b", 2)
	require.Empty(t, out.String())
	slog.New(h).With("a", 1).WithGroup("g").InfoContext(live, "line", "b", 2)
	require.Contains(t, out.String(), `"a":1,"g":{"b":2}`)
	out.Reset()
	slog.New(h).InfoContext(ofSDK, "line")
	require.Empty(t, out.String(), "it is for debugging")
	require.False(t, h.Enabled(ofSDK, slog.LevelInfo))
	require.True(t, h.Enabled(live, sdk.ReplayProbe))
}

func TestEnabledAsksTheCoreAndReplay(t *testing.T) {
	t.Parallel()
	levels := []slog.Level{-8, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, slog.LevelError + 4}
	for _, tt := range []struct {
		name string
		core zapcore.Level
		ctx  context.Context
		want []bool
	}{
		{"outside a handler", zapcore.InfoLevel, context.Background(), []bool{false, false, true, true, true, true}},
		{"in a handler", zapcore.InfoLevel, live, []bool{false, false, true, true, true, true}},
		{"in a handler for debugging", zapcore.DebugLevel, live, []bool{true, true, true, true, true, true}},
		{"in a handler that replays", zapcore.DebugLevel, replay, []bool{false, false, false, false, false, false}},
		{"in the SDK, whose info is for debugging", zapcore.InfoLevel, ofSDK, []bool{false, false, false, true, true, true}},
		{"in the SDK for debugging", zapcore.DebugLevel, ofSDK, []bool{true, true, true, true, true, true}},
		{"in a logger of nothing", zapcore.FatalLevel, live, []bool{false, false, false, false, false, false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			core, lines := observer.New(tt.core)
			h := logging.NewHandler(zap.New(core), logging.Config{})
			for i, level := range levels {
				t.Run(level.String(), func(t *testing.T) {
					require.Equal(t, tt.want[i], h.Enabled(tt.ctx, level), "%s: %s", tt.name, level)
					slog.New(h).Log(tt.ctx, level, "line")
					require.Equal(t, tt.want[i], len(lines.TakeAll()) == 1, "%s: %s", tt.name, level)
				})
			}
		})
	}
}

func TestLevelsOfZapAreThoseOfSlog(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.DebugLevel)
	log := slog.New(logging.NewHandler(zap.New(core), logging.Config{}))
	for level, want := range map[slog.Level]zapcore.Level{
		-8: zapcore.DebugLevel, slog.LevelDebug: zapcore.DebugLevel, slog.LevelInfo: zapcore.InfoLevel,
		slog.LevelInfo + 2: zapcore.InfoLevel, slog.LevelWarn: zapcore.WarnLevel, slog.LevelError: zapcore.ErrorLevel,
		slog.LevelError + 8: zapcore.ErrorLevel, // a line never ends the process
	} {
		t.Run(level.String(), func(t *testing.T) {
			log.Log(live, level, "line")
			got := lines.TakeAll()
			require.Len(t, got, 1)
			require.Equal(t, want, got[0].Level, level)
		})
	}
}

// A level asks whether the attempt replays: the result must not depend on the level of
// the core.
func TestAnswersTheProbeForReplayWhateverIsWritten(t *testing.T) {
	t.Parallel()
	for _, core := range []zapcore.Core{zapcore.NewNopCore(), zap.NewExample().Core()} {
		t.Run(fmt.Sprintf("%T", core), func(t *testing.T) {
			h := logging.NewHandler(zap.New(core), logging.Config{})
			require.True(t, h.Enabled(live, sdk.ReplayProbe))
			require.False(t, h.Enabled(replay, sdk.ReplayProbe))
			require.Same(t, slog.Handler(h), sdk.LogHandler(h), "it is wrapped for nothing")
		})
	}
}

// counting counts how often it is resolved.
type counting struct{ n *int }

func (c counting) LogValue() slog.Value {
	*c.n++
	return slog.IntValue(*c.n)
}

func TestAttributesAreBuiltWhenALineNeedsThemAndOnce(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.InfoLevel)
	n := 0
	log := slog.New(logging.NewHandler(zap.New(core), logging.Config{})).With("v", counting{&n}).WithGroup("g").With("a", 1)
	log.DebugContext(live, "dropped")
	log.InfoContext(replay, "dropped")
	require.Zero(t, n, "attributes of lines that are dropped are built")
	for range 3 {
		log.InfoContext(live, "line", "b", 2)
	}
	require.Equal(t, 1, n, "attributes are built for each line")
	for _, l := range lines.All() {
		require.Equal(t, map[string]any{"v": int64(1), "g": map[string]any{"a": int64(1), "b": int64(2)}}, l.ContextMap())
	}
}

func TestHandlersOfOneOriginDoNotShareAttributes(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.InfoLevel)
	base := slog.New(logging.NewHandler(zap.New(core), logging.Config{})).With("base", 1).With("more", 2).With("room", 3) // a list that has room
	left, right := base.With("side", "left"), base.With("side", "right")
	base.Info("base")
	right.Info("right")
	left.Info("left")
	got := lines.All()
	require.Equal(t, map[string]any{"base": int64(1), "more": int64(2), "room": int64(3)}, got[0].ContextMap())
	require.Equal(t, "right", got[1].ContextMap()["side"])
	require.Equal(t, "left", got[2].ContextMap()["side"])
}

func TestHandlerMayBeUsedByManyAtOnce(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.InfoLevel)
	log := slog.New(logging.NewHandler(zap.New(core), logging.Config{})).With("a", 1)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			log.Info("line")
			log.With("i", i).Info("line")
		})
	}
	wg.Wait()
	require.Equal(t, 16, lines.FilterMessage("line").FilterField(zap.Int64("a", 1)).Len())
}

func TestStackTraces(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{true, false} {
		t.Run(fmt.Sprintf("stack traces are %t", on), func(t *testing.T) {
			core, lines := observer.New(zapcore.InfoLevel)
			log := slog.New(logging.NewHandler(zap.New(core), logging.Config{StackTraces: on}))
			log.ErrorContext(live, "line", "err", errors.New("failed"))
			log.WarnContext(live, "line")
			got := lines.All()
			require.Equal(t, on, strings.HasPrefix(got[0].Stack, "github.com/fxrestate/go/logging_test.TestStackTraces"), got[0].Stack)
			require.Empty(t, got[1].Stack)
		})
	}
}

// A handler that replays logs at every step as if it did not, and each attempt has a new
// logger. Both must be cheap.
func TestDroppedLinesDoNotAllocate(t *testing.T) {
	core, lines := observer.New(zapcore.InfoLevel)
	h := logging.NewHandler(zap.New(core), logging.Config{})
	log := slog.New(h.WithAttrs([]slog.Attr{slog.String("method", "a/b")}).WithAttrs([]slog.Attr{slog.String("invocationID", "inv_1")}))
	for name, drop := range map[string]func(){
		"on replay":       func() { log.InfoContext(replay, "line", "amount", 100, "currency", "EUR") },
		"below the level": func() { log.DebugContext(live, "line", "amount", 100, "currency", "EUR") },
		"of the SDK":      func() { log.InfoContext(ofSDK, "Handling invocation") },
	} {
		t.Run(name, func(t *testing.T) {
			require.Zero(t, testing.AllocsPerRun(100, drop), name)
		})
	}
	method, id := []slog.Attr{slog.String("method", "a/b")}, []slog.Attr{slog.String("invocationID", "inv_1")}
	// A handler and a list for each call; a built one needs an encoder beside.
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { h.WithAttrs(method).WithAttrs(id) }), 4.0)
	require.Zero(t, lines.Len())
}

func BenchmarkLoggerOfAnAttempt(b *testing.B) {
	core, _ := observer.New(zapcore.InfoLevel)
	h := logging.NewHandler(zap.New(core), logging.Config{})
	method, id := []slog.Attr{slog.String("method", "a/b")}, []slog.Attr{slog.String("invocationID", "inv_1")}
	b.ReportAllocs()
	for b.Loop() {
		h.WithAttrs(method).WithAttrs(id)
	}
}

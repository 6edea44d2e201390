package logging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/logging"
)

// Twin logs with zap and slog in turn.
func (t *Talker) Twin(ctx restate.Context) error {
	log := logging.From(ctx)
	say := func(ctx context.Context, what string) {
		logging.From(ctx).Info("zap "+what, zap.Int("n", 1))
		t.log.InfoContext(ctx, "slog "+what, "n", 1)
	}
	say(ctx, "before")
	if _, err := restate.Run(ctx, func(rc restate.RunContext) (int, error) {
		say(rc, "inside")
		return 1, nil
	}); err != nil {
		return err
	}
	if err := restate.Sleep(ctx, time.Second); err != nil {
		return err
	}
	if log.Core().Enabled(zap.InfoLevel) {
		log.Named("twin\x1b[1m").With(zap.Namespace("space"), zap.Int("a", 1)).Warn("after", zap.Int("b", 2))
	}
	return nil
}

// End ends the process twice, or tries to.
func (t *Talker) End(ctx restate.Context) error {
	switch log := logging.From(ctx); t.attempts.Add(1) {
	case 1:
		log.Fatal("fatal")
	case 2:
		log.Panic("panic")
	}
	return nil
}

var twinLines = []string{"zap before", "slog before", "zap inside", "slog inside", "after"}

func TestTheZapLoggerOfACtxIsTheTwinOfTheSlogLogger(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.InfoLevel)
	_, url := serve(t, "twin", core, logging.Config{}, restate.WithInactivityTimeout(0))
	status, body := call(t, url+"/Twin")
	require.Equal(t, http.StatusOK, status, body)
	all := lines.All()
	require.Len(t, all, len(twinLines))
	method := strings.TrimPrefix(url[strings.LastIndex(url, "/"):], "/") + "/Twin"
	for i, want := range twinLines {
		require.Equal(t, want, all[i].Message)
		fields := all[i].ContextMap()
		require.Equal(t, method, fields["method"], want)
		require.Regexp(t, "^inv_", fields["invocationID"], want)
	}
	last := all[len(all)-1]
	require.Equal(t, map[string]any{"a": int64(1), "b": int64(2)}, last.ContextMap()["space"])
	require.Equal(t, `twin\x1b[1m`, last.LoggerName)
}

// syncBuffer is a buffer for several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func (b *syncBuffer) lines(t *testing.T) (lines []map[string]any) {
	t.Helper()
	for line := range strings.Lines(b.String()) {
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &m))
		lines = append(lines, m)
	}
	return lines
}

func TestTheZapLoggerOfACtxWritesToTheHandlerOfTheApplication(t *testing.T) {
	t.Parallel()
	var out syncBuffer
	h := logging.Wrap(slog.NewJSONHandler(&out, nil), logging.Config{})
	_, url := serveOn(t, "twin-slog", h, restate.WithInactivityTimeout(0))
	status, body := call(t, url+"/Twin")
	require.Equal(t, http.StatusOK, status, body)
	lines := out.lines(t)
	require.Len(t, lines, len(twinLines), out.String())
	for i, want := range twinLines {
		require.Equal(t, want, lines[i]["msg"])
		require.Regexp(t, "^inv_", lines[i]["invocationID"], want)
	}
	require.Equal(t, `twin\x1b[1m`, lines[4]["logger"])
	require.Equal(t, "WARN", lines[4]["level"])
	require.Equal(t, map[string]any{"a": 1.0, "b": 2.0}, lines[4]["space"])
}

func TestFatalAndPanicEndTheAttemptAndNotTheProcess(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.InfoLevel)
	talker, url := serve(t, "end", core, logging.Config{}, restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(10*time.Millisecond)))
	status, body := call(t, url+"/End")
	require.Equal(t, http.StatusOK, status, body)
	require.EqualValues(t, 3, talker.attempts.Load())
	for _, message := range []string{"fatal", "panic"} {
		t.Run(message, func(t *testing.T) {
			found := lines.FilterMessage(message).All()
			require.Len(t, found, 1)
			require.Equal(t, zapcore.ErrorLevel, found[0].Level)
		})
	}
}

func TestOutsideOfHandlersThereIsZapsOwnLogger(t *testing.T) {
	t.Parallel()
	require.Same(t, zap.L(), logging.From(context.Background()))
	core, lines := observer.New(zapcore.InfoLevel)
	log := zap.New(core)
	logging.NewHandler(log, logging.Config{}).Zap(context.Background()).Info("line")
	require.Equal(t, 1, lines.Len())
}

func TestLinesOfAReplayAreKeptAndMarkedWhereAskedFor(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.InfoLevel)
	_, url := serve(t, "keep", core, logging.Config{KeepReplay: true}, restate.WithInactivityTimeout(0))
	status, body := call(t, url+"/Talk")
	require.Equal(t, http.StatusOK, status, body)
	require.Greater(t, lines.Len(), len(talk()))
	live := lines.Filter(func(l observer.LoggedEntry) bool { return l.ContextMap()["replaying"] == nil })
	require.Equal(t, talk(), messages(live.All()), "what is not marked stands once")
	require.NotEmpty(t, lines.FilterMessage("own first").FilterField(zap.Bool("replaying", true)).All())
	require.NotEmpty(t, lines.FilterMessage("injected first").FilterField(zap.Bool("replaying", true)).All())

	status, body = call(t, url+"/Twin")
	require.Equal(t, http.StatusOK, status, body)
	require.NotEmpty(t, lines.FilterMessage("zap before").FilterField(zap.Bool("replaying", true)).All())
}

func TestAttributesAreRedactedWhoeverWritesThem(t *testing.T) {
	t.Parallel()
	core, lines := observer.New(zapcore.DebugLevel)
	redact := func(groups []string, a slog.Attr) slog.Attr {
		switch {
		case a.Key == "secret":
			return slog.String("secret", "***")
		case a.Key == "gone":
			return slog.Attr{}
		case a.Key == "err":
			return slog.String("err", strings.ReplaceAll(a.Value.String(), "today", "ever"))
		case a.Key == "b" && slices.Equal(groups, []string{"g"}):
			return slog.Int("b", 0)
		}
		return a
	}
	_, url := serve(t, "redact", core, logging.Config{Redact: redact})
	for _, handler := range []string{"/Talk", "/Refuse", "/Confess"} {
		status, _ := call(t, url+handler)
		require.NotZero(t, status)
	}
	require.Equal(t, map[string]any{"b": int64(0)}, lines.FilterMessage("derived first").All()[0].ContextMap()["g"])
	require.Equal(t, "not ever", lines.FilterMessage("Invocation returned a terminal failure").All()[0].ContextMap()["err"])
	for _, way := range []string{"zap", "slog", "own", "with"} {
		t.Run(way, func(t *testing.T) {
			fields := lines.FilterMessage(way + " confesses").All()[0].ContextMap()
			require.Equal(t, "***", fields["secret"])
			require.NotContains(t, fields, "gone")
			require.Equal(t, "kept", fields["kept"])
		})
	}
	for way, want := range map[string]map[string]any{
		"in an object":       {"g": map[string]any{"secret": "***", "b": int64(0), "kept": "kept", "deep": map[string]any{"secret": "***"}}},
		"in a namespace":     {"g": map[string]any{"secret": "***", "b": int64(0), "kept": "kept"}},
		"in one of its With": {"g": map[string]any{"secret": "***", "b": int64(0), "kept": "kept"}},
		"beside one":         {"b": int64(1), "secret": "***"},
	} {
		t.Run("zap, "+way, func(t *testing.T) {
			fields := lines.FilterMessage("zap confesses " + way).All()[0].ContextMap()
			for key, value := range want {
				require.Equal(t, value, fields[key])
			}
		})
	}
}

// Confess logs secrets.
func (t *Talker) Confess(ctx restate.Context) error {
	log := logging.From(ctx)
	within := []zap.Field{zap.String("secret", "s"), zap.Int("gone", 1), zap.Int("b", 1), zap.String("kept", "kept")}
	log.Info("zap confesses in an object", zap.Dict("g", append(within, zap.Dict("deep", zap.String("secret", "s")))...))
	log.Info("zap confesses in a namespace", append([]zap.Field{zap.Namespace("g")}, within...)...)
	spaced := log.With(zap.Namespace("g"))
	spaced.Info("zap confesses in one of its With", within...)
	log.Info("zap confesses beside one", zap.Int("b", 1), zap.String("secret", "s"))
	logging.From(ctx).Info("zap confesses", zap.String("secret", "s"), zap.Int("gone", 1), zap.String("kept", "kept"))
	t.log.InfoContext(ctx, "slog confesses", "secret", "s", "gone", 1, "kept", "kept")
	ctx.Log().Info("own confesses", "secret", "s", "gone", 1, "kept", "kept")
	t.log.With("secret", "s", "gone", 1).InfoContext(ctx, "with confesses", "kept", "kept")
	return nil
}

// Values of others must not end a line or colour a terminal, whatever encoder writes them.
func TestNoMessageForgesALine(t *testing.T) {
	t.Parallel()
	const forged = "paid\n{\"level\":\"info\",\"msg\":\"forged\"}\x1b[31m\x9b\u202e\u2028"
	core, lines := observer.New(zapcore.InfoLevel)
	slog.New(logging.NewHandler(zap.New(core), logging.Config{})).Info(forged)
	require.Equal(t, `paid\n{"level":"info","msg":"forged"}\x1b[31m\u009b\u202e\u2028`, lines.All()[0].Message)
	for _, same := range []string{"plain", "Größe 漢字 €", "\uFFFD", `a\b`} {
		t.Run(same, func(t *testing.T) {
			slog.New(logging.NewHandler(zap.New(core), logging.Config{})).Info(same)
			require.Equal(t, 1, lines.FilterMessage(same).Len())
		})
	}
}

func TestEveryKindOfFieldOfZapReachesAHandler(t *testing.T) {
	t.Parallel()
	var out syncBuffer
	log := logging.Wrap(slog.NewJSONHandler(&out, nil), logging.Config{}).Zap(context.Background())
	log.Info("line", zap.String("s", "x"), zap.Bool("b", true), zap.Int8("i", 1), zap.Uint("u", 2), zap.Float64("f", 1.5),
		zap.Duration("d", time.Second), zap.Time("t", time.Unix(0, 0).UTC()), zap.Error(context.Canceled), zap.Strings("l", []string{"y"}),
		zap.Stringer("v", zapcore.InfoLevel), zap.Any("any", map[string]int{"k": 1}), zap.Skip(), zap.Dict("dict", zap.Int("in", 3)))
	line := out.lines(t)[0]
	delete(line, "time")
	require.Equal(t, map[string]any{
		"level": "INFO", "msg": "line", "s": "x", "b": true, "i": 1.0, "u": 2.0, "f": 1.5, "d": 1e9, "t": "1970-01-01T00:00:00Z",
		"error": "context canceled", "l": []any{"y"}, "v": "info", "any": map[string]any{"k": 1.0}, "dict": map[string]any{"in": 3.0},
	}, line)
}

// Basket is an object that logs.
type Basket struct{ log *slog.Logger }

// Fill logs in every way.
func (b *Basket) Fill(ctx restate.ObjectContext) error {
	b.log.InfoContext(ctx, "slog")
	logging.From(ctx).Info("zap")
	ctx.Log().Info("own")
	return nil
}

func TestTracesAreNamedAndKeysWhereAskedForOnly(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{true, false} {
		t.Run(fmt.Sprint("asked for: ", asked), func(t *testing.T) {
			t.Parallel()
			core, lines := observer.New(zapcore.InfoLevel)
			h := logging.NewHandler(zap.New(core), logging.Config{Keys: asked})
			url := serveStruct(t, "basket", h, &Basket{slog.New(h)})
			status, body := call(t, url+"/ada/Fill", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
			require.Equal(t, http.StatusOK, status, body)
			for _, way := range []string{"slog", "zap", "own"} {
				t.Run(way, func(t *testing.T) {
					fields := lines.FilterMessage(way).All()[0].ContextMap()
					key, found := fields["key"]
					require.Equal(t, asked, found)
					require.Equal(t, asked, key == "ada")
					require.Equal(t, "0af7651916cd43dd8448eb211c80319c", fields["traceID"])
					require.Regexp(t, "^inv_", fields["invocationID"])
				})
			}
		})
	}
}

func TestTracesHaveTheFormOfTheSpecification(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"an empty header":          "",
		"a short id":               "00-0af7651916cd43dd-b7ad6b7169203331-01",
		"capital letters":          "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
		"letters beyond f":         "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
		"what forges a field":      `00-0af7651916cd43dd8448eb211c8" a="b-b7ad6b7169203331-01`,
		"an id of zeros":           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
		"a header with less in it": "00-0af7651916cd43dd8448eb211c80319c-01",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := &restate.Request{AttemptHeaders: map[string][]string{"Traceparent": {header}}}
			require.Empty(t, logging.TraceID(request))
		})
	}
}

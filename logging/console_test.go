package logging_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/fxrestate/go/logging"
)

// nobody is a Stringer and an error that panic when they are nil.
type nobody struct{ name string }

func (n *nobody) String() string { return n.name }

func TestALineOfTheConsole(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 15, 4, 5, 6e6, time.UTC)
	for name, tt := range map[string]struct {
		level   slog.Level
		message string
		attrs   []any
		want    string
	}{
		"has time, level, message and attributes": {slog.LevelInfo, "registered with Restate", []any{"deployment", "dp_1", "n", 3}, "15:04:05.006 INFO  registered with Restate  deployment=dp_1 n=3\n"},
		"without attributes":                      {slog.LevelWarn, "a", nil, "15:04:05.006 WARN  a\n"},
		"quotes what has spaces":                  {slog.LevelError, "a", []any{"err", errors.New("no disk"), "empty", "", "eq", "a=b"}, "15:04:05.006 ERROR a  err=\"no disk\" empty=\"\" eq=\"a=b\"\n"},
		"names groups": {
			slog.LevelInfo, "a", []any{slog.Group("g", "b", 1, slog.Group("h", "c", time.Second))}, "15:04:05.006 INFO  a  g.b=1 g.h.c=1s\n",
		},
		"does not let a message begin a line":             {slog.LevelInfo, "a\n15:04:05.006 INFO  forged", nil, "15:04:05.006 INFO  a\\n15:04:05.006 INFO  forged\n"},
		"does not let a value begin a line or colour one": {slog.LevelInfo, "a", []any{"v", "x\n\x1b[31mred\r\u2028\x9b"}, "15:04:05.006 INFO  a  v=\"x\\n\\x1b[31mred\\r\\u2028\\x9b\"\n"},
		"nor a name":                   {slog.LevelInfo, "a", []any{"k\n\x1b[1m", 1}, "15:04:05.006 INFO  a  k\\n\\x1b[1m=1\n"},
		"has a stack below, indented":  {slog.LevelError, "a", []any{"stack", "main.f()\n\t/a/b.go:1\n\x1b[1m", "n", 1}, "15:04:05.006 ERROR a  n=1\n    main.f()\n        /a/b.go:1\n    \\x1b[1m\n"},
		"survives a value that panics": {slog.LevelInfo, "a", []any{"v", (*nobody)(nil)}, "15:04:05.006 INFO  a  v=\"!PANIC: runtime error: invalid memory address or nil pointer dereference\"\n"},
		"is dropped below its level":   {slog.LevelDebug, "a", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			h := logging.NewConsole(&out, logging.ConsoleOptions{})
			record := slog.NewRecord(at, tt.level, tt.message, 0)
			record.Add(tt.attrs...)
			if h.Enabled(t.Context(), tt.level) {
				require.NoError(t, h.Handle(t.Context(), record))
			}
			require.Equal(t, tt.want, out.String())
		})
	}
}

func TestTheConsoleColoursLevelsWhereAskedFor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(logging.NewConsole(&out, logging.ConsoleOptions{Colors: true, Level: slog.LevelDebug}))
	log.Error("a", "v", "\x1b[0m")
	log.Debug("b")
	require.Contains(t, out.String(), "\x1b[31mERROR\x1b[0m a")
	require.Contains(t, out.String(), "DEBUG")
	require.NotContains(t, out.String(), "v=\x1b[0m\x1b[0m")
}

func TestTheConsoleKeepsTheRulesOfSlog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return logging.NewConsole(&out, logging.ConsoleOptions{})
	}, func(t *testing.T) map[string]any { return parse(t, out.String()) })
}

// parse reads a line of the console.
func parse(t *testing.T, line string) map[string]any {
	t.Helper()
	fields := strings.Fields(line)
	m := map[string]any{}
	if strings.Contains(fields[0], ":") {
		m[slog.TimeKey], fields = fields[0], fields[1:]
	}
	m[slog.LevelKey], m[slog.MessageKey] = fields[0], fields[1]
	for _, f := range fields[2:] {
		name, value, ok := strings.Cut(f, "=")
		require.True(t, ok, line)
		within := m
		path := strings.Split(name, ".")
		for _, group := range path[:len(path)-1] {
			if within[group] == nil {
				within[group] = map[string]any{}
			}
			within = within[group].(map[string]any)
		}
		within[path[len(path)-1]] = value
	}
	return m
}

func TestTheDefaultIsReadableOnATerminalAndJSONElsewhere(t *testing.T) {
	t.Parallel()
	file, err := os.CreateTemp(t.TempDir(), "log")
	require.NoError(t, err)
	defer file.Close()
	h, log := logging.Default(file)
	require.Nil(t, h)
	for range 200 { // more than zap's production logger lets through
		log.Info("line", zap.String("v", "x\n"))
	}
	log.Debug("dropped")
	written, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	require.Equal(t, 200, strings.Count(string(written), `"msg":"line","v":"x\n"}`+"\n"))
	terminal, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device too
	require.NoError(t, err)
	defer terminal.Close()
	h, log = logging.Default(terminal)
	require.Nil(t, log)
	require.True(t, h.Enabled(context.Background(), slog.LevelInfo))
	require.False(t, h.Enabled(context.Background(), slog.LevelDebug))
}

package logging

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxrestate/go/internal/printable"
)

// Default is where an application logs that provides no logger of its own: lines of level
// INFO and above, readable on a terminal (see [NewConsole]; with colours unless NO_COLOR is
// set), and else JSON as zap's production logger writes it, without sampling. On a terminal
// the result is a slog.Handler, else a *zap.Logger.
func Default(out *os.File) (slog.Handler, *zap.Logger) {
	if isTerminal(out) {
		colors := os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		return NewConsole(out, ConsoleOptions{Colors: colors}), nil
	}
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(out), zap.InfoLevel)
	return nil, zap.New(core, zap.AddCaller(), zap.ErrorOutput(zapcore.Lock(out)))
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// ConsoleOptions configures [NewConsole].
type ConsoleOptions struct {
	// Level is the least level that is written. Default: nil, which is slog.LevelInfo.
	Level slog.Leveler
	// Colors colours levels and names of attributes by ANSI sequences. Default: false.
	Colors bool
}

// NewConsole returns a slog.Handler for people at a terminal. A line has the time of day,
// the level, the message and the attributes:
//
//	15:04:05.000 INFO  registered with Restate  deployment=dp_1 url=http://127.0.0.1:9080/
//
// Control characters are escaped, so that no value begins a line of its own or colours the
// screen. Only stacks stand on lines of their own, indented.
func NewConsole(out io.Writer, opts ConsoleOptions) slog.Handler {
	if opts.Level == nil {
		opts.Level = slog.LevelInfo
	}
	return &console{opts: opts, out: &shared{w: out}}
}

// shared is the writer of a console and of all that are made from it.
type shared struct {
	mu sync.Mutex
	w  io.Writer
}

type console struct {
	opts   ConsoleOptions
	out    *shared
	prefix string // of the names of attributes: the groups
	attrs  []byte // formatted
	stacks []byte
}

// Enabled implements slog.Handler.
func (c *console) Enabled(_ context.Context, level slog.Level) bool {
	return level >= c.opts.Level.Level()
}

// Handle implements slog.Handler.
func (c *console) Handle(_ context.Context, record slog.Record) error {
	var line bytes.Buffer
	if !record.Time.IsZero() {
		c.paint(&line, dim, record.Time.Format("15:04:05.000"))
		line.WriteByte(' ')
	}
	c.paint(&line, colorOf(record.Level), fmt.Sprintf("%-5s", record.Level))
	line.WriteByte(' ')
	line.WriteString(printable.Text(record.Message))
	head := line.Len()
	line.Write(c.attrs)
	stacks := bytes.NewBuffer(bytes.Clone(c.stacks))
	record.Attrs(func(a slog.Attr) bool {
		c.attr(&line, stacks, c.prefix, a)
		return true
	})
	text := line.Bytes()
	if len(text) > head { // one more space sets the attributes off
		text = append(text[:head:head], append([]byte{' '}, text[head:]...)...)
	}
	text = append(append(text, '\n'), stacks.Bytes()...)
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	_, err := c.out.w.Write(text)
	return err
}

// WithAttrs implements slog.Handler.
func (c *console) WithAttrs(attrs []slog.Attr) slog.Handler {
	clone := *c
	line, stacks := bytes.NewBuffer(bytes.Clone(c.attrs)), bytes.NewBuffer(bytes.Clone(c.stacks))
	for _, a := range attrs {
		c.attr(line, stacks, c.prefix, a)
	}
	clone.attrs, clone.stacks = line.Bytes(), stacks.Bytes()
	return &clone
}

// WithGroup implements slog.Handler.
func (c *console) WithGroup(name string) slog.Handler {
	clone := *c
	if name != "" {
		clone.prefix += name + "."
	}
	return &clone
}

func (c *console) attr(line, stacks *bytes.Buffer, prefix string, a slog.Attr) {
	a.Value = a.Value.Resolve()
	switch {
	case a.Equal(slog.Attr{}):
	case a.Value.Kind() == slog.KindGroup:
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, inner := range a.Value.Group() {
			c.attr(line, stacks, prefix, inner)
		}
	case a.Key == "stack" || a.Key == "stacktrace":
		for text := range strings.Lines(a.Value.String()) {
			text = strings.TrimSuffix(text, "\n")
			indented := strings.TrimLeft(text, "\t")
			stacks.WriteString(strings.Repeat("    ", 1+len(text)-len(indented)) + printable.Text(indented) + "\n")
		}
	default:
		line.WriteByte(' ')
		c.paint(line, dim, printable.Text(prefix+a.Key)+"=")
		line.WriteString(quoted(valueText(a.Value)))
	}
}

func valueText(v slog.Value) string {
	switch v.Kind() {
	case slog.KindTime:
		return v.Time().Format(time.RFC3339)
	case slog.KindAny:
		switch v := v.Any().(type) {
		case error:
			return safeText(v.Error)
		case fmt.Stringer:
			return safeText(v.String)
		default:
			return fmt.Sprintf("%+v", v)
		}
	default:
		return v.String()
	}
}

// safeText is a text of a method that may panic, on a nil pointer for one.
func safeText(method func() string) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprint("!PANIC: ", r)
		}
	}()
	return method()
}

// quoted returns a value with quotes if one could not tell where it ends.
func quoted(s string) string {
	if s == "" || strings.ContainsAny(s, " \"=") || printable.Text(s) != s {
		return strconv.Quote(s)
	}
	return s
}

// Colours of ANSI.
const (
	dim    = "2"
	red    = "31"
	yellow = "33"
	green  = "32"
)

func colorOf(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return red
	case level >= slog.LevelWarn:
		return yellow
	case level >= slog.LevelInfo:
		return green
	default:
		return dim
	}
}

func (c *console) paint(line *bytes.Buffer, color, text string) {
	if c.opts.Colors {
		text = "\x1b[" + color + "m" + text + "\x1b[0m"
	}
	line.WriteString(text)
}

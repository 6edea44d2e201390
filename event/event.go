package event

import (
	"context"
	"log/slog"
	"runtime"
	"time"
)

// Event is one of the types of this package.
type Event interface {
	line() line
}

// line is what the log says of an event. Without a message it says nothing.
type line struct {
	level   slog.Level
	message string
	attrs   []slog.Attr
}

// Observer is told events.
type Observer interface {
	// Observe is called with each event, one after the other. ctx ends when nobody waits
	// for the observer any more.
	Observe(ctx context.Context, e Event)
}

// ObserverFunc is an [Observer] made of a function.
type ObserverFunc func(ctx context.Context, e Event)

// Observe calls f.
func (f ObserverFunc) Observe(ctx context.Context, e Event) { f(ctx, e) }

// Log writes the line of an event to log, if it has one, and tells the event to the handler
// of log, if [Observe] made it.
func Log(ctx context.Context, log *slog.Logger, e Event) {
	if o, ok := log.Handler().(*handler); ok {
		o.observe(e)
	}
	l := e.line()
	if l.message == "" || !log.Enabled(ctx, l.level) {
		return
	}
	var caller [1]uintptr
	runtime.Callers(2, caller[:])
	record := slog.NewRecord(time.Now(), l.level, l.message, caller[0])
	record.AddAttrs(l.attrs...)
	_ = log.Handler().Handle(ctx, record)
}

// Observe returns a handler that writes lines as base does, and calls observe with each
// event, whatever the level of its line. observe must return soon and be safe for
// concurrent use: whatever happens waits for it.
func Observe(base slog.Handler, observe func(Event)) slog.Handler {
	return &handler{base, observe}
}

type handler struct {
	slog.Handler
	observe func(Event)
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.Handler.WithAttrs(attrs), h.observe}
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.Handler.WithGroup(name), h.observe}
}

// Base returns the handler that [Observe] was given, or h if it made none. Lines of
// invocations need not pass through what no event of theirs does.
func Base(h slog.Handler) slog.Handler {
	if o, ok := h.(*handler); ok {
		return o.Handler
	}
	return h
}

package event

import (
	"log/slog"
	"time"
)

// InvocationPaused tells of an invocation of the application's services that is paused, when
// the application is registered. Its caller waits.
type InvocationPaused Stuck

func (e InvocationPaused) line() line {
	return line{slog.LevelWarn, "an invocation is paused, and its caller waits", append(Stuck(e).attrs(),
		slog.String("way out", e.WayOut))}
}

// InvocationFailing tells of an invocation of the application's services that fails again
// and again, when the application is registered.
type InvocationFailing struct {
	Stuck
	// Attempts that failed, and when the next one is.
	Attempts int
	Next     time.Time
}

func (e InvocationFailing) line() line {
	return line{slog.LevelWarn, "an invocation fails again and again", append(e.attrs(),
		slog.Int("attempts", e.Attempts), slog.Time("next", e.Next), slog.String("way out", e.WayOut))}
}

// Stuck is an invocation that does not proceed by itself.
type Stuck struct {
	ID string
	// Handler is service/handler.
	Handler string
	// Failure is the text of its last failure.
	Failure string
	// WayOut is what an operator can do.
	WayOut string
}

func (s Stuck) attrs() []slog.Attr {
	return []slog.Attr{slog.String("invocationID", s.ID), slog.String("method", s.Handler), slog.String("error", s.Failure)}
}

package event

import (
	"log/slog"
	"time"
)

// Serving tells that the endpoint serves.
type Serving struct {
	// Addr is the address that it listens on, or empty if it does not listen itself.
	Addr string
	// Services are the names of the services, and Handlers those of all handlers, as
	// service/handler.
	Services, Handlers []string
}

func (e Serving) line() line {
	if e.Addr == "" {
		return line{}
	}
	return line{slog.LevelInfo, "serving", []slog.Attr{slog.String("addr", e.Addr), slog.Int("services", len(e.Services))}}
}

// Draining tells that a stop has begun, with the attempts in flight.
type Draining struct{ Attempts int }

func (e Draining) line() line {
	if e.Attempts == 0 {
		return line{}
	}
	return line{slog.LevelInfo, "draining", []slog.Attr{slog.Int("attempts", e.Attempts)}}
}

// Drained tells that no attempt is in flight any more, but those that were cut.
type Drained struct {
	// Cut is how many attempts did not end in time. Restate retries them.
	Cut int
	// Handlers names them, as service/handler.
	Handlers string
	// Timeout is the drain timeout of the endpoint.
	Timeout time.Duration
}

func (e Drained) line() line {
	if e.Cut == 0 {
		return line{}
	}
	return line{slog.LevelWarn, "cut attempts that did not end in time; Restate retries them", []slog.Attr{
		slog.Int("attempts", e.Cut), slog.String("handlers", e.Handlers), slog.Duration("drain_timeout", e.Timeout),
	}}
}

// Stopped tells that the endpoint has stopped, and why not well. The log has a line of fx
// for that, after all other stop hooks.
type Stopped struct{ Err error }

func (Stopped) line() line { return line{} }

// Cause is why requests were refused.
type Cause string

// The causes of [Refused].
const (
	// Unsigned requests are signed with none of endpoint.Config.IdentityKeys.
	Unsigned Cause = "unsigned"
	// OtherVersion is of requests for a version that the process does not serve. Restate
	// sends them again.
	OtherVersion Cause = "other version"
	// TooLarge is of messages beyond endpoint.Config.MaxMessageBytes.
	TooLarge Cause = "too large"
	// Overloaded is of attempts that found no place within endpoint.Config.MaxInFlight and
	// MaxInFlightBytes. Restate sends them again.
	Overloaded Cause = "overloaded"
	// Stopping is of attempts that came when a stop lets none in any more, and Held of those
	// that came during an endpoint's Hold. Restate sends them again.
	Stopping Cause = "stopping"
	Held     Cause = "held"
)

// Refused tells that the endpoint refused requests: the first one at once, and then how
// many there were in each second.
type Refused struct {
	Cause    Cause
	Requests int
	// Reason is that of the last one.
	Reason string
}

func (e Refused) line() line {
	l := line{level: slog.LevelWarn, attrs: []slog.Attr{slog.Int("requests", e.Requests), slog.String("reason", e.Reason)}}
	switch e.Cause {
	case Unsigned:
		l.message = "refused requests that are not signed with one of IdentityKeys"
	case OtherVersion: // a rollout is no reason to warn
		l.level, l.message = slog.LevelInfo, "refused requests of other versions; Restate sends them again"
	case TooLarge:
		l.message = "refused messages of invocations"
	case Overloaded:
		l.message = "refused attempts for which there was no room; Restate sends them again"
	case Stopping: // nor is a stop
		l.level, l.message = slog.LevelDebug, "refused attempts while stopping; Restate sends them again"
	case Held: // whoever holds them says why
		l.level, l.message = slog.LevelDebug, "refused attempts while invocations are held; Restate sends them again"
	}
	return l
}

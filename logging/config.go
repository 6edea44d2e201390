package logging

import (
	"log/slog"
	"slices"
)

// Config configures a [Handler].
type Config struct {
	// KeepReplay writes the lines of an attempt that replays as well, with the attribute
	// replaying=true. Default: false, and they are dropped.
	KeepReplay bool
	// StackTraces adds the stack of the logging call to lines of level error.
	// (The line about a handler that panicked always has the stack of the panic.)
	// It has no effect with a slog.Handler of the application. Default: false.
	StackTraces bool
	// Keys adds the key of the virtual object, or the id of the workflow, to the lines of
	// an invocation: they may be personal data. Default: false. Inputs are never logged.
	Keys bool
	// Redact replaces each attribute before it is written, also those of lines that this
	// module and the SDK write, and those of the events of fx once the Config is there. Its
	// value is resolved and is no group; groups has the names of the groups around it, which
	// zap's namespaces and objects are too. It gets slices, maps and structs as a whole. The
	// zero Attr removes it. Messages stay as they are, among them those in which fxrestate
	// says what is wrong with an application. It must be safe for concurrent use. Default:
	// nil, which changes nothing.
	Redact func(groups []string, a slog.Attr) slog.Attr
	// SDKLevel is the least level of the lines of the SDK. Default: nil, that of the
	// application's logger. At DEBUG it has one or two lines for each attempt.
	SDKLevel slog.Leveler
	// ClientErrors is the level of terminal failures with a code from 400 to 499, such as
	// one that says not found. Default: nil, which is slog.LevelError as for any terminal
	// failure.
	ClientErrors slog.Leveler
}

// redact returns attrs as Redact has them.
func (c *Config) redact(groups []string, attrs []slog.Attr) []slog.Attr {
	if c.Redact == nil {
		return attrs
	}
	out := make([]slog.Attr, 0, len(attrs))
	for _, a := range attrs {
		a.Value = a.Value.Resolve()
		if a.Value.Kind() != slog.KindGroup {
			if a = c.Redact(groups, a); !a.Equal(slog.Attr{}) {
				out = append(out, a)
			}
			continue
		}
		within := groups
		if a.Key != "" {
			within = append(slices.Clip(groups), a.Key)
		}
		a.Value = slog.GroupValue(c.redact(within, a.Value.Group())...)
		out = append(out, a)
	}
	return out
}

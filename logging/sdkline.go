package logging

import (
	"context"
	"log/slog"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/internal/sdk"
)

// The SDK's messages about how an attempt goes. They are constants of the SDK: a test
// reads them from its source.
const (
	msgHandling  = "Handling invocation"
	msgSuspended = "Suspending invocation"
	msgCompleted = "Invocation completed successfully"
	msgTerminal  = "Invocation returned a terminal failure"
	msgRetryable = "Invocation returned a non-terminal failure"
	msgPanicked  = "Invocation panicked, returning error to Restate"
)

// The values of the attribute errorKind of the SDK's lines about failures.
const (
	kindTerminal  = "TerminalError"
	kindRetryable = "RetryableError"
	kindSDK       = "RestateError"
	kindOther     = "Error"
)

// Levels returns the levels of the SDK's messages about how an attempt goes, by message:
// one line for each event, and at ERROR what ends an invocation or needs a person. Every
// other line of the SDK keeps its level, but those at INFO are at DEBUG.
//
// A line about a failure has an attribute errorKind: TerminalError, RetryableError, Error
// for any other error of a handler, or RestateError for a failure of the SDK's own. A
// terminal failure has its code as well.
func Levels() map[string]slog.Level {
	return map[string]slog.Level{
		msgHandling:  slog.LevelDebug,
		msgSuspended: slog.LevelDebug,
		msgCompleted: slog.LevelDebug,
		msgTerminal:  slog.LevelError,
		msgRetryable: slog.LevelDebug, // Restate tries again; the server has a line for each attempt
		msgPanicked:  slog.LevelError,
	}
}

// highest is the highest level that a line of the SDK of this level may get.
func highest(level slog.Level) slog.Level {
	switch level {
	case slog.LevelInfo:
		return slog.LevelDebug
	case slog.LevelWarn:
		return slog.LevelError
	default:
		return level
	}
}

func (s *sink) enabledForSDK(ctx context.Context, level slog.Level) bool {
	return (s.cfg.SDKLevel == nil || level >= s.cfg.SDKLevel.Level()) && s.base.Enabled(ctx, level)
}

// ofSDK gives a line of the SDK its level. It returns more attributes for it, and whether
// it is written.
func (s *sink) ofSDK(ctx context.Context, record *slog.Record) (more []slog.Attr, keep bool) {
	switch record.Message {
	case msgTerminal:
		record.Level = slog.LevelError
		more = append(more, slog.String("errorKind", kindTerminal))
		if t := safeerr.Terminal(sdk.FailureOf(ctx)); t != nil {
			more = append(more, slog.Int("code", int(t.Code())))
			if s.cfg.ClientErrors != nil && isClientError(t.Code()) {
				record.Level = s.cfg.ClientErrors.Level()
			}
		}
	case msgRetryable:
		record.Level = slog.LevelDebug
		kind := kindOther
		if safeerr.Retryable(sdk.FailureOf(ctx)) != nil {
			kind = kindRetryable
		}
		more = append(more, slog.String("errorKind", kind))
	case msgPanicked:
		if isLogged(record) {
			return nil, false
		}
		more = append(more, slog.String("errorKind", kindSDK))
	default:
		if record.Level == slog.LevelInfo {
			record.Level = slog.LevelDebug
		}
	}
	return more, s.enabledForSDK(ctx, record.Level)
}

func isClientError(code restate.Code) bool { return code >= 400 && code < 500 }

// isLogged reports whether a line is about an error that was already logged.
func isLogged(record *slog.Record) (logged bool) {
	record.Attrs(func(a slog.Attr) bool {
		logged = safeerr.IsLogged(a.Value.Any())
		return !logged
	})
	return logged
}

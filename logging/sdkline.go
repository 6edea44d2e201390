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
		msgPanicked:  slog.LevelError, // DEBUG for an error of a step, which is a plain retry
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
		_, err := sdk.FailureOf(ctx)
		if t := safeerr.Terminal(err); t != nil {
			more = append(more, slog.Int("code", int(t.Code())))
			if s.cfg.ClientErrors != nil && isClientError(t.Code()) {
				record.Level = s.cfg.ClientErrors.Level()
			}
		}
	case msgRetryable:
		_, err := sdk.FailureOf(ctx)
		record.Level = slog.LevelDebug
		more = append(more, slog.String("errorKind", kindOfRetry(err)))
	case msgPanicked:
		kind, err := sdk.FailureOf(ctx)
		switch {
		case isLogged(record):
			return nil, false
		case err == nil || kind == sdk.FailureOfSDK:
			more = append(more, slog.String("errorKind", kindSDK))
		case kind == sdk.FailurePanic:
			more = append(more, slog.String("errorKind", kindOther))
		default: // of a step, or the request has ended
			record.Level = slog.LevelDebug
			more = append(more, slog.String("errorKind", kindOfRetry(err)))
		}
	default:
		if record.Level == slog.LevelInfo {
			record.Level = slog.LevelDebug
		}
	}
	return more, s.enabledForSDK(ctx, record.Level)
}

func kindOfRetry(err error) string {
	if safeerr.Retryable(err) != nil {
		return kindRetryable
	}
	return kindOther
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

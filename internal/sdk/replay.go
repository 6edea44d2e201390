package sdk

import (
	"context"
	"log/slog"
	"math"

	"github.com/restatedev/sdk-go/logging"
)

// ReplayProbe is the level by which Replaying asks a log handler: one that knows
// of replay is enabled for it except while an attempt replays, whatever its own
// level is.
const ReplayProbe = slog.Level(math.MaxInt)

// Replaying reports whether the attempt repeats operations that an earlier one
// journaled. The SDK tells it to its log handler alone, which must have come from
// [LogHandler].
//
// To ask allocates, and each line of a log asks. So the answer is kept: for good where the
// attempt does not replay, since it will not again, and else until the next operation,
// which alone can change it.
func (a *Attempt) Replaying() bool {
	known := a.replay.Load()
	if known == live {
		return false
	}
	until := uint64(a.gate.exits.Load())<<1 | replays
	idle := a.gate.state.Load()&stateMask == idle
	if idle && known == until {
		return true
	}
	if a.sdk.Log().Enabled(a.sdk, ReplayProbe) {
		a.replay.Store(live)
		return false
	}
	if idle {
		a.replay.Store(until)
	}
	return true
}

// What is known of replay: nothing, live, or replays beside the number of operations that
// have ended.
const (
	replays uint64 = 1
	live    uint64 = math.MaxUint64
)

// LogHandler returns a handler for the SDK that answers [ReplayProbe]: h itself if
// it does, else h without the lines that handlers write while they replay.
func LogHandler(h slog.Handler) slog.Handler {
	live := logging.WithLogContext(context.Background(), &logging.LogContext{Source: logging.LogSourceUser})
	replay := logging.WithLogContext(context.Background(), &logging.LogContext{Source: logging.LogSourceUser, IsReplaying: true})
	if h.Enabled(live, ReplayProbe) && !h.Enabled(replay, ReplayProbe) {
		return h
	}
	return replayAware{h}
}

type replayAware struct{ slog.Handler }

func (h replayAware) Enabled(ctx context.Context, level slog.Level) bool {
	if lc := logging.LogContextFrom(ctx); lc != nil && lc.IsReplaying {
		return false
	}
	return level == ReplayProbe || h.Handler.Enabled(ctx, level)
}

// Handle writes a line, unless it asks who takes it.
func (h replayAware) Handle(ctx context.Context, record slog.Record) error {
	if record.Level == ReplayProbe {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}

func (h replayAware) WithAttrs(attrs []slog.Attr) slog.Handler {
	return replayAware{h.Handler.WithAttrs(attrs)}
}

func (h replayAware) WithGroup(name string) slog.Handler {
	return replayAware{h.Handler.WithGroup(name)}
}

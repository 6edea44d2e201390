package pipeline_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	sdklog "github.com/restatedev/sdk-go/logging"

	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
)

// watcher keeps the endings of each invocation.
type watcher struct {
	mu      sync.Mutex
	endings map[string][]pipeline.Ending
	starts  map[string]int
	panics  map[string]int
}

func newWatcher() *watcher {
	return &watcher{endings: map[string][]pipeline.Ending{}, starts: map[string]int{}, panics: map[string]int{}}
}

func (w *watcher) Started(ctx context.Context, inv *pipeline.Invocation) context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.starts[inv.ID()]++
	return ctx
}

func (w *watcher) Panicked(_ context.Context, inv *pipeline.Invocation, _ *pipeline.PanicError) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.panics[inv.ID()]++
}

func (w *watcher) Ended(_ context.Context, inv *pipeline.Invocation, end pipeline.Ending) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endings[inv.ID()] = append(w.endings[inv.ID()], end)
}

// of waits until every attempt of an invocation that started has ended and
// returns the endings.
func (w *watcher) of(t testing.TB, id string) []pipeline.Ending {
	t.Helper()
	var endings []pipeline.Ending
	testkit.Until(t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		endings = slices.Clone(w.endings[id])
		return w.starts[id] == len(endings)
	}, "attempts do not end")
	return endings
}

// outcomes are the outcomes of all attempts of an invocation.
func (a *app) outcomes(id string) []pipeline.Outcome {
	a.t.Helper()
	var outcomes []pipeline.Outcome
	for _, e := range a.watch.of(a.t, id) {
		outcomes = append(outcomes, e.Outcome)
	}
	return outcomes
}

// probeLevel is a log level at which a recorder's Enabled says whether the
// invocation replays.
const probeLevel = slog.Level(-1000)

func replaying(ctx restate.Context) bool { return ctx.Log().Enabled(ctx, probeLevel) }

// recorder is a slog handler that keeps what it gets, and wants nothing of a replay.
type recorder struct {
	shared *records
	attrs  []slog.Attr
}

type records struct {
	mu    sync.Mutex
	lines []record
}

type record struct {
	level   slog.Level
	message string
	attrs   map[string]string
}

func newRecorder() *recorder { return &recorder{shared: &records{}} }

func (r *recorder) Enabled(ctx context.Context, level slog.Level) bool {
	lc := sdklog.LogContextFrom(ctx)
	replaying := lc != nil && lc.IsReplaying
	if level == probeLevel {
		return replaying
	}
	return level >= slog.LevelInfo && !replaying
}

func (r *recorder) Handle(_ context.Context, line slog.Record) error {
	kept := record{line.Level, line.Message, map[string]string{}}
	for _, a := range r.attrs {
		kept.attrs[a.Key] = a.Value.String()
	}
	line.Attrs(func(a slog.Attr) bool {
		kept.attrs[a.Key] = a.Value.String()
		return true
	})
	r.shared.mu.Lock()
	defer r.shared.mu.Unlock()
	r.shared.lines = append(r.shared.lines, kept)
	return nil
}

func (r *recorder) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &recorder{r.shared, append(slices.Clone(r.attrs), attrs...)}
}

func (r *recorder) WithGroup(string) slog.Handler { return r }

// of returns the lines about an invocation.
func (r *recorder) of(id string) []record {
	r.shared.mu.Lock()
	defer r.shared.mu.Unlock()
	var lines []record
	for _, l := range r.shared.lines {
		if l.attrs["invocationID"] == id {
			lines = append(lines, l)
		}
	}
	return lines
}

// panics returns the lines about panics in an invocation.
func (r *recorder) panics(id string) []record {
	return slices.DeleteFunc(r.of(id), func(l record) bool { return l.message != "handler panicked" })
}

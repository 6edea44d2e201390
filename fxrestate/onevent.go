package fxrestate

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/logging"
	"github.com/fxrestate/go/telemetry"
)

const (
	// eventQueue is how many events an observer may be behind.
	eventQueue = 256
	// eventGrace is how long a stop waits for observers to be told all events.
	eventGrace = time.Second
	// eventLeave is how long they have to return when their context has ended.
	eventLeave = 100 * time.Millisecond
)

// OnEvent tells an observer what happens to the application: that it serves, is registered
// or is not and why, drains, stops, refuses requests, and which invocations are stuck. See
// package event for all. It takes an [event.Observer], a function of the form of
// [event.ObserverFunc], a constructor of an observer, or [Provided].
//
//	fxrestate.OnEvent(func(_ context.Context, e event.Event) {
//		if paused, ok := e.(event.InvocationPaused); ok {
//			pager.Send("paused: " + paused.ID)
//		}
//	})
//
// The log has the lines of events besides. Each observer is told one event after the other,
// on a goroutine of its own. One that is slow, blocks or panics holds up nothing: neither
// the start, nor the stop, nor other observers. A panic is logged. Of an observer that is
// 256 events behind, further events are dropped, and the log says how many. The stop waits
// a second for observers to be told all; then their ctx ends.
func OnEvent(observer any) fx.Option {
	position := caller()
	m := newMember(stage[event.Observer]{name: "an observer of events", adapter: event.ObserverFunc(nil)}, observer, position)
	opts := []fx.Option{
		needModule("OnEvent", position),
		fx.Supply(fx.Annotate(watching{m}, fx.ResultTags(`group:"fxrestate.watching"`))),
	}
	if m.err != nil {
		opts = append(opts, fx.Supply(fx.Annotate(mistake{m.err}, fx.ResultTags(`group:"fxrestate.mistakes"`))))
	}
	if m.provide != nil {
		opts = append(opts, m.provide(m, fmt.Sprintf("%s (%s)", m.stage, position)))
	}
	return ownOption{fx.Module("fxrestate.OnEvent", opts...)}
}

// watching is a call of [OnEvent].
type watching struct{ member *member }

// watchedLog is the log of what tells events: its handler tells them to observers.
type watchedLog struct{ *slog.Logger }

type watchedLogParams struct {
	fx.In

	Plan      *plan // first: it reports mistakes
	Lifecycle fx.Lifecycle
	Log       *logging.Handler
	Watching  []watching `group:"fxrestate.watching"`
	Instances []instance `group:"fxrestate.instances"`
}

// newWatchedLog is constructed before all that tells events, so that observers start first
// and stop last.
func newWatchedLog(p watchedLogParams) (*watchedLog, error) {
	instances := byMember(p.Instances)
	w := &watchers{log: slog.New(p.Log), telemetry: p.Plan.telemetry}
	for _, one := range p.Watching {
		observer, err := one.member.get(instances)
		if err != nil {
			return nil, err
		}
		w.list = append(w.list, &watcher{
			observer: observer.(event.Observer), queue: make(chan event.Event, eventQueue),
			log: w.log.With("observer", one.member.position),
		})
	}
	if len(w.list) > 0 {
		p.Lifecycle.Append(fx.StartStopHook(w.start, w.stop))
	}
	return &watchedLog{slog.New(event.Observe(p.Log, w.tell))}, nil
}

// watchers are the observers of events.
type watchers struct {
	list      []*watcher
	log       *slog.Logger
	telemetry *telemetry.Telemetry // which holds up nothing

	mu      sync.Mutex
	stopped bool
	cancel  context.CancelFunc
	running sync.WaitGroup
}

func (w *watchers) start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	for _, one := range w.list {
		w.running.Go(func() { one.run(ctx) })
	}
}

// tell waits for nobody: whatever happens must go on.
func (w *watchers) tell(e event.Event) {
	w.telemetry.Observe(context.Background(), e)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	for _, one := range w.list {
		select {
		case one.queue <- e:
		default:
			one.dropped.Add(1)
		}
	}
}

func (w *watchers) stop(ctx context.Context) {
	defer w.cancel()
	w.mu.Lock()
	w.stopped = true
	for _, one := range w.list {
		close(one.queue)
	}
	w.mu.Unlock()
	done := make(chan struct{})
	go func() { // ends with the last observer
		defer close(done)
		w.running.Wait()
	}()
	for _, patience := range []time.Duration{eventGrace, eventLeave} {
		late := time.NewTimer(patience)
		defer late.Stop()
		select {
		case <-done:
			return
		case <-late.C:
		case <-ctx.Done():
		}
		w.cancel()
	}
	w.log.ErrorContext(ctx, "observers of events do not return; they must end when their context does")
}

// watcher is one observer with the events that it has not been told yet.
type watcher struct {
	observer event.Observer
	queue    chan event.Event
	dropped  atomic.Int64
	log      *slog.Logger
}

// run ends when the queue is closed and empty, or ctx ends.
func (w *watcher) run(ctx context.Context) {
	for e := range w.queue {
		if ctx.Err() != nil {
			return
		}
		w.observe(ctx, e)
		if n := w.dropped.Swap(0); n > 0 {
			w.log.WarnContext(ctx, "an observer of events is too slow; events were dropped", "events", n)
		}
	}
}

func (w *watcher) observe(ctx context.Context, e event.Event) {
	defer func() {
		if p := recover(); p != nil {
			w.log.ErrorContext(ctx, "an observer of events panicked", "event", fmt.Sprintf("%T", e), "panic", p, "stack", string(debug.Stack()))
		}
	}()
	w.observer.Observe(ctx, e)
}

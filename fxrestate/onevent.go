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
	"github.com/fxrestate/go/internal/safeerr"
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
// or is not and why, subscribes to Kafka, drains, stops, refuses requests, and which invocations are stuck. See
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
		fx.Supply(fx.Annotate(observing{m}, fx.ResultTags(`group:"fxrestate.observing"`))),
	}
	if m.err != nil {
		opts = append(opts, fx.Supply(fx.Annotate(mistake{m.err}, fx.ResultTags(`group:"fxrestate.mistakes"`))))
	}
	if m.provide != nil {
		opts = append(opts, m.provide(m, fmt.Sprintf("%s (%s)", m.stage, position)))
	}
	return ownOption{fx.Module("fxrestate.OnEvent", opts...)}
}

// observing is a call of [OnEvent].
type observing struct{ member *member }

// tellingLog is the log of what tells events: its handler tells them to observers.
type tellingLog struct{ *slog.Logger }

type tellingLogParams struct {
	fx.In

	Plan      *plan // first: it reports mistakes
	Lifecycle fx.Lifecycle
	Log       *logging.Handler
	Seen      *seen
	Observing []observing `group:"fxrestate.observing"`
	Instances []instance  `group:"fxrestate.instances"`
}

// newTellingLog is constructed before all that tells events, so that observers start first
// and stop last.
func newTellingLog(p tellingLogParams) (*tellingLog, error) {
	instances := byMember(p.Instances)
	o := &eventObservers{log: slog.New(p.Log), telemetry: p.Plan.telemetry, seen: p.Seen}
	for _, one := range p.Observing {
		observer, err := one.member.get(instances)
		if err != nil {
			return nil, err
		}
		o.list = append(o.list, &eventObserver{
			observer: observer.(event.Observer), queue: make(chan event.Event, eventQueue),
			log: o.log.With("observer", one.member.position),
		})
	}
	if len(o.list) > 0 {
		p.Lifecycle.Append(fx.StartStopHook(o.start, o.stop))
	}
	return &tellingLog{slog.New(event.Observe(p.Log, o.tell))}, nil
}

// eventObservers are the observers of events.
type eventObservers struct {
	list      []*eventObserver
	log       *slog.Logger
	telemetry *telemetry.Telemetry // which holds up nothing
	seen      *seen                // nor does this

	mu      sync.Mutex
	stopped bool
	cancel  context.CancelFunc
	running sync.WaitGroup
}

func (o *eventObservers) start() {
	ctx, cancel := context.WithCancel(context.Background())
	o.cancel = cancel
	for _, one := range o.list {
		o.running.Go(func() { one.run(ctx) })
	}
}

// tell waits for nobody: whatever happens must go on.
func (o *eventObservers) tell(e event.Event) {
	o.telemetry.Observe(context.Background(), e)
	o.seen.observe(e)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stopped {
		return
	}
	for _, one := range o.list {
		select {
		case one.queue <- e:
		default:
			one.dropped.Add(1)
		}
	}
}

func (o *eventObservers) stop(ctx context.Context) {
	defer o.cancel()
	o.mu.Lock()
	if !o.stopped { // fx starts and stops an application again
		o.stopped = true
		for _, one := range o.list {
			close(one.queue)
		}
	}
	o.mu.Unlock()
	done := make(chan struct{})
	go func() { // ends with the last observer
		defer close(done)
		o.running.Wait()
	}()
	grace, cancel := context.WithTimeout(ctx, eventGrace)
	defer cancel()
	select {
	case <-done:
		return
	case <-grace.Done():
	}
	o.cancel()
	select {
	case <-done:
	case <-time.After(eventLeave):
		o.log.ErrorContext(ctx, "observers of events do not return; they must end when their context does")
	}
}

// eventObserver is one observer with the events that it has not been told yet.
type eventObserver struct {
	observer event.Observer
	queue    chan event.Event
	dropped  atomic.Int64
	log      *slog.Logger
}

// run ends when the queue is closed and empty, or ctx ends.
func (o *eventObserver) run(ctx context.Context) {
	for e := range o.queue {
		if ctx.Err() != nil {
			return
		}
		o.observe(ctx, e)
		if n := o.dropped.Swap(0); n > 0 {
			o.log.WarnContext(ctx, "an observer of events is too slow; events were dropped", "events", n)
		}
	}
}

func (o *eventObserver) observe(ctx context.Context, e event.Event) {
	returned := false
	defer func() {
		switch p := recover(); {
		case returned:
		case p == nil:
			o.log.ErrorContext(ctx, "an observer of events called runtime.Goexit; it is told no further events", "event", fmt.Sprintf("%T", e))
		default:
			o.log.ErrorContext(ctx, "an observer of events panicked", "event", fmt.Sprintf("%T", e), "panic", safeerr.TextOf(p), "stack", string(debug.Stack()))
		}
	}()
	o.observer.Observe(ctx, e)
	returned = true
}

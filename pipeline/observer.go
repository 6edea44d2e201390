package pipeline

import (
	"context"
	"log/slog"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// Observer watches attempts: it makes logs, spans and metrics. It is told the
// start and the end of each attempt and cannot change how it goes; if it panics,
// that is logged and ignored.
//
// Every attempt that started ends, exactly once, also by suspension, a panic of
// the SDK's, runtime.Goexit and the end of its context. Ended is called on the
// goroutine of Started, in reverse order of the observers.
//
// An attempt is not an invocation: one invocation has as many attempts as it
// suspends and fails. [Invocation.Replaying] during Started tells whether
// earlier ones left something in the journal.
//
// An observer must not journal. It must be safe for concurrent use. Embed
// [ObserverBase] to implement part of the interface.
type Observer interface {
	// Started is called before anything else of the attempt. The guards,
	// interceptors and the handler see the values of the context that it
	// returns, which has to be ctx or one made from it; its deadline counts for
	// nothing.
	Started(ctx context.Context, inv *Invocation) context.Context
	// Panicked is called once for each panic of user code, when it happens, on
	// the goroutine that panicked: also for panics of restate.Run closures, and
	// for those that no Ending will mention since an interceptor took them.
	Panicked(ctx context.Context, inv *Invocation, err *PanicError)
	// Ended is called when the attempt has ended. The context is what the last
	// observer's Started returned, and may have ended too.
	Ended(ctx context.Context, inv *Invocation, end Ending)
}

// ObserverBase is an [Observer] that does nothing, to be embedded.
type ObserverBase struct{}

// Started returns ctx.
func (ObserverBase) Started(ctx context.Context, _ *Invocation) context.Context { return ctx }

// Panicked does nothing.
func (ObserverBase) Panicked(context.Context, *Invocation, *PanicError) {}

// Ended does nothing.
func (ObserverBase) Ended(context.Context, *Invocation, Ending) {}

// ObserverFunc is an [Observer] of endings made of a function.
type ObserverFunc func(ctx context.Context, inv *Invocation, end Ending)

// Started returns ctx.
func (f ObserverFunc) Started(ctx context.Context, _ *Invocation) context.Context { return ctx }

// Panicked does nothing.
func (f ObserverFunc) Panicked(context.Context, *Invocation, *PanicError) {}

// Ended calls f.
func (f ObserverFunc) Ended(ctx context.Context, inv *Invocation, end Ending) { f(ctx, inv, end) }

// LogPanics returns an observer that logs each panic of user code at ERROR, with
// its stack.
func LogPanics(log *slog.Logger) Observer { return panicLog{log: log} }

type panicLog struct {
	ObserverBase
	log *slog.Logger
}

func (p panicLog) Panicked(ctx context.Context, inv *Invocation, err *PanicError) {
	p.log.ErrorContext(ctx, "handler panicked",
		"target", inv.String(), "invocationID", inv.ID(), "err", err.Error(), "stack", string(err.Stack))
}

// begin makes the invocation ready for an attempt and tells the observers.
func (inv *Invocation) begin(c *Chain, ctx restate.Context) {
	inv.chain, inv.target, inv.ctx = c, &c.target, ctx
	if len(c.observers) > 0 {
		inv.started = time.Now()
		inv.watchCtx.Context = ctx
		inv.observed = &inv.watchCtx
		for _, o := range c.observers {
			inv.tellStarted(o)
		}
		if inv.observed != context.Context(&inv.watchCtx) {
			inv.ctx = restate.WrapContext(ctx, inv.observed)
		}
	}
	inv.guardCtx = stageContext{Context: inv.ctx, stage: stageGuard}
}

func (inv *Invocation) tellStarted(o Observer) {
	defer inv.shield(o)
	if ctx := o.Started(inv.observed, inv); ctx != nil {
		inv.observed = ctx
	}
}

func (inv *Invocation) tellPanicked(err *PanicError) {
	for _, o := range inv.chain.observers {
		func() {
			defer inv.shield(o)
			o.Panicked(inv.observed, inv, err)
		}()
	}
}

func (inv *Invocation) tellEnded() {
	observers := inv.chain.observers
	if len(observers) == 0 {
		return
	}
	end := Ending{Outcome: inv.outcome, Err: inv.err, Cause: inv.cause, Duration: time.Since(inv.started)}
	if end.Cause == nil {
		end.Cause = end.Err
	}
	for i := len(observers) - 1; i >= 0; i-- {
		func() {
			defer inv.shield(observers[i])
			observers[i].Ended(inv.observed, inv, end)
		}()
	}
}

// shield is deferred around an observer. Observers have no business with the
// SDK, so whatever they panic with is theirs.
func (inv *Invocation) shield(o Observer) {
	if r := recover(); r != nil {
		p := newPanicError(r)
		inv.ctx.Log().Error("pipeline: observer panicked",
			"observer", nameOf(o), "target", inv.String(), "err", p.Error(), "stack", string(p.Stack))
	}
}

package pipeline

import (
	"context"
	"log/slog"
	"time"

	restate "github.com/restatedev/sdk-go"
	sdklog "github.com/restatedev/sdk-go/logging"
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
// An observer cannot journal: its context is a plain one, and StageOf it is
// "observer". It must not end its goroutine, since the attempt ends with it. It
// must be safe for concurrent use. Embed [ObserverBase] to implement part of the
// interface.
type Observer interface {
	// Started is called before anything else of the attempt. The guards,
	// interceptors and the handler see the values of the context that it
	// returns, which has to be ctx or one made from it. They see nothing else of
	// it: a deadline or cancellation that it adds, or takes away, reaches the
	// observers after it and no one else.
	Started(ctx context.Context, inv *Invocation) context.Context
	// Panicked is called once for each panic of user code, when it happens, on
	// the goroutine that panicked: also for panics of restate.Run closures, and
	// for those that no Ending will mention since an interceptor took them. It is
	// called for runtime.Goexit too.
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

// LogPanics returns an observer that logs each panic of user code, and each call of
// runtime.Goexit, at ERROR with its stack, and where a failure of the SDK's own
// happened at DEBUG: the SDK logs the failure itself.
func LogPanics(log *slog.Logger) Observer { return panicLog{log: log} }

type panicLog struct {
	ObserverBase
	log *slog.Logger
}

func (p panicLog) Panicked(ctx context.Context, inv *Invocation, err *PanicError) {
	p.write(ctx, inv, slog.LevelError, "handler panicked", err, err.Stack)
	err.logged = true
}

func (p panicLog) Ended(ctx context.Context, inv *Invocation, end Ending) {
	if err, ok := end.Err.(*sdkError); ok {
		p.write(ctx, inv, slog.LevelDebug, "where the SDK failed", err, err.stack)
	}
}

func (p panicLog) write(ctx context.Context, inv *Invocation, level slog.Level, message string, err error, stack []byte) {
	// A log handler that knows of replay drops lines then, and this one must not
	// get lost.
	ctx = sdklog.WithLogContext(ctx, &sdklog.LogContext{Source: sdklog.LogSourceUser})
	p.log.Log(ctx, level, message,
		"method", inv.String(), "invocationID", inv.ID(), "err", err.Error(), "stack", string(stack))
}

// begin tells the observers that an attempt starts, and collects what they add to
// its context.
func (inv *Invocation) begin() {
	if len(inv.chain.observers) > 0 {
		inv.started = time.Now()
		inv.watchCtx = stageContext{Context: inv.root, stage: stageObserver}
		inv.observed = &inv.watchCtx
		for _, o := range inv.chain.observers {
			inv.told++
			inv.notify(&inv.flight, o, func() {
				if ctx := o.Started(inv.observed, inv); ctx != nil {
					inv.observed = ctx
				}
			})
		}
		if inv.observed != context.Context(&inv.watchCtx) {
			inv.lentCtx = lentContext{Context: inv.root, values: inv.observed}
			inv.ctx = restate.WrapContext(inv.root, context.Context(&inv.lentCtx))
		}
	}
	inv.guardCtx = stageContext{Context: inv.ctx, stage: stageGuard}
}

// notifyPanicked tells the observers of a panic on the goroutine of f.
func (inv *Invocation) notifyPanicked(f *flight, err *PanicError) {
	inv.notifyPanickedFrom(0, f, err)
}

// notifyPanickedFrom tells the observers from the i-th on, each of them also when
// the one before it ends the goroutine.
func (inv *Invocation) notifyPanickedFrom(i int, f *flight, err *PanicError) {
	if i >= inv.told {
		return
	}
	defer inv.notifyPanickedFrom(i+1, f, err)
	o := inv.chain.observers[i]
	inv.notify(f, o, func() { o.Panicked(inv.observed, inv, err) })
}

func (inv *Invocation) notifyEnded() {
	if inv.told == 0 {
		return
	}
	end := Ending{Outcome: inv.outcome, Err: inv.err, Cause: inv.cause, Duration: time.Since(inv.started), ReplayedSteps: int(inv.replayed.Load())}
	if end.Outcome == Completed {
		end.OutputSize = inv.output
	}
	if end.Cause == nil {
		end.Cause = end.Err
	}
	inv.notifyEndedFrom(inv.told-1, end)
}

// notifyEndedFrom tells the observers from the i-th down, each of them also when
// the one before it ends the goroutine.
func (inv *Invocation) notifyEndedFrom(i int, end Ending) {
	if i < 0 {
		return
	}
	defer inv.notifyEndedFrom(i-1, end)
	o := inv.chain.observers[i]
	inv.notify(&inv.flight, o, func() { o.Ended(inv.observed, inv, end) })
}

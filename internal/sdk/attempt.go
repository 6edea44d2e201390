package sdk

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// Attempt is one attempt of an invocation: the SDK's context behind a gate. Nobody
// reaches that context once the attempt is over, nor on two goroutines at once.
type Attempt struct {
	owner    Owner
	sdk      restate.MockableContext
	root     parent
	exchange *Exchange // nil: nobody asks
	watch    Watch     // nil: nobody watches
	gate     gate
	steps    atomic.Int32  // closures of steps that run now
	replay   atomic.Uint64 // what is known: see Replaying
	logger   atomic.Pointer[slog.Logger]
	out      output // of the operation under way

	undecodable *once // the types that something did not decode into, of all attempts of the handler
}

// Owner is whoever opened an attempt. It stands around what user code does in it.
type Owner interface {
	// String names the handler, as "service/handler".
	String() string
	// CheckWrite returns why the handler must not write state by an operation such as
	// "Set", or nil.
	CheckWrite(operation string) error
	// WrapStep puts something around a closure of restate.Run and around the encoding
	// of what comes of it. The SDK runs the result as it is. Begun tells that an earlier
	// attempt began the step: the closure runs again if that one did not finish it.
	WrapStep(fn func(restate.RunContext) (any, error), encode func(any) (any, error), begun bool, opts ...restate.RunOption) func(restate.RunContext) (any, error)
	// StepReplayed is told of each step whose result the attempt took from the journal.
	StepReplayed()
	// SDKPanicked is told what an operation of the SDK's panics with, from a deferred
	// function of that operation.
	SDKPanicked(value any)
	// SDKRecovered is told that user code goes on after a panic that suspends the
	// attempt.
	SDKRecovered()
	// RetryDelay returns the delay before the next attempt that the failure of this
	// one asks for.
	RetryDelay() (time.Duration, bool)
	// Pauses reports whether the failure of this attempt asks for a pause instead.
	Pauses() bool
	// Failure returns the error that the attempt has ended with, or nil, and what it is.
	Failure() (FailureKind, error)
}

// FailureKind is what an attempt has failed by.
type FailureKind uint8

// The kinds of failures.
const (
	FailurePlain FailureKind = iota // an error of the handler or of a step
	FailurePanic                    // a panic of either
	FailureOfSDK                    // the SDK's own
)

// parent makes the Restate context for a child of the attempt's own context.
type parent interface {
	child(ctx context.Context) restate.MockableContext
}

// key finds the attempt, or the closure that hides it, in a context.
type key struct{}

// closure is what key finds inside a Run closure.
type closure struct{ attempt *Attempt }

// AttemptOf returns the attempt that ctx descends from, or nil. inRun tells that ctx
// belongs to the closure of a restate.Run.
func AttemptOf(ctx context.Context) (a *Attempt, inRun bool) {
	switch v := ctx.Value(key{}).(type) {
	case *Attempt:
		return v, false
	case closure:
		return v.attempt, true
	default:
		return nil, false
	}
}

// Owner returns whoever opened the attempt.
func (a *Attempt) Owner() Owner { return a.owner }

// Context returns the Restate context behind ctx, which descends from the attempt's
// own: with the values, the deadline and the cancellation of ctx.
func (a *Attempt) Context(ctx context.Context) restate.Context {
	if own, ok := ctx.(restate.Context); ok {
		return own
	}
	return restate.WithMockContext(a.root.child(ctx))
}

// Request returns the request of the invocation. It can be read at any time.
func (a *Attempt) Request() *restate.Request { return a.sdk.Request() }

// RunningSteps returns how many closures of steps run now, their interceptors included.
func (a *Attempt) RunningSteps() int { return int(a.steps.Load()) }

// log writes a line at ERROR, also while the attempt replays.
func (a *Attempt) log(message string, attrs ...slog.Attr) {
	line := slog.NewRecord(time.Now(), slog.LevelError, message, 0)
	line.AddAttrs(attrs...)
	// The logger itself drops lines then.
	_ = a.sdk.Log().Handler().Handle(context.WithoutCancel(a.sdk), line)
}

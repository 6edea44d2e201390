package sdk

import (
	"log/slog"
	"sync/atomic"
	"time"

	restate "github.com/restatedev/sdk-go"
)

// gate lets one goroutine at a time reach the SDK's context of an attempt, and none
// once the attempt is over. The SDK pools its state machines: after that, the one
// behind the context belongs to another invocation. Whoever entered leaves before
// the gate closes, so nobody is inside when the SDK takes the state machine back.
type gate struct {
	state atomic.Uint32 // one of the states, and above it the operation inside
	exits atomic.Uint32 // how many operations have ended
	told  atomic.Uint32 // the kinds of misuse that were logged
	left  chan struct{} // closed by the operation that leaves a closing gate

	// suspended is what the SDK panicked with to suspend the attempt. Whoever is
	// inside may use it.
	suspended any
}

// The states of a gate.
const (
	idle    uint32 = iota
	busy           // an operation is under way
	closing        // the same, and the handler has returned
	closed

	stateBits = 2
	stateMask = 1<<stateBits - 1
)

// inside returns the operation that is under way, or opNone.
func inside(state uint32) operation { return operation(state >> stateBits) }

// enter begins an operation, or says why it must not be. Who enters leaves, by
// [Attempt.leave] or [Attempt.leaveWith].
func (a *Attempt) enter(o operation) *Misuse {
	if a.inStep() || !a.gate.state.CompareAndSwap(idle, busy|uint32(o)<<stateBits) {
		return a.refuse(o)
	}
	if suspension := a.gate.suspended; suspension != nil {
		a.exit()
		if handling() {
			a.owner.SDKRecovered()
			panic(suspension) // which user code recovered, or another goroutine got
		}
		return a.strayed(o)
	}
	a.observe(o)
	return nil
}

// mustEnter is enter for operations that have no error to return.
func (a *Attempt) mustEnter(o operation) {
	if m := a.enter(o); m != nil {
		panic(m)
	}
}

// leave is deferred by an operation that does not wait.
func (a *Attempt) leave() {
	a.exit()
	if r := recover(); r != nil {
		a.pass(r)
	}
}

// leaveWith is deferred by an operation that may wait. What the SDK panics with in
// order to end the waiting goes on its way where a handler runs. On a goroutine of
// its own it would end the process, and becomes an error.
func (a *Attempt) leaveWith(o operation, failure *restate.TerminalError) {
	r := recover()
	if IsSuspension(r) {
		a.gate.suspended = r
		if a.gate.state.Load()&stateMask == closing && a.exchange != nil {
			// To abort an operation closes the SDK's input, too, which it may see first and
			// take for a reason to suspend: the invocation would wait for what nobody waits for.
			a.exchange.dropped.Store(true)
		}
	}
	switch open := a.exit(); {
	case r == nil: // also when runtime.Goexit was called
	case !open:
		*failure = a.refuse(o).failure()
	case handling() || !a.endedBy(r):
		a.pass(r)
	default:
		a.owner.SDKPanicked(r)
		m := a.strayed(o)
		*failure = &overdue{TerminalError: restate.ToTerminalError(m), misuse: m}
	}
}

// endedBy reports whether the SDK panics with r because the attempt ends: it is suspended, its
// context has ended, or its connection is lost.
func (a *Attempt) endedBy(r any) bool {
	_, lost := r.(*lostError)
	return lost || IsSuspension(r) || r == any(a.sdk.Err())
}

// pass lets a panic of the SDK's go on its way, which user code may recover, also
// that which suspends the attempt, with nobody else on the way.
func (a *Attempt) pass(r any) {
	a.owner.SDKPanicked(r)
	panic(r) // the stack of the first panic is still below this one
}

// exit reports whether the handler still runs.
func (a *Attempt) exit() bool {
	a.gate.exits.Add(1)
	state := a.gate.state.Load()
	if state&stateMask == busy && a.gate.state.CompareAndSwap(state, idle) {
		return true
	}
	a.gate.state.Store(closed)
	close(a.gate.left)
	return false
}

// Running reports whether a synchronous Run is under way, or the caller is the closure of
// any step.
func (a *Attempt) Running() bool { return inside(a.gate.state.Load()) == opRun || a.inStep() }

// Over reports whether the attempt is over.
func (a *Attempt) Over() bool { return a.gate.state.Load()&stateMask >= closing }

// stuckAfter is how long a closing gate waits before it says so.
const stuckAfter = time.Second

// Close ends the attempt when its handler has returned, in whatever way: from now on
// each operation of the context, and of what was made with it, fails. An operation
// that another goroutine is inside of is ended first, by [Exchange.Abort]. If the
// attempt was suspended and the handler did not notice, Close panics as the SDK did:
// there is nobody left to tell a result.
func (a *Attempt) Close() {
	a.close()
	if a.gate.suspended != nil {
		panic(a.gate.suspended)
	}
}

func (a *Attempt) close() {
	for {
		state := a.gate.state.Load()
		switch state & stateMask {
		case idle:
			if a.gate.state.CompareAndSwap(state, closed) {
				return
			}
		case busy:
			a.gate.left = make(chan struct{})
			if a.gate.state.CompareAndSwap(state, state-busy+closing) {
				a.await(inside(state))
				return
			}
		default:
			return
		}
	}
}

// await waits until another goroutine has left an operation. There is no bound:
// the SDK would give the state machine away, and somebody is inside.
func (a *Attempt) await(o operation) {
	a.log("the handler returned while another goroutine used its ctx; the operation is ended", slog.String("operation", o.String()))
	if x := a.exchange; x != nil && x.Abort != nil {
		x.Abort()
	}
	stuck := time.NewTimer(stuckAfter)
	defer stuck.Stop()
	select {
	case <-a.gate.left:
		return
	case <-stuck.C:
		a.log("the attempt cannot end: another goroutine does not come back from an operation of its ctx", slog.String("operation", o.String()))
	}
	<-a.gate.left
}

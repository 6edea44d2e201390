package runner

import (
	"cmp"
	"fmt"
	"time"

	"github.com/fxrestate/go/internal/protocol"
)

// Invocation is what is known of an invocation at a moment.
type Invocation struct {
	ID     string
	Target string // service/handler or service/key/handler
	Status Status
	// Request is what it was called with.
	Request Request
	// Created and Completed are times of the runner's clock. Scheduled is when one that
	// was sent with a delay is to start. They are zero where they do not apply.
	Created, Scheduled, Completed time.Time
	// Modified is when the journal last grew.
	Modified time.Time
	// Attempts counts those that were started.
	Attempts int
	// Retries counts attempts as the server's retry_count does: the one under way, and
	// those that failed since the invocation was started or resumed.
	Retries int
	// NextRetry is when the next attempt is due of one that backs off.
	NextRetry time.Time
	// LastFailure is that of the last attempt that failed, or nil.
	LastFailure *Failure
	// Value is the result of one that is completed, unless it failed with Err.
	Value []byte
	Err   *Error
	// Journal has the entries up to now. It is empty when it was kept long enough.
	Journal []Entry
}

// Entry is an entry of a journal.
type Entry struct {
	Index int
	// Type is the entry_type of the server's sys_journal, such as "Command: Run".
	Type string
	// Name is that of a command, or empty.
	Name string
	// Frame is the entry as it is stored.
	Frame protocol.Frame
}

// Invocation returns what is known of an invocation. The error is [ErrUnknown] if that is
// nothing.
func (r *Runner) Invocation(invocationID string) (Invocation, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	inv, err := r.get(invocationID)
	if err != nil {
		return Invocation{}, err
	}
	return r.view(inv), nil
}

// Invocations returns all invocations, in the order in which they were made.
func (r *Runner) Invocations() []Invocation {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire()
	all := make([]Invocation, len(r.order))
	for i, inv := range r.order {
		all[i] = r.view(inv)
	}
	return all
}

func (r *Runner) view(inv *invocation) Invocation {
	v := Invocation{
		ID: inv.text, Target: inv.request.target(), Status: inv.status, Request: inv.request,
		Created: inv.created, Scheduled: inv.scheduled, Completed: inv.completed,
		Modified: inv.modified, Attempts: inv.attempts, LastFailure: inv.last,
	}
	switch inv.status {
	case Running:
		v.Retries = inv.retries.failed + 1
	case BackingOff:
		v.Retries = inv.retries.failed
		v.NextRetry = inv.backoff.at
	}
	if inv.status == Completed {
		var err error
		v.Value, err = outcome{inv: inv, result: inv.result}.value()
		if err != nil {
			v.Err = err.(*Error)
		}
		if !r.now().Before(inv.completed.Add(inv.journalFor)) {
			return v
		}
	}
	for i, f := range inv.journal {
		v.Journal = append(v.Journal, Entry{i, entryType(f.Type), entryName(f), f})
	}
	return v
}

// entryTypes are the server's names.
var entryTypes = map[protocol.Type]string{
	protocol.TypeInput: "Input", protocol.TypeOutput: "Output",
	protocol.TypeGetLazyState: "GetLazyState", protocol.TypeGetLazyStateKeys: "GetLazyStateKeys",
	protocol.TypeGetEagerState: "GetEagerState", protocol.TypeGetEagerStateKeys: "GetEagerStateKeys",
	protocol.TypeSetState: "SetState", protocol.TypeClearState: "ClearState", protocol.TypeClearAllState: "ClearAllState",
	protocol.TypeGetPromise: "GetPromise", protocol.TypePeekPromise: "PeekPromise", protocol.TypeCompletePromise: "CompletePromise",
	protocol.TypeSleep: "Sleep", protocol.TypeCall: "Call", protocol.TypeOneWayCall: "OneWayCall",
	protocol.TypeSendSignal: "SendSignal", protocol.TypeRun: "Run",
	protocol.TypeAttachInvocation: "AttachInvocation", protocol.TypeGetInvocationOutput: "GetInvocationOutput",
	protocol.TypeCompleteAwakeable: "CompleteAwakeable",

	protocol.TypeGetLazyStateCompletion: "GetLazyState", protocol.TypeGetLazyStateKeysCompletion: "GetLazyStateKeys",
	protocol.TypeGetPromiseCompletion: "GetPromise", protocol.TypePeekPromiseCompletion: "PeekPromise",
	protocol.TypeCompletePromiseCompletion: "CompletePromise", protocol.TypeSleepCompletion: "Sleep",
	protocol.TypeCallCompletion: "Call", protocol.TypeCallInvocationIDCompletion: "CallInvocationId",
	protocol.TypeRunCompletion: "Run", protocol.TypeAttachInvocationCompletion: "AttachInvocation",
	protocol.TypeGetInvocationOutputCompletion: "GetInvocationOutput", protocol.TypeSignalNotification: "Signal",
}

// TypeOf returns the type that has a name as [Entry].Type and the server's sys_journal, and
// reports whether there is one.
func TypeOf(name string) (protocol.Type, bool) {
	for t := range entryTypes {
		if entryType(t) == name {
			return t, true
		}
	}
	return 0, false
}

func entryType(t protocol.Type) string {
	if t.IsCommand() {
		return "Command: " + entryTypes[t]
	}
	return "Notification: " + entryTypes[t]
}

// entryName is the name that a handler gave a command.
func entryName(f protocol.Frame) string {
	m, err := protocol.Decode(f)
	if err != nil {
		return ""
	}
	switch m := m.(type) {
	case *protocol.Run:
		return m.Name
	case *protocol.Sleep:
		return m.Name
	case *protocol.Call:
		return m.Name
	case *protocol.OneWayCall:
		return m.Name
	case *protocol.SendSignal:
		return m.EntryName
	default:
		return "" // the SDK names no others
	}
}

// Cancel asks an invocation to stop: what it waits for fails. One that was not started
// is over at once. The error is [ErrUnknown] or [ErrEnded].
func (r *Runner) Cancel(invocationID string) error {
	return r.change(invocationID, func(inv *invocation) { r.cancel(inv) })
}

// Kill ends an invocation and those that it has called, without asking. The error is
// [ErrUnknown] or [ErrEnded].
func (r *Runner) Kill(invocationID string) error {
	return r.change(invocationID, func(inv *invocation) { r.kill(inv) })
}

// Pause lets an invocation make no more attempts until it is resumed. One under way goes
// on to where it waits next. One that is suspended because [Config.AlwaysReplay] says so is
// not paused, as on a server; any other may wait in an attempt of the server's, and is. The
// error is [ErrUnknown], [ErrEnded] or [ErrNotStarted].
func (r *Runner) Pause(invocationID string) error {
	return r.changeStarted(invocationID, func(inv *invocation) {
		switch inv.status {
		case Running:
			inv.pausing = true
			if inv.attempt != nil {
				inv.attempt.EndInput()
			}
		case BackingOff, Suspended:
			if inv.status == Suspended && r.cfg.AlwaysReplay {
				return
			}
			inv.backoff.cancel()
			inv.status, inv.waiting = Paused, nil
			r.changed()
		}
	})
}

// Resume makes the next attempt at once of an invocation that is paused, suspended or
// between two attempts. The error is [ErrUnknown], [ErrEnded] or [ErrNotStarted].
func (r *Runner) Resume(invocationID string) error {
	return r.changeStarted(invocationID, func(inv *invocation) {
		switch inv.status {
		case Paused, Suspended:
			r.resume(inv)
		case BackingOff:
			inv.backoff.cancel()
			r.launch(inv)
		}
	})
}

func (r *Runner) changeStarted(invocationID string, do func(*invocation)) error {
	var early error
	err := r.change(invocationID, func(inv *invocation) {
		if inv.inFlight() {
			do(inv)
		} else {
			early = fmt.Errorf("runner: %w: %s", ErrNotStarted, invocationID)
		}
	})
	return cmp.Or(err, early)
}

func (r *Runner) change(invocationID string, do func(*invocation)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	inv, err := r.get(invocationID)
	switch {
	case err != nil:
		return err
	case inv.status == Completed:
		return fmt.Errorf("runner: %w: %s", ErrEnded, invocationID)
	case r.closed:
		return ErrClosed
	}
	do(inv)
	r.poke()
	return nil
}

// Purge forgets an invocation that is over and, with the run of a workflow, its state and
// promises. One that is not over is left as it is. The error is [ErrUnknown].
func (r *Runner) Purge(invocationID string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	inv, err := r.get(invocationID)
	if err == nil && inv.status == Completed {
		r.purge(inv)
	}
	return err
}

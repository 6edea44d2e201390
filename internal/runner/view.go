package runner

import (
	"strings"
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
	// Created, Modified and Completed are times of the runner's clock; Modified is when the
	// status changed last. Scheduled is when one that was sent with a delay is to start, and
	// NextAttempt when one that is backing off is tried again. They are zero where they do
	// not apply.
	Created, Modified, Completed, Scheduled, NextAttempt time.Time
	// Attempts counts those that were started, and Retries those of them since it last
	// waited.
	Attempts, Retries int
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
	// Name is that which the handler gave to a command, or empty.
	Name string
	// Key is that in the state or of a promise which a command is about, or empty.
	Key string
	// Target is that of a call or a send, such as Cart/ada/Add, or empty.
	Target string
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
		Created: inv.created, Modified: inv.changed, Completed: inv.completed, Scheduled: inv.scheduled,
		Attempts: inv.attempts, Retries: inv.sinceWait, LastFailure: inv.last,
	}
	if inv.status == BackingOff {
		v.NextAttempt = inv.backoff.at
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
		v.Journal = append(v.Journal, newEntry(i, f))
	}
	return v
}

// String is the type and the name, such as "Command: Run charge".
func (e Entry) String() string { return strings.TrimSpace(e.Type + " " + e.Name) }

func newEntry(index int, f protocol.Frame) Entry {
	e := Entry{Index: index, Type: f.Type.Entry(), Frame: f}
	m, err := protocol.Decode(f)
	if err != nil {
		return e // it was stored, and so it can be decoded
	}
	switch m := m.(type) {
	case *protocol.Run:
		e.Name = m.Name
	case *protocol.Sleep:
		e.Name = m.Name
	case *protocol.Call:
		e.Name, e.Target = m.Name, Request{Service: m.Service, Key: m.Key, Handler: m.Handler}.target()
	case *protocol.OneWayCall:
		e.Name, e.Target = m.Name, Request{Service: m.Service, Key: m.Key, Handler: m.Handler}.target()
	case *protocol.SendSignal:
		e.Name = m.EntryName
	case *protocol.SetState:
		e.Name, e.Key = m.Name, string(m.Key)
	case *protocol.ClearState:
		e.Name, e.Key = m.Name, string(m.Key)
	case *protocol.GetLazyState:
		e.Name, e.Key = m.Name, string(m.Key)
	case *protocol.GetEagerState:
		e.Name, e.Key = m.Name, string(m.Key)
	case *protocol.GetPromise:
		e.Name, e.Key = m.Name, m.Key
	case *protocol.PeekPromise:
		e.Name, e.Key = m.Name, m.Key
	case *protocol.CompletePromise:
		e.Name, e.Key = m.Name, m.Key
	}
	return e
}

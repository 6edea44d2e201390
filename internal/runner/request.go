package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fxrestate/go/internal/httpclient"
	"github.com/fxrestate/go/internal/invocationid"
	"github.com/fxrestate/go/internal/protocol"
)

// Request is a call from outside.
type Request struct {
	Service, Handler string
	// Key is that of a virtual object or a workflow, and empty for others.
	Key string
	// Body is the input as the handler decodes it. The runner keeps it.
	Body    []byte
	Headers []protocol.Header
	// IdempotencyKey makes equal calls one, or is empty.
	IdempotencyKey string
	// Delay is how long a send waits before it is started. Default: 0, at once.
	Delay time.Duration

	outside bool // not from a handler
}

// Error is how an invocation failed: with a terminal error of its handler's, or one of
// Restate's own, such as 409 "killed".
type Error struct {
	Code         uint32
	Message      string
	Metadata     map[string]string
	InvocationID string
}

func (e *Error) Error() string {
	return fmt.Sprintf("runner: %s failed with %d: %s", e.InvocationID, e.Code, e.Message)
}

var (
	// ErrUnknown is the error for an invocation that there is not, or no longer.
	ErrUnknown = httpclient.ErrUnknown
	// ErrEnded is the error of [Runner.Cancel] and others for an invocation that is over.
	ErrEnded = httpclient.ErrEnded
	// ErrNotStarted is the error of [Runner.Pause] and [Runner.Resume] for an invocation
	// that waits for its time, or for others of its object.
	ErrNotStarted = errors.New("the invocation has not started")
	// ErrNoHandler is the error of a call of something that the application does not
	// have, and for which there is no stub.
	ErrNoHandler = errors.New("no such handler")
)

// find finds the handler that a request is for.
func (r *Runner) find(q Request) (*method, Stub, error) {
	m, stub := r.method(q.Service, q.Handler), r.stub(q.Service, q.Handler)
	if m == nil && stub == nil {
		return nil, nil, fmt.Errorf("runner: %w: %s/%s", ErrNoHandler, q.Service, q.Handler)
	}
	if m != nil && m.service.kind.keyed() != (q.Key != "") {
		return nil, nil, fmt.Errorf("runner: %w: %s/%s with the key %q; virtual objects and workflows have a key, and services have none",
			ErrNoHandler, q.Service, q.Handler, q.Key)
	}
	return m, stub, nil
}

// Call calls a handler and returns its result. A handler that failed is an [*Error]. When
// ctx ends, Call returns its error and the invocation goes on. While it waits the clock
// jumps, unless it is manual.
func (r *Runner) Call(ctx context.Context, q Request) ([]byte, error) {
	q.Delay = 0
	o, err := r.call(ctx, q)
	if err != nil {
		return nil, err
	}
	return o.value()
}

func (r *Runner) call(ctx context.Context, q Request) (outcome, error) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return outcome{}, ErrClosed
	}
	m, stub, err := r.find(q)
	if err != nil {
		r.mu.Unlock()
		return outcome{}, err
	}
	w, to := r.waiter()
	q.outside = true
	r.invoke(q, m, stub, to)
	r.poke()
	r.mu.Unlock()
	return r.receive(ctx, w)
}

// Send sends a call and returns the id of the invocation, and whether that is new: not if
// there was one with the idempotency key or, of a workflow's run, with the key.
func (r *Runner) Send(q Request) (invocationID string, isNew bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return "", false, ErrClosed
	}
	m, stub, err := r.find(q)
	if err != nil {
		return "", false, err
	}
	q.outside = true
	inv, isNew := r.invoke(q, m, stub, nil)
	r.poke()
	return inv.text, isNew, nil
}

// Attach waits for the result of an invocation, as [Runner.Call] does. The error is
// [ErrUnknown] for one that there is not.
func (r *Runner) Attach(ctx context.Context, invocationID string) ([]byte, error) {
	i, err := invocationid.Parse(invocationID)
	if err != nil {
		return nil, unknown(invocationID)
	}
	o, err := r.attachFrom(ctx, i)
	switch {
	case err != nil:
		return nil, err
	case o.inv == nil:
		return nil, unknown(invocationID)
	}
	return o.value()
}

func (r *Runner) attachFrom(ctx context.Context, i id) (outcome, error) {
	r.mu.Lock()
	w, to := r.waiter()
	r.attachTo(i, to)
	r.poke()
	r.mu.Unlock()
	return r.receive(ctx, w)
}

// Output returns the result of an invocation if there is one yet, which it reports.
func (r *Runner) Output(invocationID string) (value []byte, ready bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	inv, err := r.get(invocationID)
	if err != nil || inv.status != Completed {
		return nil, false, err
	}
	value, err = outcome{inv: inv, result: inv.result}.value()
	return value, true, err
}

// value returns the result as a caller in Go has it.
func (o outcome) value() ([]byte, error) {
	f := o.result.Failure
	if o.result.Kind != protocol.ResultFailure || f == nil {
		return o.result.Value.Content, nil
	}
	e := &Error{Code: f.Code, Message: f.Message}
	if o.inv != nil {
		e.InvocationID = o.inv.text
	}
	if len(f.Metadata) > 0 {
		e.Metadata = make(map[string]string, len(f.Metadata))
		for _, m := range f.Metadata {
			e.Metadata[m.Key] = m.Value
		}
	}
	return nil, e
}

func unknown(invocationID string) error {
	return fmt.Errorf("runner: %w: %s", ErrUnknown, invocationID)
}

// get returns an invocation by its id.
func (r *Runner) get(invocationID string) (*invocation, error) {
	i, err := invocationid.Parse(invocationID)
	if err != nil {
		return nil, unknown(invocationID)
	}
	if inv := r.lookup(i); inv != nil {
		return inv, nil
	}
	return nil, unknown(invocationID)
}

// ResolveAwakeable completes an awakeable with a value. If its invocation is over, or
// there is none, nothing happens, as on a server. The error is for what is no id.
func (r *Runner) ResolveAwakeable(awakeableID string, value []byte) error {
	return r.completeAwakeable(awakeableID, protocol.Succeeded(value))
}

// RejectAwakeable completes an awakeable with a terminal error of the code 500: see
// [Runner.ResolveAwakeable].
func (r *Runner) RejectAwakeable(awakeableID, reason string) error {
	return r.completeAwakeable(awakeableID, failure(500, reason))
}

func (r *Runner) completeAwakeable(awakeableID string, result protocol.Result) error {
	i, index, err := parseAwakeable(awakeableID)
	if err != nil {
		return fmt.Errorf("runner: bad awakeable id %q: %w", awakeableID, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.signal(i, awakened(index, result))
	r.poke()
	return nil
}

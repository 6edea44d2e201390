package runner

import (
	"fmt"
	"slices"

	"github.com/fxrestate/go/internal/invocationid"
	"github.com/fxrestate/go/internal/protocol"
)

// callee finds what a handler calls: a handler of the application or a stub.
func (r *Runner) callee(q *Request, idempotencyKey *string) (*method, Stub, error) {
	m, stub := r.method(q.Service, q.Handler), r.stub(q.Service, q.Handler)
	switch {
	case m != nil:
		stub = nil
		if !m.service.kind.keyed() && q.Key != "" {
			return nil, nil, fmt.Errorf("a key was provided, but the callee '%s' is a Service. Only VirtualObjects or Workflows accept a key", q.Service)
		}
	case stub == nil:
		return nil, nil, fmt.Errorf("the service handler %s/%s was not found", q.Service, q.Handler)
	}
	if idempotencyKey != nil {
		if *idempotencyKey == "" {
			return nil, nil, errNoIdempotent
		}
		if m == nil || m.mode != once {
			q.IdempotencyKey = *idempotencyKey
		}
	}
	return m, stub, nil
}

// callEffect calls another handler. Its result completes the command.
func (r *Runner) callEffect(inv *invocation, c *protocol.Call, done func(protocol.Result, uint32)) (func(), error) {
	q := Request{Service: c.Service, Handler: c.Handler, Key: c.Key, Body: c.Parameter, Headers: c.Headers}
	m, stub, err := r.callee(&q, c.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return func() {
		// The caller is told the id first: the result of one that is over is there at once.
		early, result, known := false, protocol.Result{}, false
		child, _ := r.invoke(q, m, stub, func(o outcome) {
			if !known {
				early, result = true, o.result
				return
			}
			done(o.result, c.CompletionID)
		})
		known = true
		r.called(inv, child, c.InvocationIDCompletionID)
		if early {
			done(result, c.CompletionID)
		}
	}, nil
}

// sendEffect sends to another handler, perhaps later.
func (r *Runner) sendEffect(inv *invocation, c *protocol.OneWayCall, _ func(protocol.Result, uint32)) (func(), error) {
	q := Request{Service: c.Service, Handler: c.Handler, Key: c.Key, Body: c.Parameter, Headers: c.Headers}
	if c.InvokeTime > 0 {
		q.Delay = untilReal(c.InvokeTime)
	}
	m, stub, err := r.callee(&q, c.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return func() {
		child, _ := r.invoke(q, m, stub, nil)
		r.called(inv, child, c.InvocationIDCompletionID)
	}, nil
}

// called tells the caller the id of what it called.
func (r *Runner) called(inv, child *invocation, completion uint32) {
	inv.children = append(inv.children, child.id)
	r.notify(inv, &protocol.Notification{
		Of: protocol.TypeCallInvocationIDCompletion, CompletionID: completion, Result: protocol.InvocationID(child.text),
	})
}

// targetID is the id of the invocation that a handler attaches to.
func targetID(t protocol.Target) (id, error) {
	switch {
	case t.Workflow != nil:
		return idOf("wf", t.Workflow.Workflow, t.Workflow.Key), nil
	case t.Idempotent != nil:
		q := Request{Service: t.Idempotent.Service, Handler: t.Idempotent.Handler, IdempotencyKey: t.Idempotent.IdempotencyKey}
		if t.Idempotent.Key != nil {
			q.Key = *t.Idempotent.Key
		}
		return idempotentID(q), nil
	case t.InvocationID != nil:
		i, err := invocationid.Parse(*t.InvocationID)
		if err != nil {
			return i, fmt.Errorf("invalid invocation id %s: %w", *t.InvocationID, err)
		}
		return i, nil
	default:
		return id{}, fmt.Errorf("the target of the command is missing")
	}
}

// attachTo has the result of an invocation go to a sink; one that is not known has
// failed.
func (r *Runner) attachTo(i id, to sink) {
	if inv := r.lookup(i); inv != nil {
		r.attach(inv, to)
		return
	}
	to(outcome{unknown: i.String(), result: failure(404, "not found")})
}

// outputOf is the result of an invocation, or void if there is none yet.
func (r *Runner) outputOf(i id) protocol.Result {
	switch inv := r.lookup(i); {
	case inv == nil:
		return failure(404, "not found")
	case inv.status != Completed:
		return protocol.Void()
	default:
		return inv.result
	}
}

// signal sends a signal to an invocation, if it is in flight. The one with index 1 cancels
// it.
func (r *Runner) signal(i id, m *protocol.SignalNotification) {
	inv := r.lookup(i)
	switch {
	case inv == nil:
	case m.Signal.Name == nil && m.Signal.Index != nil && *m.Signal.Index == protocol.SignalCancel:
		r.cancel(inv)
	default:
		r.notify(inv, m)
	}
}

// awakened is the signal that completes an awakeable.
func awakened(index uint32, result protocol.Result) *protocol.SignalNotification {
	return &protocol.SignalNotification{Signal: protocol.Signal{Index: &index}, Result: result}
}

// drop ends an invocation that was not started. The server keeps nothing of it.
func (r *Runner) drop(inv *invocation, result protocol.Result) {
	r.complete(inv, result)
	if r.invocations[inv.id] == inv {
		r.purge(inv)
	}
}

// cancel asks an invocation to stop. One that was not started is over.
func (r *Runner) cancel(inv *invocation) {
	switch inv.status {
	case Completed:
	case Scheduled, Pending:
		r.drop(inv, failure(409, "canceled"))
	default:
		index := uint32(protocol.SignalCancel)
		r.notify(inv, &protocol.SignalNotification{Signal: protocol.Signal{Index: &index}, Result: protocol.Void()})
	}
}

// kill ends an invocation and what it has called.
func (r *Runner) kill(inv *invocation) {
	switch inv.status {
	case Completed:
		return
	case Scheduled, Pending:
		r.drop(inv, failure(409, "killed"))
		return
	}
	children := slices.Clone(inv.children)
	r.complete(inv, failure(409, "killed"))
	for _, child := range children {
		if c := r.lookup(child); c != nil {
			r.kill(c)
		}
	}
}

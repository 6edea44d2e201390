package runner

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fxrestate/go/internal/invocationid"
	"github.com/fxrestate/go/internal/protocol"
)

// What a handler may not do.
var (
	errNoState      = errors.New("unsupported entry type, this service type doesn't have state access")
	errNoWrites     = errors.New("unsupported entry type, this handler type cannot write state")
	errNoPromises   = errors.New("unsupported entry type, only Workflow services support it")
	errNoIdempotent = errors.New("the idempotency key provided in the request is empty")
)

// undecodable is an error of a command that the server does not decode, in its words.
type undecodable string

func (u undecodable) Error() string { return "cannot decode entry: decoding error: " + string(u) }

// take takes a message of the attempt. One that makes no sense fails the attempt, and is
// not stored.
func (r *Runner) take(inv *invocation, f protocol.Frame) {
	if f.Type == protocol.TypeProposeRunCompletion {
		if err := r.proposed(inv, f); err != nil {
			r.reject(inv, f, err)
		}
		return
	}
	effect, err := r.effect(inv, f)
	if err != nil {
		r.reject(inv, f, err)
		return
	}
	inv.sinceEntry = 0
	r.store(inv, f)
	if f.Flags&protocol.FlagRequestedAck != 0 && inv.attempt != nil {
		inv.attempt.Push(protocol.Encode(&protocol.CommandAck{CommandIndex: inv.commands - 1}))
	}
	if effect != nil {
		effect()
	}
	r.changed()
}

// reject fails the attempt for a message.
func (r *Runner) reject(inv *invocation, f protocol.Frame, err error) {
	r.cut(inv)
	index := inv.commands
	text := err.Error()
	if _, ok := err.(undecodable); !ok {
		text = fmt.Sprintf("cannot process command %s (command index %d) because of a failed precondition: %v", f.Type.Entry(), index, err)
	}
	failed := transient("%s", text)
	failed.Command = &index
	r.failed(inv, failed)
	r.poke()
}

// proposed stores what a step came to. The handler goes on when it is told.
func (r *Runner) proposed(inv *invocation, f protocol.Frame) error {
	m, err := protocol.Decode(f)
	if err != nil {
		return err
	}
	p := m.(*protocol.ProposeRunCompletion)
	if p.Result.Kind == protocol.ResultNone {
		return errors.New("a proposal without a result")
	}
	r.notify(inv, &protocol.Notification{Of: protocol.TypeRunCompletion, CompletionID: p.CompletionID, Result: p.Result})
	return nil
}

// effect returns what a command does, to be done when it is stored, or nil if it does
// nothing. The error says why it cannot be stored.
func (r *Runner) effect(inv *invocation, f protocol.Frame) (func(), error) {
	switch f.Type {
	case protocol.TypeOutput, protocol.TypeGetEagerState, protocol.TypeGetEagerStateKeys:
		return nil, nil
	case protocol.TypeRun:
		inv.steps++
		return nil, nil
	}
	m, err := protocol.Decode(f)
	if err != nil {
		return nil, err
	}
	done := func(result protocol.Result, completion uint32) {
		of, _ := f.Type.Completion()
		r.notify(inv, &protocol.Notification{Of: of, CompletionID: completion, Result: result})
	}
	switch m := m.(type) {
	case *protocol.GetLazyState, *protocol.GetLazyStateKeys, *protocol.SetState, *protocol.ClearState, *protocol.ClearAllState:
		return r.stateEffect(inv, m, done)
	case *protocol.GetPromise, *protocol.PeekPromise, *protocol.CompletePromise:
		return r.promiseEffect(inv, m, done)
	case *protocol.Sleep:
		return func() { r.sleep(inv, untilReal(m.WakeUpTime), m.CompletionID) }, nil
	case *protocol.Call:
		return r.callEffect(inv, m, done)
	case *protocol.OneWayCall:
		return r.sendEffect(inv, m, done)
	case *protocol.AttachInvocation:
		i, err := targetID(m.Target)
		if err != nil {
			return nil, err
		}
		return func() { r.attachTo(i, func(o outcome) { done(o.result, m.CompletionID) }) }, nil
	case *protocol.GetInvocationOutput:
		i, err := targetID(m.Target)
		if err != nil {
			return nil, err
		}
		return func() { done(r.outputOf(i), m.CompletionID) }, nil
	case *protocol.SendSignal:
		to, err := invocationid.Parse(m.TargetInvocationID)
		if err != nil {
			return nil, undecodable(fmt.Sprintf("BadFieldError(\"target_invocation_id\", %s)", invocationid.ErrorName(err)))
		}
		return func() { r.signal(to, &protocol.SignalNotification{Signal: m.Signal, Result: m.Result}) }, nil
	case *protocol.CompleteAwakeable:
		to, index, err := parseAwakeable(m.AwakeableID)
		if err != nil {
			return nil, undecodable(fmt.Sprintf("InvalidAwakeableId(%q, %s)", m.AwakeableID, invocationid.ErrorName(err)))
		}
		return func() { r.signal(to, awakened(index, m.Result)) }, nil
	default:
		return nil, fmt.Errorf("a message (%s) that is no command", f.Type)
	}
}

// sleep completes a command after a time.
func (r *Runner) sleep(inv *invocation, d time.Duration, completion uint32) {
	inv.sleeps = slices.DeleteFunc(inv.sleeps, func(t *timer) bool { return t.do == nil })
	inv.sleeps = append(inv.sleeps, r.after(d, func() {
		r.notify(inv, &protocol.Notification{Of: protocol.TypeSleepCompletion, CompletionID: completion, Result: protocol.Void()})
	}))
}

// untilReal is how long it is until a time that the SDK computed from the real one, in
// milliseconds since 1970. The runner's clock differs from that.
func untilReal(wakeUp uint64) time.Duration {
	// The largest number of milliseconds is more than a duration has room for.
	const longest = 200 * 365 * 24 * time.Hour
	now := uint64(time.Now().UnixMilli())
	switch {
	case wakeUp <= now:
		return 0
	case wakeUp-now > uint64(longest.Milliseconds()):
		return longest
	default:
		return time.Duration(wakeUp-now) * time.Millisecond
	}
}

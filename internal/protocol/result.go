package protocol

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// ResultKind is what a [Result] is.
type ResultKind uint8

// The kinds of results.
const (
	ResultNone         ResultKind = iota // there is none
	ResultVoid                           // done, without a value
	ResultValue                          // [Result.Value]
	ResultFailure                        // [Result.Failure]
	ResultInvocationID                   // [Result.InvocationID]
	ResultStateKeys                      // [Result.StateKeys]
)

// Result is what an operation or an invocation came to: one of several things, of which
// Kind says which. A message that cannot carry a kind of result leaves it away when it is
// encoded.
type Result struct {
	Kind         ResultKind
	Value        Value
	Failure      *Failure // not nil if Kind says so
	InvocationID string
	StateKeys    StateKeys
	Void         []byte // fields of a void that this package does not know
}

// Void returns the result of what has no value.
func Void() Result { return Result{Kind: ResultVoid} }

// Succeeded returns the result of what has a value.
func Succeeded(content []byte) Result {
	return Result{Kind: ResultValue, Value: Value{Content: content}}
}

// Failed returns the result of what failed.
func Failed(code uint32, message string) Result {
	return Result{Kind: ResultFailure, Failure: &Failure{Code: code, Message: message}}
}

// InvocationID returns the result that is the id of an invocation.
func InvocationID(id string) Result {
	return Result{Kind: ResultInvocationID, InvocationID: id}
}

// Keys returns the result that is the keys of a state.
func Keys(keys ...[]byte) Result {
	return Result{Kind: ResultStateKeys, StateKeys: StateKeys{Keys: keys}}
}

// places are the numbers of the fields in which a message carries a result, 0 for
// what it cannot carry.
type places struct {
	void, value, plainValue, failure, invocationID, stateKeys protowire.Number
}

// ofNotifications is common to all notifications.
var ofNotifications = places{void: 4, value: 5, failure: 6, invocationID: 16, stateKeys: 17}

// result encodes the one that the result is, and decodes the last that is there.
func (c *coder) result(at places, r *Result) {
	if c.field != nil {
		if c.field.taken {
			return
		}
		switch c.field.number {
		case at.void, at.value, at.plainValue, at.failure, at.invocationID, at.stateKeys:
		default:
			return
		}
	}
	if c.holds(r, at.void, ResultVoid) {
		c.always(at.void, empty{&r.Void})
	}
	if c.holds(r, at.value, ResultValue) {
		c.always(at.value, &r.Value)
	}
	if c.holds(r, at.plainValue, ResultValue) {
		c.member(at.plainValue, &r.Value.Content)
	}
	if c.holds(r, at.failure, ResultFailure) {
		failure := r.Failure
		if failure == nil {
			failure = new(Failure)
		}
		c.always(at.failure, failure)
		if c.field != nil {
			r.Failure = failure
		}
	}
	if c.holds(r, at.invocationID, ResultInvocationID) {
		c.memberString(at.invocationID, &r.InvocationID)
	}
	if c.holds(r, at.stateKeys, ResultStateKeys) {
		c.always(at.stateKeys, &r.StateKeys)
	}
}

// holds reports whether the field with the number is to be encoded, or is the one that is
// decoded. Then the result is of the kind, and anything that it was before is gone.
func (c *coder) holds(r *Result, number protowire.Number, kind ResultKind) bool {
	if number == 0 {
		return false
	}
	if c.field == nil {
		return r.Kind == kind
	}
	if c.field.number != number {
		return false
	}
	if r.Kind != kind {
		*r = Result{Kind: kind}
	}
	return true
}

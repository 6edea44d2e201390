package restatetest

import (
	"fmt"
	"sync"
	"time"
)

// OperationType says what an [Operation] is. The texts are those of the entries of a
// journal.
type OperationType string

// The types of operations.
const (
	OperationRun               OperationType = "Run"
	OperationSleep             OperationType = "Sleep"
	OperationCall              OperationType = "Call"
	OperationSend              OperationType = "OneWayCall"
	OperationAttach            OperationType = "AttachInvocation"
	OperationCancel            OperationType = "CancelInvocation"
	OperationAwakeable         OperationType = "Awakeable"
	OperationCompleteAwakeable OperationType = "CompleteAwakeable"
	OperationSignal            OperationType = "Signal"
	OperationSendSignal        OperationType = "SendSignal"
	OperationGetPromise        OperationType = "GetPromise"
	OperationPeekPromise       OperationType = "PeekPromise"
	OperationCompletePromise   OperationType = "CompletePromise"
	OperationGetState          OperationType = "GetState"
	OperationGetStateKeys      OperationType = "GetStateKeys"
	OperationSetState          OperationType = "SetState"
	OperationClearState        OperationType = "ClearState"
	OperationClearAllState     OperationType = "ClearAllState"
)

// Operation is a durable operation that a handler made with a [Context].
type Operation struct {
	// Type says what it is.
	Type OperationType
	// Name is the name of a step, a timer, a promise or a signal, the key of a state, the id
	// of an awakeable or of an invocation, or the called handler as "Service/Handler".
	Name string
	// Value is what was written, sent or returned by a step, as it was encoded.
	Value []byte
	// Err is the failure that was written, or that of a step.
	Err error
	// Duration is that of a timer.
	Duration time.Duration
	// Call is the call or the send; for other types it is zero.
	Call Call
}

// String describes the operation in a line.
func (o Operation) String() string {
	switch {
	case o.Err != nil:
		return fmt.Sprintf("%s %s: %v", o.Type, o.Name, o.Err)
	case o.Type == OperationSleep:
		return fmt.Sprintf("%s %s %v", o.Type, o.Name, o.Duration)
	case len(o.Value) > 0:
		return fmt.Sprintf("%s %s %s", o.Type, o.Name, o.Value)
	default:
		return fmt.Sprintf("%s %s", o.Type, o.Name)
	}
}

// record is what a handler did.
type record struct {
	mu         sync.Mutex
	operations []Operation
}

func (r *record) add(o Operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.operations = append(r.operations, o)
}

func (r *record) all() []Operation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Operation(nil), r.operations...)
}

func (r *record) names(t OperationType) (names []string) {
	for _, o := range r.all() {
		if o.Type == t {
			names = append(names, o.Name)
		}
	}
	return names
}

func (r *record) calls(t OperationType) (calls []Call) {
	for _, o := range r.all() {
		if o.Type == t {
			calls = append(calls, o.Call)
		}
	}
	return calls
}

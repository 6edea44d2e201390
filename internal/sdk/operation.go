package sdk

// operation names what can be done with a context.
type operation uint32

const (
	opNone operation = iota
	opRun
	opRunAsync
	opGet
	opKeys
	opSet
	opClear
	opClearAll
	opSleep
	opAfter
	opAwakeable
	opResolveAwakeable
	opRejectAwakeable
	opSignal
	opResolveSignal
	opRejectSignal
	opPromise
	opPeek
	opResolve
	opReject
	opCall
	opSend
	opCancel
	opAttach
	opInvocationID
	opWait
	opResponse
	opResult
	opDone
	opRand
	opFind
)

var operations = [...]string{
	opNone:             "an operation",
	opRun:              "restate.Run",
	opRunAsync:         "restate.RunAsync",
	opGet:              "restate.Get",
	opKeys:             "restate.Keys",
	opSet:              "restate.Set",
	opClear:            "restate.Clear",
	opClearAll:         "restate.ClearAll",
	opSleep:            "restate.Sleep",
	opAfter:            "restate.After",
	opAwakeable:        "restate.Awakeable",
	opResolveAwakeable: "restate.ResolveAwakeable",
	opRejectAwakeable:  "restate.RejectAwakeable",
	opSignal:           "restate.Signal",
	opResolveSignal:    "restate.ResolveSignal",
	opRejectSignal:     "restate.RejectSignal",
	opPromise:          "restate.Promise",
	opPeek:             "Peek of a promise",
	opResolve:          "Resolve of a promise",
	opReject:           "Reject of a promise",
	opCall:             "a call of a handler",
	opSend:             "a send to a handler",
	opCancel:           "restate.CancelInvocation",
	opAttach:           "restate.AttachInvocation",
	opInvocationID:     "GetInvocationId",
	opWait:             "restate.Wait",
	opResponse:         "Response of a future",
	opResult:           "Result of a future",
	opDone:             "Done of a timer",
	opRand:             "restate.Rand",
	opFind:             "FromContext",
}

func (o operation) String() string { return operations[o] }

package protocol

import "fmt"

// Type is the type of a message.
type Type uint16

// The types of control messages.
const (
	TypeStart                   Type = 0x0000
	TypeSuspension              Type = 0x0001
	TypeError                   Type = 0x0002
	TypeEnd                     Type = 0x0003
	TypeCommandAck              Type = 0x0004
	TypeProposeRunCompletion    Type = 0x0005
	TypeAwaitingOn              Type = 0x0006 // since V7
	TypeProposeRunCompletionAck Type = 0x0007 // since V7
)

// The types of commands.
const (
	TypeInput               Type = 0x0400
	TypeOutput              Type = 0x0401
	TypeGetLazyState        Type = 0x0402
	TypeSetState            Type = 0x0403
	TypeClearState          Type = 0x0404
	TypeClearAllState       Type = 0x0405
	TypeGetLazyStateKeys    Type = 0x0406
	TypeGetEagerState       Type = 0x0407
	TypeGetEagerStateKeys   Type = 0x0408
	TypeGetPromise          Type = 0x0409
	TypePeekPromise         Type = 0x040A
	TypeCompletePromise     Type = 0x040B
	TypeSleep               Type = 0x040C
	TypeCall                Type = 0x040D
	TypeOneWayCall          Type = 0x040E
	TypeSendSignal          Type = 0x0410
	TypeRun                 Type = 0x0411
	TypeAttachInvocation    Type = 0x0412
	TypeGetInvocationOutput Type = 0x0413
	TypeCompleteAwakeable   Type = 0x0414
)

// The types of notifications.
const (
	TypeGetLazyStateCompletion        Type = 0x8002
	TypeGetLazyStateKeysCompletion    Type = 0x8006
	TypeGetPromiseCompletion          Type = 0x8009
	TypePeekPromiseCompletion         Type = 0x800A
	TypeCompletePromiseCompletion     Type = 0x800B
	TypeSleepCompletion               Type = 0x800C
	TypeCallCompletion                Type = 0x800D
	TypeCallInvocationIDCompletion    Type = 0x800E
	TypeRunCompletion                 Type = 0x8011
	TypeAttachInvocationCompletion    Type = 0x8012
	TypeGetInvocationOutputCompletion Type = 0x8013
	TypeSignalNotification            Type = 0xFBFF
)

// The ranges of types.
const (
	firstCommand      Type = 0x0400
	firstNotification Type = 0x8000
	firstCustom       Type = 0xFC00
)

// IsCommand reports whether messages of the type are commands: what a handler has done.
func (t Type) IsCommand() bool { return t >= firstCommand && t < firstNotification }

// IsNotification reports whether messages of the type are notifications: what the handler
// is told, results of commands and signals.
func (t Type) IsNotification() bool { return t >= firstNotification && t < firstCustom }

// Completion returns the type of the notification with the result of a command of type t.
// It reports false if there is none. A call has a second notification with the id of the
// invocation, [TypeCallInvocationIDCompletion]; it is the only one of a one-way call.
func (t Type) Completion() (Type, bool) {
	switch t {
	case TypeOneWayCall:
		return TypeCallInvocationIDCompletion, true
	case TypeGetLazyState, TypeGetLazyStateKeys, TypeGetPromise, TypePeekPromise, TypeCompletePromise,
		TypeSleep, TypeCall, TypeRun, TypeAttachInvocation, TypeGetInvocationOutput:
		return t - firstCommand + firstNotification, true
	default:
		return 0, false
	}
}

// names are those that the SDK uses in the texts of its errors, and some more.
var names = map[Type]string{
	TypeStart:                   "start",
	TypeSuspension:              "suspension",
	TypeError:                   "error",
	TypeEnd:                     "end",
	TypeCommandAck:              "command ack",
	TypeProposeRunCompletion:    "run proposal",
	TypeAwaitingOn:              "awaiting on",
	TypeProposeRunCompletionAck: "run proposal ack",

	TypeInput:               "handler input",
	TypeOutput:              "handler return",
	TypeGetLazyState:        "get state",
	TypeSetState:            "set state",
	TypeClearState:          "clear state",
	TypeClearAllState:       "clear all state",
	TypeGetLazyStateKeys:    "get state keys",
	TypeGetEagerState:       "get state",
	TypeGetEagerStateKeys:   "get state keys",
	TypeGetPromise:          "get promise",
	TypePeekPromise:         "peek promise",
	TypeCompletePromise:     "complete promise",
	TypeSleep:               "sleep",
	TypeCall:                "call",
	TypeOneWayCall:          "one way call/send",
	TypeSendSignal:          "send signal",
	TypeRun:                 "run",
	TypeAttachInvocation:    "attach invocation",
	TypeGetInvocationOutput: "get invocation output",
	TypeCompleteAwakeable:   "complete awakeable",

	TypeGetLazyStateCompletion:        "get state completion",
	TypeGetLazyStateKeysCompletion:    "get state keys completion",
	TypeGetPromiseCompletion:          "get promise completion",
	TypePeekPromiseCompletion:         "peek promise completion",
	TypeCompletePromiseCompletion:     "complete promise completion",
	TypeSleepCompletion:               "sleep completion",
	TypeCallCompletion:                "call completion",
	TypeCallInvocationIDCompletion:    "call invocation id completion",
	TypeRunCompletion:                 "run completion",
	TypeAttachInvocationCompletion:    "attach invocation completion",
	TypeGetInvocationOutputCompletion: "get invocation output completion",
	TypeSignalNotification:            "signal",
}

// String names the type for people, such as "get state".
func (t Type) String() string {
	if name, ok := names[t]; ok {
		return name
	}
	return fmt.Sprintf("message %#04x", uint16(t))
}

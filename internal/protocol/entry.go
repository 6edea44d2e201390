package protocol

// entries are the server's names of entries.
var entries = map[Type]string{
	TypeInput: "Input", TypeOutput: "Output",
	TypeGetLazyState: "GetLazyState", TypeGetLazyStateKeys: "GetLazyStateKeys",
	TypeGetEagerState: "GetEagerState", TypeGetEagerStateKeys: "GetEagerStateKeys",
	TypeSetState: "SetState", TypeClearState: "ClearState", TypeClearAllState: "ClearAllState",
	TypeGetPromise: "GetPromise", TypePeekPromise: "PeekPromise", TypeCompletePromise: "CompletePromise",
	TypeSleep: "Sleep", TypeCall: "Call", TypeOneWayCall: "OneWayCall",
	TypeSendSignal: "SendSignal", TypeRun: "Run",
	TypeAttachInvocation: "AttachInvocation", TypeGetInvocationOutput: "GetInvocationOutput",
	TypeCompleteAwakeable: "CompleteAwakeable",

	TypeGetLazyStateCompletion: "GetLazyState", TypeGetLazyStateKeysCompletion: "GetLazyStateKeys",
	TypeGetPromiseCompletion: "GetPromise", TypePeekPromiseCompletion: "PeekPromise",
	TypeCompletePromiseCompletion: "CompletePromise", TypeSleepCompletion: "Sleep",
	TypeCallCompletion: "Call", TypeCallInvocationIDCompletion: "CallInvocationId",
	TypeRunCompletion: "Run", TypeAttachInvocationCompletion: "AttachInvocation",
	TypeGetInvocationOutputCompletion: "GetInvocationOutput", TypeSignalNotification: "Signal",
}

// The kinds of entries in a journal, as the server names them.
const (
	commandEntry      = "Command: "
	notificationEntry = "Notification: "
)

// Entry returns the name of an entry of the type in the server's sys_journal, such as
// "Command: Run". It is empty for a type that no entry has.
func (t Type) Entry() string {
	name := entries[t]
	switch {
	case name == "":
		return ""
	case t.IsCommand():
		return commandEntry + name
	default:
		return notificationEntry + name
	}
}

// TypeOfEntry returns the type of an entry by its name in sys_journal.
func TypeOfEntry(name string) (Type, bool) {
	for t := range entries {
		if t.Entry() == name {
			return t, true
		}
	}
	return 0, false
}

package protocol

// Start begins an attempt. As many frames follow as there are known entries: the journal,
// of commands and notifications.
type Start struct {
	ID           []byte // of 24 bytes
	DebugID      string // what people know the invocation by, inv_…
	KnownEntries uint32
	State        []StateEntry
	PartialState bool   // there are more keys than State has
	Key          string // of an object or a workflow

	RetryCount    uint32 // since the last entry was stored
	RetryDuration uint64 // since then, in milliseconds
	RandomSeed    uint64 // since V6

	Scope, LimitKey, IdempotencyKey *string // since V7
	Unknown                         []byte
}

func (m *Start) fields(c *coder) {
	c.bytes(1, &m.ID)
	c.string(2, &m.DebugID)
	c.uint32(startKnownEntries, &m.KnownEntries)
	repeated(c, 4, &m.State)
	c.bool(5, &m.PartialState)
	c.string(6, &m.Key)
	c.uint32(startRetryCount, &m.RetryCount)
	c.uint64(8, &m.RetryDuration)
	c.uint64(9, &m.RandomSeed)
	c.optionalString(10, &m.Scope)
	c.optionalString(11, &m.LimitKey)
	c.optionalString(12, &m.IdempotencyKey)
	c.unknown(&m.Unknown)
}

// Suspension ends an attempt that waits. It says for what, any of which resumes it.
type Suspension struct {
	WaitingCompletions  []uint32 // up to V6
	WaitingSignals      []uint32
	WaitingNamedSignals []string
	AwaitingOn          *Future // since V7, instead of the others
	Unknown             []byte
}

func (m *Suspension) fields(c *coder) {
	c.numbers(1, &m.WaitingCompletions)
	c.numbers(2, &m.WaitingSignals)
	c.strings(3, &m.WaitingNamedSignals)
	optional(c, 4, &m.AwaitingOn)
	c.unknown(&m.Unknown)
}

// Behavior is what happens to an invocation after an attempt has failed.
type Behavior uint32

// The behaviors. The server honours them in all versions of the protocol.
const (
	BehaviorRetry Behavior = iota // as the retry policy says
	BehaviorPause                 // it is paused, until somebody resumes it
	BehaviorFail                  // it ends with the code and the message of the error
)

// The codes of errors that are the SDK's.
const (
	CodeJournalMismatch   = 570 // the handler does not do what its journal says
	CodeProtocolViolation = 571
)

// Error ends an attempt that failed.
type Error struct {
	Code       uint32
	Message    string
	StackTrace string

	RelatedCommandIndex *uint32
	RelatedCommandName  *string
	RelatedCommandType  *uint32

	NextRetryDelay *uint64 // in milliseconds, instead of the retry policy's
	Behavior       Behavior
	Unknown        []byte
}

func (m *Error) fields(c *coder) {
	c.uint32(1, &m.Code)
	c.string(2, &m.Message)
	c.string(3, &m.StackTrace)
	c.optionalUint32(4, &m.RelatedCommandIndex)
	c.optionalString(5, &m.RelatedCommandName)
	c.optionalUint32(6, &m.RelatedCommandType)
	c.optionalUint64(8, &m.NextRetryDelay)
	c.uint32(9, (*uint32)(&m.Behavior))
	c.unknown(&m.Unknown)
}

// End ends an invocation. Its result came before.
type End struct{ Unknown []byte }

func (m *End) fields(c *coder) { c.unknown(&m.Unknown) }

// CommandAck tells that a command is stored that asked for it by [FlagRequestedAck].
type CommandAck struct {
	CommandIndex uint32
	Unknown      []byte
}

func (m *CommandAck) fields(c *coder) {
	c.uint32(1, &m.CommandIndex)
	c.unknown(&m.Unknown)
}

// ProposeRunCompletion is what a step came to: a value or a failure. A completion tells
// when it is stored.
type ProposeRunCompletion struct {
	CompletionID uint32
	Result       Result
	Unknown      []byte
}

func (m *ProposeRunCompletion) fields(c *coder) {
	c.uint32(1, &m.CompletionID)
	c.result(places{plainValue: 14, failure: 15}, &m.Result)
	c.unknown(&m.Unknown)
}

// AwaitingOn tells the server what a handler waits for, since V7.
type AwaitingOn struct {
	AwaitingOn           *Future
	ExecutingSideEffects bool // steps run, on which the handler waits too
	Unknown              []byte
}

func (m *AwaitingOn) fields(c *coder) {
	optional(c, 1, &m.AwaitingOn)
	c.bool(2, &m.ExecutingSideEffects)
	c.unknown(&m.Unknown)
}

// ProposeRunCompletionAck tells that a proposal is stored, since V7.
type ProposeRunCompletionAck struct {
	CompletionID uint32
	Unknown      []byte
}

func (m *ProposeRunCompletionAck) fields(c *coder) {
	c.uint32(1, &m.CompletionID)
	c.unknown(&m.Unknown)
}

package protocol

import (
	"errors"
	"fmt"
)

// Message is a message of the protocol: a pointer to one of this package's structs that
// have a type.
type Message interface {
	// Type returns the type that the message is sent with.
	Type() Type
	// AppendTo appends the encoded message, without the head of a frame.
	AppendTo(b []byte) []byte

	record
}

// ErrUnknownType is the error of a message whose type this package does not know.
var ErrUnknownType = errors.New("unknown type of message")

// Encode returns the frame of a message.
func Encode(m Message) Frame { return Frame{Type: m.Type(), Body: m.AppendTo(nil)} }

// AppendMessage appends the frame of a message without flags.
func AppendMessage(b []byte, m Message) []byte { return Encode(m).Append(b) }

// Decode decodes the message of a frame into a pointer to the struct for its type. What
// is bytes in it lies in the frame. Fields that this package does not know are kept, and
// encoded behind the others. The error is [ErrUnknownType], or [ErrMalformed] with what
// is wrong.
func Decode(f Frame) (Message, error) {
	m := newMessage(f.Type)
	if m == nil {
		return nil, fmt.Errorf("protocol: %w: %#04x", ErrUnknownType, uint16(f.Type))
	}
	if err := decodeRecord(f.Body, m, 0); err != nil {
		return nil, fmt.Errorf("protocol: %w (%s): %w", ErrMalformed, f.Type, err)
	}
	return m, nil
}

// newMessage returns an empty message, or nil.
func newMessage(t Type) Message {
	switch t {
	case TypeStart:
		return new(Start)
	case TypeSuspension:
		return new(Suspension)
	case TypeError:
		return new(Error)
	case TypeEnd:
		return new(End)
	case TypeCommandAck:
		return new(CommandAck)
	case TypeProposeRunCompletion:
		return new(ProposeRunCompletion)
	case TypeAwaitingOn:
		return new(AwaitingOn)
	case TypeProposeRunCompletionAck:
		return new(ProposeRunCompletionAck)
	case TypeInput:
		return new(Input)
	case TypeOutput:
		return new(Output)
	case TypeGetLazyState:
		return new(GetLazyState)
	case TypeSetState:
		return new(SetState)
	case TypeClearState:
		return new(ClearState)
	case TypeClearAllState:
		return new(ClearAllState)
	case TypeGetLazyStateKeys:
		return new(GetLazyStateKeys)
	case TypeGetEagerState:
		return new(GetEagerState)
	case TypeGetEagerStateKeys:
		return new(GetEagerStateKeys)
	case TypeGetPromise:
		return new(GetPromise)
	case TypePeekPromise:
		return new(PeekPromise)
	case TypeCompletePromise:
		return new(CompletePromise)
	case TypeSleep:
		return new(Sleep)
	case TypeCall:
		return new(Call)
	case TypeOneWayCall:
		return new(OneWayCall)
	case TypeSendSignal:
		return new(SendSignal)
	case TypeRun:
		return new(Run)
	case TypeAttachInvocation:
		return new(AttachInvocation)
	case TypeGetInvocationOutput:
		return new(GetInvocationOutput)
	case TypeCompleteAwakeable:
		return new(CompleteAwakeable)
	case TypeSignalNotification:
		return new(SignalNotification)
	case TypeGetLazyStateCompletion, TypeGetLazyStateKeysCompletion, TypeGetPromiseCompletion,
		TypePeekPromiseCompletion, TypeCompletePromiseCompletion, TypeSleepCompletion, TypeCallCompletion,
		TypeCallInvocationIDCompletion, TypeRunCompletion, TypeAttachInvocationCompletion,
		TypeGetInvocationOutputCompletion:
		return &Notification{Of: t}
	default:
		return nil
	}
}

// Type returns [TypeStart].
func (*Start) Type() Type { return TypeStart }

// Type returns [TypeSuspension].
func (*Suspension) Type() Type { return TypeSuspension }

// Type returns [TypeError].
func (*Error) Type() Type { return TypeError }

// Type returns [TypeEnd].
func (*End) Type() Type { return TypeEnd }

// Type returns [TypeCommandAck].
func (*CommandAck) Type() Type { return TypeCommandAck }

// Type returns [TypeProposeRunCompletion].
func (*ProposeRunCompletion) Type() Type { return TypeProposeRunCompletion }

// Type returns [TypeAwaitingOn].
func (*AwaitingOn) Type() Type { return TypeAwaitingOn }

// Type returns [TypeProposeRunCompletionAck].
func (*ProposeRunCompletionAck) Type() Type { return TypeProposeRunCompletionAck }

// Type returns [TypeInput].
func (*Input) Type() Type { return TypeInput }

// Type returns [TypeOutput].
func (*Output) Type() Type { return TypeOutput }

// Type returns [TypeGetLazyState].
func (*GetLazyState) Type() Type { return TypeGetLazyState }

// Type returns [TypeSetState].
func (*SetState) Type() Type { return TypeSetState }

// Type returns [TypeClearState].
func (*ClearState) Type() Type { return TypeClearState }

// Type returns [TypeClearAllState].
func (*ClearAllState) Type() Type { return TypeClearAllState }

// Type returns [TypeGetLazyStateKeys].
func (*GetLazyStateKeys) Type() Type { return TypeGetLazyStateKeys }

// Type returns [TypeGetEagerState].
func (*GetEagerState) Type() Type { return TypeGetEagerState }

// Type returns [TypeGetEagerStateKeys].
func (*GetEagerStateKeys) Type() Type { return TypeGetEagerStateKeys }

// Type returns [TypeGetPromise].
func (*GetPromise) Type() Type { return TypeGetPromise }

// Type returns [TypePeekPromise].
func (*PeekPromise) Type() Type { return TypePeekPromise }

// Type returns [TypeCompletePromise].
func (*CompletePromise) Type() Type { return TypeCompletePromise }

// Type returns [TypeSleep].
func (*Sleep) Type() Type { return TypeSleep }

// Type returns [TypeCall].
func (*Call) Type() Type { return TypeCall }

// Type returns [TypeOneWayCall].
func (*OneWayCall) Type() Type { return TypeOneWayCall }

// Type returns [TypeSendSignal].
func (*SendSignal) Type() Type { return TypeSendSignal }

// Type returns [TypeRun].
func (*Run) Type() Type { return TypeRun }

// Type returns [TypeAttachInvocation].
func (*AttachInvocation) Type() Type { return TypeAttachInvocation }

// Type returns [TypeGetInvocationOutput].
func (*GetInvocationOutput) Type() Type { return TypeGetInvocationOutput }

// Type returns [TypeCompleteAwakeable].
func (*CompleteAwakeable) Type() Type { return TypeCompleteAwakeable }

// Type returns [TypeSignalNotification].
func (*SignalNotification) Type() Type { return TypeSignalNotification }

// AppendTo appends the encoded message.
func (m *Start) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *Suspension) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *Error) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *End) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *CommandAck) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *ProposeRunCompletion) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *AwaitingOn) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *ProposeRunCompletionAck) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *Input) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *Output) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *GetLazyState) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *SetState) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *ClearState) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *ClearAllState) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *GetLazyStateKeys) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *GetEagerState) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *GetEagerStateKeys) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *GetPromise) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *PeekPromise) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *CompletePromise) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *Sleep) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *Call) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *OneWayCall) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *SendSignal) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *Run) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *AttachInvocation) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *GetInvocationOutput) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *CompleteAwakeable) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *SignalNotification) AppendTo(b []byte) []byte { return appendRecord(b, m) }

// AppendTo appends the encoded message.
func (m *Notification) AppendTo(b []byte) []byte { return appendRecord(b, m) }

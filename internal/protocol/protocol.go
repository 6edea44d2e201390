// Package protocol reads and writes the parts of Restate's service protocol that this
// project needs (https://github.com/restatedev/service-protocol): frames, and single
// fields of a few messages. It keeps no state.
package protocol

import (
	"encoding/binary"
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// The types of messages.
const (
	Start uint16 = 0x0000
	Error uint16 = 0x0002
	Input uint16 = 0x0400
)

// HeaderSize is the size of a frame's header in bytes: type, flags and length.
const HeaderSize = 8

// Header is the header of a frame. The message follows it.
type Header struct {
	Type   uint16
	Length uint32 // of the message, in bytes
}

// ParseHeader parses the header at the beginning of b, which must have at least
// [HeaderSize] bytes.
func ParseHeader(b []byte) Header {
	return Header{Type: binary.BigEndian.Uint16(b), Length: binary.BigEndian.Uint32(b[4:])}
}

// AppendFrame appends a frame with a message.
func AppendFrame(b []byte, kind uint16, message []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(len(message)))
	return append(b, message...)
}

// The fields of a Start message.
const (
	startID           protowire.Number = 1
	startDebugID      protowire.Number = 2
	startKnownEntries protowire.Number = 3
)

var errMalformed = errors.New("protocol: the Start message is malformed")

// KnownEntries returns the number of journal frames that follow a Start message.
func KnownEntries(message []byte) (n uint32, err error) {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return 0, errMalformed
		}
		message = message[size:]
		if number == startKnownEntries && kind == protowire.VarintType {
			v, size := protowire.ConsumeVarint(message)
			if size < 0 || v > 1<<32-1 {
				return 0, errMalformed
			}
			n, message = uint32(v), message[size:] // the last occurrence counts
			continue
		}
		if size = protowire.ConsumeFieldValue(number, kind, message); size < 0 {
			return 0, errMalformed
		}
		message = message[size:]
	}
	return n, nil
}

// FirstAttempt returns what a server sends to start an invocation: a Start message and
// the input.
func FirstAttempt(id, debugID string, input []byte) []byte {
	var start, value, command []byte
	start = protowire.AppendTag(start, startID, protowire.BytesType)
	start = protowire.AppendString(start, id)
	start = protowire.AppendTag(start, startDebugID, protowire.BytesType)
	start = protowire.AppendString(start, debugID)
	start = protowire.AppendTag(start, startKnownEntries, protowire.VarintType)
	start = protowire.AppendVarint(start, 1)
	value = protowire.AppendTag(value, 1, protowire.BytesType) // content
	value = protowire.AppendBytes(value, input)
	command = protowire.AppendTag(command, 14, protowire.BytesType) // value
	command = protowire.AppendBytes(command, value)
	return AppendFrame(AppendFrame(nil, Start, start), Input, command)
}

// The fields of an Error message that are amended: the stack, and the delay in
// milliseconds before the next attempt. When the server gives up an invocation, it shows
// the stack to the caller.
const (
	errorStackTrace     protowire.Number = 3
	errorNextRetryDelay protowire.Number = 8
)

// AmendErrors removes the stack from the Error messages in frames, and adds the delay in
// milliseconds if delay returns one. It calls delay only for an Error message. If there
// is no such message or a frame is incomplete, it changes nothing and returns false.
func AmendErrors(frames []byte, delay func() (milliseconds uint64, asked bool)) (amended []byte, ok bool) {
	for rest := frames; len(rest) > 0; {
		if len(rest) < HeaderSize {
			return nil, false
		}
		h := ParseHeader(rest)
		if uint64(len(rest)-HeaderSize) < uint64(h.Length) {
			return nil, false
		}
		ok = ok || h.Type == Error
		rest = rest[HeaderSize+int(h.Length):]
	}
	if !ok {
		return nil, false
	}
	var field []byte
	if ms, asked := delay(); asked {
		field = protowire.AppendTag(nil, errorNextRetryDelay, protowire.VarintType)
		field = protowire.AppendVarint(field, ms)
	}
	for len(frames) > 0 {
		h := ParseHeader(frames)
		end := HeaderSize + int(h.Length)
		start := len(amended)
		amended = append(amended, frames[:HeaderSize]...)
		if h.Type == Error {
			amended = append(withoutStack(amended, frames[HeaderSize:end]), field...)
			binary.BigEndian.PutUint32(amended[start+4:], uint32(len(amended)-start-HeaderSize))
		} else {
			amended = append(amended, frames[HeaderSize:end]...)
		}
		frames = frames[end:]
	}
	return amended, true
}

// withoutStack appends the fields of an Error message except its stack. Bytes that do
// not parse are appended as they are.
func withoutStack(to, message []byte) []byte {
	for len(message) > 0 {
		number, _, n := protowire.ConsumeField(message)
		if n < 0 {
			return append(to, message...)
		}
		if number != errorStackTrace {
			to = append(to, message[:n]...)
		}
		message = message[n:]
	}
	return to
}

package endpoint

import (
	"encoding/binary"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The service protocol's message that ends a failed attempt, with its fields for the
// stack, which the server shows to the caller when the invocation is given up, and
// for the delay in milliseconds before the next attempt, which the SDK has no way to
// set.
const (
	errorMessage        = 0x0002
	stackTraceField     = 3
	nextRetryDelayField = 8
	frameHead           = 8 // type, flags and length
)

// amendErrors takes the stack out of the error messages among frames, and adds the
// delay if one was asked for. It reports false, and changes nothing, if there are none
// or p is not made of whole frames.
func amendErrors(p []byte, delay func() (d time.Duration, asked bool)) (amended []byte, ok bool) {
	for rest := p; len(rest) > 0; {
		if len(rest) < frameHead {
			return nil, false
		}
		size := binary.BigEndian.Uint32(rest[4:])
		if uint64(len(rest)-frameHead) < uint64(size) {
			return nil, false
		}
		ok = ok || binary.BigEndian.Uint16(rest) == errorMessage
		rest = rest[frameHead+int(size):]
	}
	if !ok {
		return nil, false
	}
	var field []byte
	if d, asked := delay(); asked {
		field = protowire.AppendTag(nil, nextRetryDelayField, protowire.VarintType)
		field = protowire.AppendVarint(field, uint64(d.Milliseconds()))
	}
	for len(p) > 0 {
		end := frameHead + int(binary.BigEndian.Uint32(p[4:]))
		start := len(amended)
		amended = append(amended, p[:frameHead]...)
		if binary.BigEndian.Uint16(p) == errorMessage {
			amended = append(withoutStack(amended, p[frameHead:end]), field...)
			binary.BigEndian.PutUint32(amended[start+4:], uint32(len(amended)-start-frameHead))
		} else {
			amended = append(amended, p[frameHead:end]...)
		}
		p = p[end:]
	}
	return amended, true
}

// withoutStack appends the fields of an error message but for its stack. What does
// not parse is appended as it is.
func withoutStack(to, message []byte) []byte {
	for len(message) > 0 {
		number, _, n := protowire.ConsumeField(message)
		if n < 0 {
			return append(to, message...)
		}
		if number != stackTraceField {
			to = append(to, message[:n]...)
		}
		message = message[n:]
	}
	return to
}

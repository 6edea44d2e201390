package endpoint_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

// The messages of the service protocol that the tests play and read
// (https://github.com/restatedev/service-protocol).
const (
	startMessage  = 0x0000
	endMessage    = 0x0003
	inputCommand  = 0x0400
	outputCommand = 0x0401
)

type frame struct {
	kind uint16
	body []byte
}

// invocationOf is the body of a first attempt, as the server sends it.
func invocationOf(id, input string) []byte {
	start := protowire.AppendTag(nil, 1, protowire.BytesType) // id
	start = protowire.AppendBytes(start, []byte(id))
	start = protowire.AppendTag(start, 2, protowire.BytesType) // id, to be read
	start = protowire.AppendString(start, "inv_"+id)
	start = protowire.AppendTag(start, 3, protowire.VarintType) // known entries
	start = protowire.AppendVarint(start, 1)

	value := protowire.AppendTag(nil, 1, protowire.BytesType)
	value = protowire.AppendString(value, input)
	command := protowire.AppendTag(nil, 14, protowire.BytesType)
	command = protowire.AppendBytes(command, value)

	return append(encodeFrame(startMessage, start), encodeFrame(inputCommand, command)...)
}

func encodeFrame(kind uint16, body []byte) []byte {
	head := binary.BigEndian.AppendUint16(nil, kind)
	head = binary.BigEndian.AppendUint16(head, 0)
	head = binary.BigEndian.AppendUint32(head, uint32(len(body)))
	return append(head, body...)
}

func decodeFrames(t testing.TB, b []byte) (frames []frame) {
	t.Helper()
	for len(b) > 0 {
		require.GreaterOrEqual(t, len(b), 8)
		n := 8 + int(binary.BigEndian.Uint32(b[4:]))
		require.GreaterOrEqual(t, len(b), n)
		frames = append(frames, frame{binary.BigEndian.Uint16(b), b[8:n]})
		b = b[n:]
	}
	return frames
}

// outputOf is the value that an attempt resulted in.
func outputOf(t testing.TB, response []byte) string {
	t.Helper()
	frames := decodeFrames(t, response)
	require.Len(t, frames, 2)
	require.EqualValues(t, outputCommand, frames[0].kind)
	require.EqualValues(t, endMessage, frames[1].kind)
	for b := frames[0].body; len(b) > 0; {
		number, kind, n := protowire.ConsumeTag(b)
		require.Positive(t, n)
		b = b[n:]
		if number == 14 {
			value, _ := protowire.ConsumeBytes(b)
			_, _, n := protowire.ConsumeTag(value)
			content, _ := protowire.ConsumeBytes(value[n:])
			return string(content)
		}
		n = protowire.ConsumeFieldValue(number, kind, b)
		require.Positive(t, n)
		b = b[n:]
	}
	require.Fail(t, "no value")
	return ""
}

package protocol_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/fxrestate/go/internal/protocol"
)

func frame(kind uint16, message []byte) []byte { return protocol.AppendFrame(nil, kind, message) }

func TestHeader(t *testing.T) {
	t.Parallel()
	f := frame(protocol.Error, []byte("failed"))
	require.Equal(t, protocol.Header{Type: protocol.Error, Length: 6}, protocol.ParseHeader(f))
	require.Equal(t, "failed", string(f[protocol.HeaderSize:]))
}

func TestKnownEntries(t *testing.T) {
	t.Parallel()
	entries := func(n uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), n)
	}
	id := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "id")
	for _, tt := range []struct {
		name    string
		message []byte
		want    uint32
		bad     bool
	}{
		{"of an empty message are none", nil, 0, false},
		{"are a field", entries(7), 7, false},
		{"are found behind other fields", append(bytes.Clone(id), entries(300)...), 300, false},
		{"are found before other fields", append(entries(2), id...), 2, false},
		{"are the last where there are two", append(entries(2), entries(3)...), 3, false},
		{"of another wire type do not count", protowire.AppendString(protowire.AppendTag(nil, 3, protowire.BytesType), "x"), 0, false},
		{"are no more than a uint32", entries(1 << 32), 0, true},
		{"of a cut message are unknown", id[:3], 0, true},
		{"of a message that is none are unknown", []byte{0xff}, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, err := protocol.KnownEntries(tt.message)
			require.Equal(t, tt.bad, err != nil, err)
			require.Equal(t, tt.want, n)
		})
	}
}

func FuzzKnownEntries(f *testing.F) {
	f.Add([]byte{0x18, 0x07})
	f.Add(protocol.FirstAttempt("id", "inv_id", []byte("input"))[protocol.HeaderSize:])
	f.Fuzz(func(_ *testing.T, message []byte) { _, _ = protocol.KnownEntries(message) })
}

func FuzzAmendErrors(f *testing.F) {
	stack := protowire.AppendString(protowire.AppendTag(nil, 3, protowire.BytesType), "goroutine 1 [running]")
	message := protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), "failed")
	f.Add([]byte(nil), uint16(0), true)
	f.Add(frame(0x0002, append(message, stack...)), uint16(1500), true)
	f.Add(frame(0x0002, append(stack, message...)), uint16(0), false)
	f.Add(frame(0x0002, append(stack, 0xff)), uint16(1500), true)
	f.Add(append(frame(0x0401, []byte("output")), frame(0x0002, nil)...), uint16(1), true)
	f.Add(append(frame(0x0002, nil), 0, 2, 0), uint16(1), true)
	f.Add([]byte("\x00\x02\x00\x00\xff\xff\xff\xff"), uint16(1), true)
	f.Fuzz(func(t *testing.T, p []byte, millis uint16, asked bool) {
		before := bytes.Clone(p)
		amended, ok := protocol.AmendErrors(p, func() (uint64, bool) { return uint64(millis), asked })
		require.Equal(t, before, p, "the SDK's buffer was changed")
		if !ok {
			return
		}
		var field []byte
		if asked {
			field = protowire.AppendVarint(protowire.AppendTag(nil, 8, protowire.VarintType), uint64(millis))
		}
		for len(p) > 0 { // all frames are there, and those of errors are amended
			n := 8 + int(binary.BigEndian.Uint32(p[4:]))
			kind, body := binary.BigEndian.Uint16(p), bytes.Clone(p[8:n])
			m := 8 + int(binary.BigEndian.Uint32(amended[4:]))
			if kind == 0x0002 {
				body = append(stackless(body), field...)
			}
			require.Equal(t, p[:4], amended[:4])
			require.Equal(t, string(body), string(amended[8:m]))
			p, amended = p[n:], amended[m:]
		}
		require.Empty(t, amended)
	})
}

// stackless drops the fields with the number 3, up to the first invalid field.
func stackless(message []byte) (out []byte) {
	for {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return append(out, message...)
		}
		size := protowire.ConsumeFieldValue(number, kind, message[n:])
		if size < 0 {
			return append(out, message...)
		}
		if number != 3 {
			out = append(out, message[:n+size]...)
		}
		message = message[n+size:]
	}
}

package protocol_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/fxrestate/go/internal/protocol"
)

func TestKnownEntries(t *testing.T) {
	t.Parallel()
	entries := func(n uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), n)
	}
	tried := func(n uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, 7, protowire.VarintType), n)
	}
	id := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "id")
	for _, tt := range []struct {
		name    string
		message []byte
		want    uint32
		retries uint32
		bad     bool
	}{
		{"of an empty message are none", nil, 0, 0, false},
		{"are a field", entries(7), 7, 0, false},
		{"are found behind other fields", append(bytes.Clone(id), entries(300)...), 300, 0, false},
		{"are found before other fields", append(entries(2), id...), 2, 0, false},
		{"are the last where there are two", append(entries(2), entries(3)...), 3, 0, false},
		{"of another wire type do not count", protowire.AppendString(protowire.AppendTag(nil, 3, protowire.BytesType), "x"), 0, 0, false},
		{"are no more than a uint32", entries(1 << 32), 0, 0, true},
		{"of a cut message are unknown", id[:3], 0, 0, true},
		{"stand beside the number of retries", append(entries(2), tried(4)...), 2, 4, false},
		{"of a message that is none are unknown", []byte{0xff}, 0, 0, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, retries, err := protocol.KnownEntries(tt.message)
			require.Equal(t, tt.bad, err != nil, err)
			require.Equal(t, tt.want, n)
			require.Equal(t, tt.retries, retries)
		})
	}
}

func FuzzKnownEntries(f *testing.F) {
	f.Add([]byte{0x18, 0x07})
	f.Add(protocol.FirstAttempt("id", "inv_id", []byte("input"))[protocol.HeadSize:])
	f.Fuzz(func(_ *testing.T, message []byte) { _, _, _ = protocol.KnownEntries(message) })
}

package protocol_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/fxrestate/go/internal/protocol"
)

// FuzzDecode checks that what decodes says the same after it was encoded, and that the
// encoding is settled then.
func FuzzDecode(f *testing.F) {
	for _, tt := range messages() {
		f.Add(uint16(tt.message.Type()), tt.message.AppendTo(nil))
	}
	f.Add(uint16(protocol.TypeStart), []byte{0xff})
	f.Add(uint16(protocol.TypeCall), protowire.AppendString(protowire.AppendTag(nil, 200, protowire.BytesType), "later"))
	f.Fuzz(func(t *testing.T, kind uint16, body []byte) {
		m, err := protocol.Decode(protocol.Frame{Type: protocol.Type(kind), Body: body})
		if err != nil {
			require.Nil(t, m)
			return
		}
		require.EqualValues(t, kind, m.Type())
		encoded := protocol.Encode(m)
		again, err := protocol.Decode(encoded)
		require.NoError(t, err)
		require.Equal(t, m, again)
		require.Equal(t, encoded, protocol.Encode(again))
	})
}

func messages() []struct {
	name    string
	message protocol.Message
} {
	value := &protocol.Value{Content: []byte("v")}
	all := []protocol.Message{
		&protocol.Start{
			ID: []byte("id"), DebugID: "inv_1", KnownEntries: 3,
			State: []protocol.StateEntry{{Key: []byte("a"), Value: []byte("1")}, {Key: []byte("b")}}, PartialState: true, Key: "k",
			RetryCount: 2, RetryDuration: 1 << 40, RandomSeed: 1<<64 - 1,
			Scope: new("s"), LimitKey: new("l"), IdempotencyKey: new(""),
		},
		&protocol.Suspension{WaitingCompletions: []uint32{1, 300}, WaitingSignals: []uint32{17}, WaitingNamedSignals: []string{"a", ""}},
		&protocol.Suspension{AwaitingOn: &protocol.Future{
			WaitingCompletions: []uint32{0}, Combinator: protocol.CombinatorAllCompleted,
			Nested: []protocol.Future{{WaitingNamedSignals: []string{"x"}}, {}},
		}},
		&protocol.Input{Headers: []protocol.Header{{Key: "k", Value: "v"}, {}}, Value: value},
		&protocol.Input{Value: &protocol.Value{}},
	}
	out := make([]struct {
		name    string
		message protocol.Message
	}, len(all))
	for i, m := range all {
		out[i].name, out[i].message = m.Type().String(), m
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	for _, tt := range messages() {
		t.Run(tt.name, func(t *testing.T) {
			got, err := protocol.Decode(protocol.Encode(tt.message))
			require.NoError(t, err)
			require.Equal(t, tt.message, got)
		})
	}
}

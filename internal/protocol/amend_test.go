package protocol_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
)

func FuzzAmendErrors(f *testing.F) {
	frame := func(kind protocol.Type, body []byte) []byte {
		return protocol.Frame{Type: kind, Body: body}.Append(nil)
	}
	failed := protocol.AppendMessage(nil, &protocol.Error{Code: 500, Message: "failed", StackTrace: "goroutine 1 [running]"})
	f.Add([]byte(nil), uint16(0))
	f.Add(failed, uint16(1500))
	f.Add(append(frame(protocol.TypeOutput, []byte("output")), failed...), uint16(1))
	f.Add(frame(protocol.TypeError, []byte{0xff}), uint16(1500))
	f.Add(append(bytes.Clone(failed), 0, 2, 0), uint16(1))
	f.Add(append(bytes.Clone(failed), head(protocol.TypeError, 1<<32-1)...), uint16(1))
	f.Add(head(protocol.TypeOutput, 1<<32-1), uint16(1))
	f.Fuzz(func(t *testing.T, stream []byte, millis uint16) {
		before := bytes.Clone(stream)
		delay := uint64(millis)
		errors := 0
		amended, ok := protocol.AmendErrors(stream, func(m *protocol.Error) {
			errors++
			m.StackTrace, m.NextRetryDelay, m.Behavior = "", &delay, protocol.BehaviorPause
		})
		require.Equal(t, before, stream, "the SDK's buffer was changed")
		frames, err := protocol.Split(stream)
		if !ok {
			require.Zero(t, errors)
			require.Empty(t, amended)
			return
		}
		require.NoError(t, err)
		after, err := protocol.Split(amended)
		require.NoError(t, err)
		require.Len(t, after, len(frames), "all frames are there")
		for i, f := range frames {
			if m, err := protocol.Decode(f); err == nil && f.Type == protocol.TypeError {
				errors--
				want := m.(*protocol.Error)
				want.StackTrace, want.NextRetryDelay, want.Behavior = "", &delay, protocol.BehaviorPause
				f.Body = want.AppendTo(nil)
			}
			if len(f.Body) == 0 {
				f.Body = nil
			}
			require.Equal(t, f, after[i])
		}
		require.Zero(t, errors)
	})
}

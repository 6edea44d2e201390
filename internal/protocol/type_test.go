package protocol_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
)

func TestTypes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind                  protocol.Type
		name                  string
		command, notification bool
		completion            protocol.Type // 0: none
	}{
		{protocol.TypeStart, "start", false, false, 0},
		{protocol.TypeProposeRunCompletion, "run proposal", false, false, 0},
		{0x03FF, "message 0x03ff", false, false, 0},
		{protocol.TypeInput, "handler input", true, false, 0},
		{protocol.TypeGetLazyState, "get state", true, false, protocol.TypeGetLazyStateCompletion},
		{protocol.TypeGetEagerState, "get state", true, false, 0},
		{protocol.TypeSetState, "set state", true, false, 0},
		{protocol.TypeGetLazyStateKeys, "get state keys", true, false, protocol.TypeGetLazyStateKeysCompletion},
		{protocol.TypeGetPromise, "get promise", true, false, protocol.TypeGetPromiseCompletion},
		{protocol.TypePeekPromise, "peek promise", true, false, protocol.TypePeekPromiseCompletion},
		{protocol.TypeCompletePromise, "complete promise", true, false, protocol.TypeCompletePromiseCompletion},
		{protocol.TypeSleep, "sleep", true, false, protocol.TypeSleepCompletion},
		{protocol.TypeCall, "call", true, false, protocol.TypeCallCompletion},
		{protocol.TypeOneWayCall, "one way call/send", true, false, protocol.TypeCallInvocationIDCompletion},
		{protocol.TypeRun, "run", true, false, protocol.TypeRunCompletion},
		{protocol.TypeAttachInvocation, "attach invocation", true, false, protocol.TypeAttachInvocationCompletion},
		{protocol.TypeGetInvocationOutput, "get invocation output", true, false, protocol.TypeGetInvocationOutputCompletion},
		{protocol.TypeSendSignal, "send signal", true, false, 0},
		{0x7FFF, "message 0x7fff", true, false, 0},
		{protocol.TypeRunCompletion, "run completion", false, true, 0},
		{protocol.TypeSignalNotification, "signal", false, true, 0},
		{0xFC00, "message 0xfc00", false, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.name, tt.kind.String())
			require.Equal(t, tt.command, tt.kind.IsCommand())
			require.Equal(t, tt.notification, tt.kind.IsNotification())
			completion, ok := tt.kind.Completion()
			require.Equal(t, tt.completion != 0, ok)
			require.Equal(t, tt.completion, completion)
		})
	}
}

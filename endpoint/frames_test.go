package endpoint_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
)

// invocationOf is the body of a first attempt, as the server sends it.
func invocationOf(id, input string) []byte {
	return protocol.FirstAttempt(id, "inv_"+id, []byte(input))
}

// header is the head of a frame without its message.
func header(kind protocol.Type, length uint32) []byte {
	return protocol.Head{Type: kind, Length: length}.Append(nil)
}

// messagesOf are those of a response.
func messagesOf(t testing.TB, response []byte) (messages []protocol.Message) {
	t.Helper()
	frames, err := protocol.Split(response)
	require.NoError(t, err)
	for _, f := range frames {
		m, err := protocol.Decode(f)
		require.NoError(t, err)
		messages = append(messages, m)
	}
	return messages
}

// outputOf is the value that an attempt resulted in.
func outputOf(t testing.TB, response []byte) string {
	t.Helper()
	messages := messagesOf(t, response)
	require.Len(t, messages, 2)
	require.IsType(t, &protocol.End{}, messages[1])
	require.IsType(t, &protocol.Output{}, messages[0])
	result := messages[0].(*protocol.Output).Result
	require.Equal(t, protocol.ResultValue, result.Kind)
	return string(result.Value.Content)
}

// lastError is the error that a response ends with.
func lastError(t testing.TB, response []byte) *protocol.Error {
	t.Helper()
	messages := messagesOf(t, response)
	require.NotEmpty(t, messages)
	last := messages[len(messages)-1]
	require.IsType(t, &protocol.Error{}, last)
	return last.(*protocol.Error)
}

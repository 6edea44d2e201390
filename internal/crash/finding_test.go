package crash

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
)

// head is how the text of each mismatch begins.
const head = "Found a mismatch between the code paths taken during the previous execution and the paths taken during this execution.\n" +
	"This typically happens when some parts of the code are non-deterministic.\n"

func TestAMismatchIsReadFromTheErrorOfAnAttempt(t *testing.T) {
	t.Parallel()
	journal := Journal{Commands: []Command{
		{Frame: protocol.Encode(&protocol.Input{Value: &protocol.Value{Content: []byte(`"x"`)}})},
		{Frame: protocol.Encode(&protocol.Run{CompletionID: 1, Name: "charge"})},
		{Frame: protocol.Encode(&protocol.Call{Service: "Till", Handler: "Take", Key: "main", Parameter: []byte("6"), CompletionID: 3, InvocationIDCompletionID: 2})},
	}}
	at := func(index uint32, kind protocol.Type, name string, text string) *protocol.Error {
		e := &protocol.Error{Code: protocol.CodeJournalMismatch, Message: head + text, RelatedCommandIndex: &index, RelatedCommandType: new(uint32(kind))}
		if name != "" {
			e.RelatedCommandName = &name
		}
		return e
	}
	const advice = "; what differs between attempts, such as the time, random numbers, the order of a map or a global variable, " +
		"belongs into restate.Run, or use durable.Now and restate.Rand"
	for name, tt := range map[string]struct {
		err  *protocol.Error
		want string
	}{
		"another name": {
			at(1, protocol.TypeRun, "refund", "- The mismatch happened while executing 'run' (index '1')\n- Difference:\n   name: charge != refund"),
			`S/h is not deterministic at entry 1: recorded was run "charge", attempted was run "refund" (name: charge != refund)` + advice,
		},
		"another kind": {
			at(1, protocol.TypeSleep, "", " - The previous execution ran and recorded the following: 'run' (index '1')\n - The current execution attempts to perform the following: 'sleep'"),
			`S/h is not deterministic at entry 1: recorded was run "charge", attempted was sleep` + advice,
		},
		"two differences": {
			at(2, protocol.TypeCall, "", "- The mismatch happened while executing 'call' (index '2')\n- Difference:\n   handler_name: Take != Give\n   parameter: '6' != '5'"),
			`S/h is not deterministic at entry 2: recorded was call "Till/main/Take" with 6, attempted was call "Till/main/Take" (handler_name: Take != Give; parameter: '6' != '5')` + advice,
		},
		"another await": {
			at(1, protocol.TypeRun, "charge", "'await' could not be replayed. This usually means the code was mutated adding an 'await' without registering a new service revision.\nNotifications awaited on this await point:\n - run [charge]\n - Cancellation"),
			`S/h is not deterministic at entry 1: recorded was no result of it, attempted was to wait for run "charge"` + advice,
		},
		"more than the journal": {
			at(3, protocol.TypeRun, "ship", "Unexpected"),
			`S/h is not deterministic at entry 3: recorded was the end of the journal, attempted was run "ship"` + advice,
		},
		"no command": {
			&protocol.Error{Code: protocol.CodeProtocolViolation, Message: "The execution replay ended unexpectedly."},
			`S/h is not deterministic at entry 3: recorded was the end of the journal, attempted was something else: The execution replay ended unexpectedly.` + advice,
		},
		"an error of the handler": {&protocol.Error{Code: 500, Message: "no"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := mismatch("S/h", "inv_1", &journal, tt.err)
			if tt.want == "" {
				require.Nil(t, f)
				return
			}
			require.EqualError(t, f, tt.want)
		})
	}
}

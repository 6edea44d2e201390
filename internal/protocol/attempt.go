package protocol

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

const startKnownEntries protowire.Number = 3

var errKnownEntries = errors.New("protocol: the Start message is malformed")

// KnownEntries returns the number of journal frames that follow a [Start] message. It is
// for those who need nothing else of the message: it decodes no more.
func KnownEntries(message []byte) (n uint32, err error) {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return 0, errKnownEntries
		}
		message = message[size:]
		if number == startKnownEntries && kind == protowire.VarintType {
			v, size := protowire.ConsumeVarint(message)
			if size < 0 || v > 1<<32-1 {
				return 0, errKnownEntries
			}
			n, message = uint32(v), message[size:] // the last occurrence counts
			continue
		}
		if size = protowire.ConsumeFieldValue(number, kind, message); size < 0 {
			return 0, errKnownEntries
		}
		message = message[size:]
	}
	return n, nil
}

// FirstAttempt returns what a server sends to start an invocation: a [Start] message and
// the [Input].
func FirstAttempt(id, debugID string, input []byte) []byte {
	b := AppendMessage(nil, &Start{ID: []byte(id), DebugID: debugID, KnownEntries: 1})
	return AppendMessage(b, &Input{Value: &Value{Content: input}})
}

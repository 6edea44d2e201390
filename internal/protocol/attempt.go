package protocol

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

const (
	startKnownEntries protowire.Number = 3
	startRetryCount   protowire.Number = 7
)

var errKnownEntries = errors.New("protocol: the Start message is malformed")

// KnownEntries returns the number of journal frames that follow a [Start] message, and how
// often the attempt was tried before since the last entry was stored. It is for those who
// need nothing else of the message: it decodes no more.
func KnownEntries(message []byte) (n, retries uint32, err error) {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return 0, 0, errKnownEntries
		}
		message = message[size:]
		if kind == protowire.VarintType && (number == startKnownEntries || number == startRetryCount) {
			v, size := protowire.ConsumeVarint(message)
			if size < 0 || number == startKnownEntries && v > 1<<32-1 {
				return 0, 0, errKnownEntries
			}
			if message = message[size:]; number == startKnownEntries {
				n = uint32(v) // the last occurrence counts
			} else {
				retries = uint32(v)
			}
			continue
		}
		if size = protowire.ConsumeFieldValue(number, kind, message); size < 0 {
			return 0, 0, errKnownEntries
		}
		message = message[size:]
	}
	return n, retries, nil
}

// FirstAttempt returns what a server sends to start an invocation: a [Start] message and
// the [Input].
func FirstAttempt(id, debugID string, input []byte) []byte {
	b := AppendMessage(nil, &Start{ID: []byte(id), DebugID: debugID, KnownEntries: 1})
	return AppendMessage(b, &Input{Value: &Value{Content: input}})
}

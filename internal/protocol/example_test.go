package protocol_test

import (
	"fmt"

	"github.com/fxrestate/go/internal/protocol"
)

// A server that is played answers what a handler has written.
func Example() {
	var written []byte // what a response brings
	written = protocol.AppendMessage(written, &protocol.Run{CompletionID: 1, Name: "charge"})
	written = protocol.AppendMessage(written, &protocol.ProposeRunCompletion{CompletionID: 1, Result: protocol.Succeeded([]byte("paid"))})

	var s protocol.Splitter
	for _, piece := range [][]byte{written[:5], written[5:]} {
		frames, err := s.Feed(piece)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, f := range frames {
			m, err := protocol.Decode(f)
			if err != nil {
				fmt.Println(err)
				return
			}
			switch m := m.(type) {
			case *protocol.Run:
				fmt.Printf("%s %q begins\n", m.Type(), m.Name)
			case *protocol.ProposeRunCompletion:
				answer := &protocol.Notification{Of: protocol.TypeRunCompletion, CompletionID: m.CompletionID, Result: m.Result}
				fmt.Printf("%s: %s\n", answer.Type(), answer.Result.Value.Content)
			}
		}
	}
	// Output:
	// run "charge" begins
	// run completion: paid
}

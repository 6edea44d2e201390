// Package protocol reads and writes the messages of Restate's service protocol, V6 and the
// fields of V7 (https://github.com/restatedev/service-protocol): the frames in which they
// are sent, and the messages themselves. It keeps no state of an invocation.
//
// An attempt of an invocation is a request whose body is frames: a [Start], the journal, and
// what else the handler is told as it goes on. The response is frames as well: what the
// handler does, and an [End], a [Suspension] or an [Error] as the last.
//
//	for {
//		f, err := protocol.ReadFrame(body, 0)
//		…
//		m, err := protocol.Decode(f)
//		…
//		switch m := m.(type) {
//		case *protocol.Run:
//			answer = protocol.AppendMessage(answer, &protocol.Notification{
//				Of: protocol.TypeRunCompletion, CompletionID: m.CompletionID, Result: protocol.Succeeded(value),
//			})
//		}
//	}
//
// Fields of later versions are kept where they stood, so that what is decoded and encoded
// again says the same. A message is decoded with the memory that its bytes need, times a
// small factor; how many bytes that are is for [ReadFrame] or a [Splitter] to bound.
package protocol

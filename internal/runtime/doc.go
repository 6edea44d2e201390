// Package runtime plays the server's side of one attempt of an invocation, over an
// [net/http.Handler] that serves handlers and without a connection: it sends the start
// message and the journal, hands on what the handler writes, takes what the handler is to
// be told, and says how the attempt ended.
//
//	a := runtime.Start(handler, runtime.Request{
//		Service: "greeter", Handler: "Greet",
//		Start:   &protocol.Start{ID: id, DebugID: "inv_1…"},
//		Journal: []protocol.Frame{protocol.Encode(&protocol.Input{Value: &protocol.Value{Content: input}})},
//		OnMessage: func(a *runtime.Attempt, f protocol.Frame) {
//			… // store a command, and a.Push its completion
//		},
//	})
//	ending := a.Wait()
//
// It keeps no journal: package runner does, which is a whole Restate.
package runtime

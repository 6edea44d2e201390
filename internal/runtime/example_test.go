package runtime_test

import (
	"fmt"
	"log/slog"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runtime"
)

// One attempt of a handler without steps.
func Example() {
	handler, err := server.NewRestate().WithLogger(slog.DiscardHandler, false).Bind(
		restate.NewService("Greeter").Handler("Greet", restate.NewServiceHandler(func(_ restate.Context, name string) (string, error) {
			return "Hello " + name, nil
		})),
	).Handler()
	if err != nil {
		panic(err)
	}
	a := runtime.Start(handler, runtime.Request{
		Service: "Greeter", Handler: "Greet",
		Start:     &protocol.Start{ID: make([]byte, 24), DebugID: "inv_1"},
		Journal:   []protocol.Frame{protocol.Encode(&protocol.Input{Value: &protocol.Value{Content: []byte(`"Ada"`)}})},
		OnMessage: func(_ *runtime.Attempt, f protocol.Frame) { fmt.Println(f.Type) },
	})
	e := a.Wait()
	fmt.Println(e, string(e.Output.Result.Value.Content))
	// Output:
	// handler return
	// ended "Hello Ada"
}

// Package runner is a Restate in this process, for tests: it runs invocations of an
// application's handlers through the SDK's own state machine, without a server and
// without a connection, on a clock of its own.
//
//	r, err := runner.New(handler, runner.Config{}) // handler: the application's endpoint
//	…
//	defer r.Close()
//	result, err := r.Call(ctx, runner.Request{Service: "greeter", Handler: "Greet", Body: []byte(`"Ada"`)})
//
// What it keeps are invocations with their journals, state, promises and timers. What it does
// with a command is what the server does, version 1.7.
//
// # The clock
//
// A timer is due at a time of the runner's clock. That goes as the real time does. When
// nothing runs and somebody waits for an invocation, it jumps to the next timer, so that a
// day passes in milliseconds. With [Config.ManualClock] it stands still, and
// [Runner.Advance] moves it.
//
// A handler that runs, also within a step, keeps the clock from jumping. Whether a handler
// waits cannot be seen from outside. So one that has been quiet for a moment is asked to
// suspend, as a server does after its inactivity timeout: if it waits it does so, and
// makes its next attempt when what it waits for is there.
package runner

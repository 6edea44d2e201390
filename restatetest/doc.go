// Package restatetest tests what is durable as anything else is tested, at three levels:
//
//   - [NewContext] is a context for one method, with state, steps, timers and calls in memory.
//     It shows what a handler decides, in microseconds.
//   - [Start] with [InProcess] runs an application without a server, with replays, retries and
//     crashes, on a clock that jumps to the next timer. It takes milliseconds.
//   - [Start] runs it on a real restate-server. [OnBoth] runs one test in both ways.
//
// A test of an application:
//
//	func TestAnOrderSurvivesACrash(t *testing.T) {
//		t.Parallel()
//		env := restatetest.Start(t, shop.Module, fx.Replace(fx.Annotate(fakeBank{}, fx.As(new(shop.Bank)))))
//		orders := ingress.NewWorkflow[*shop.Order](env.Ingress())
//
//		order, err := ingress.Send(t.Context(), orders.ID("1"), (*shop.Order).Run, shop.Place{Customer: "ada"})
//		require.NoError(t, err)
//		env.InvocationOf(order).AwaitEntry("Sleep packing")
//
//		env.KillApp()
//		env.StartApp()
//
//		status, err := order.Attach(t.Context())
//		require.NoError(t, err)
//		require.Equal(t, "shipped", status.Step)
//	}
//
// [Start] builds the application of its options, as fx.New does: the same graph as in
// production, with what the test replaces. A server needs nothing installed but npm, or one of
// the other sources that package devserver knows.
//
// # What a test sees
//
// Calls go through [Env.Ingress], the client that the application itself has. [StateOf]
// reads and writes the state of an object or a workflow, and [Env.Invocation] looks at an
// invocation: its status, journal, retries and failure. What comes about later is awaited:
// [Invocation.AwaitStatus], [Invocation.AwaitEntry], [Env.Eventually]. No test needs a sleep.
//
// # What a test breaks
//
// [Env.KillApp] and [Env.StartApp] crash the application and build it anew, [Env.RestartApp]
// restarts it as a deployment does. [Env.KillServer], [Env.StartServer] and
// [Env.RestartServer] do it to the server, and with [Cluster] [Env.KillNode] and
// [Env.StartNode] to a node. With [AlwaysReplay] the server suspends an attempt at each await
// and has it replayed, and with [NoRetries] the first error of a handler is the result.
//
// [CrashEverywhere] runs a scenario again and again, with the process dying before and after
// each entry of each journal, and compares what comes of it. It also finds handlers that are
// not deterministic. [Replay] replays the journal of an invocation that was recorded where it
// happened, and shows whether such an invocation survives the next deployment.
//
// # In process
//
// With [InProcess] all of the above holds but for what only a server has: its own crashes, the
// admin API, deployments. [Env.Advance] moves the clock if it is a [ManualClock]. What other
// applications serve is answered by [StubRemote].
//
// # Servers
//
// A test has a server for itself while it runs. Afterwards the server is emptied, and the
// next test gets it: tests that run one after the other share one, and parallel ones have one
// each, of about 150 MB. So they need no names or keys of their own. Subtests share that of
// their test: [Env.With]. [Private] asks for a new one. All of them end with the test binary,
// however it ends.
//
// The servers have few partitions, remove soon what has outlived its retention, and retry a
// failed invocation after 50 ms at first in place of half a second. [ServerEnv] sets anything
// else.
package restatetest

// Package restatetest runs an application of a test on a real restate-server, so that what
// is durable in it is tested as anything else is:
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
// production, with what the test replaces. It needs nothing installed but npm, or one of the
// other sources that package devserver knows.
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
// not deterministic.
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

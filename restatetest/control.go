package restatetest

import "context"

// StartApp builds the application anew, from the options of [Start], and starts it, after
// [Env.KillApp]: its constructors run again, so what structs had in memory is lost. What the
// options have as values, as with fx.Supply and fx.Replace, is the same as before, and so is
// the endpoint's URL: invocations in flight go on there. It fails the test if the application
// runs.
func (e *Env) StartApp() {
	e.t.Helper()
	if e.up {
		e.t.Fatal("restatetest: StartApp: the application runs; call KillApp first, or RestartApp")
	}
	ctx, cancel := e.context()
	defer cancel()
	a, err := e.build()
	if err != nil {
		e.t.Fatalf("restatetest: the application cannot be built:\n%v", err)
	}
	if err := e.start(ctx, a); err != nil {
		e.t.Fatalf("restatetest: the application does not start:\n%v", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.latest, e.up = a, true
}

// KillApp ends the application as SIGKILL ends its process, as far as the server sees: all
// connections break at once, nothing drains, and what an attempt does from then on reaches
// nobody. Then the application is stopped, hooks included, so that nothing of it is left in
// the test's process; that waits for handlers, whose contexts have ended. It fails the test
// if the application does not run.
func (e *Env) KillApp() {
	e.t.Helper()
	e.downApp("KillApp", func(a *app, ctx context.Context) error {
		e.backend.cut()
		return a.kill(ctx)
	})
}

// RestartApp stops the application as a deployment does, with its drain, and starts it again
// as [Env.StartApp] does.
func (e *Env) RestartApp() {
	e.t.Helper()
	e.downApp("RestartApp", (*app).stop)
	e.StartApp()
}

func (e *Env) downApp(what string, down func(*app, context.Context) error) {
	e.t.Helper()
	if !e.up {
		e.t.Fatalf("restatetest: %s: the application does not run; call StartApp first", what)
	}
	ctx, cancel := e.context()
	defer cancel()
	e.mu.Lock()
	e.up = false
	a := e.latest
	e.mu.Unlock()
	if err := down(a, ctx); err != nil {
		e.t.Fatalf("restatetest: %s: %v", what, err)
	}
}

// KillServer kills the server with SIGKILL, all nodes of a cluster. Its data stays.
func (e *Env) KillServer() {
	e.t.Helper()
	for i := range e.backend.nodes() {
		e.KillNode(i)
	}
}

// StartServer starts the server after [Env.KillServer], and all nodes that are down, at the
// same addresses and with the same data, and waits until it is ready. It does nothing if all
// run.
func (e *Env) StartServer() {
	e.t.Helper()
	ctx, cancel := e.context()
	defer cancel()
	if err := e.backend.startAll(ctx); err != nil {
		e.t.Fatalf("restatetest: StartServer: %v", err)
	}
}

// RestartServer kills the server and starts it again.
func (e *Env) RestartServer() {
	e.t.Helper()
	e.KillServer()
	e.StartServer()
}

// KillNode kills a node of the [Cluster], from 0 on, with SIGKILL. Without Cluster the only
// one is 0. It does nothing if the node is down.
func (e *Env) KillNode(i int) {
	e.t.Helper()
	if err := e.backend.killNode(i); err != nil {
		e.t.Fatalf("restatetest: KillNode(%d): %v", i, err)
	}
}

// StartNode starts a node after [Env.KillNode], with the same addresses and data, and waits
// until it is ready. It needs more than half of the nodes, itself included: where fewer run,
// use [Env.StartServer].
func (e *Env) StartNode(i int) {
	e.t.Helper()
	ctx, cancel := e.context()
	defer cancel()
	if err := e.backend.startNode(ctx, i); err != nil {
		e.t.Fatalf("restatetest: StartNode(%d): %v", i, err)
	}
}

package restatetest

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/internal/sdk/fakectx"
)

// Request is the request of an invocation that [NewContext] plays. All fields may be left
// out.
type Request struct {
	// Handler is the handler as a method expression, such as (*Cart).AddItem. It names the
	// handler in errors and logs, and says whether it may write state and which contexts
	// package durable finds. Default: an exclusive handler of a virtual object.
	Handler any
	// Key is the key of the virtual object or the id of the workflow.
	Key string
	// ID is the id of the invocation. Default: one that is the same in every test.
	ID string
	// IdempotencyKey, Headers and Body are what the caller sent. The handler's input is an
	// argument of its method; Body is for handlers that read restate.Request.
	IdempotencyKey string
	Headers        map[string]string
	Body           []byte
	// State is the state before the handler runs. Values are encoded as JSON; a
	// json.RawMessage is taken as it is, also if it is not JSON.
	State map[string]any

	// Seed is the seed of restate.Rand, RandSource and UUID. Default: 0, which is a seed too.
	Seed uint64
	// Time is the time at which the invocation begins. Default: the beginning of the year
	// 2000 in UTC.
	Time time.Time
	// Patience is how long a handler waits for what another goroutine of the test completes,
	// such as an awakeable, before the test fails or a timer fires. Default: 0, not at all.
	Patience time.Duration

	// Context has values for the handler. Default: the context of the test.
	Context context.Context
	// Log takes the lines that the handler logs. Default: the test's log.
	Log slog.Handler
}

// Context is a context for plain tests of one method of a handler struct, without a server
// and without fx. [NewContext] makes one. It can be passed to every handler, whatever
// context it takes, and the durable operations of the SDK and of packages durable and rpc
// work with it:
//
//   - State is a map. [Context.State] shows it, and a [durable.StateKey] reads and writes it
//     in the test as in the handler.
//   - A step (restate.Run, [durable.Step]) runs its function, on the goroutine that waits for
//     it. A terminal error is its result. Any other error is taken for that of the last
//     retry: the step fails with a terminal error that has its text.
//   - Time is virtual: restate.Sleep returns at once and moves the clock. A timer fires when
//     nothing else that the handler waits for can complete. [durable.Now] reads that clock,
//     and [Context.Advance] moves it.
//   - Calls and sends are answered by stubs: see [Stub] and [Context.StubHandler]. A call
//     without a stub fails the test; a send without one is only recorded.
//   - Awakeables, promises and signals are completed by the test: see
//     [Context.OnAwakeable], [Context.ResolvePromise] and [Context.ResolveSignal].
//
// What the handler did is recorded: see [Context.Operations].
//
// What would need a server is left out: there is one attempt, nothing is replayed, nothing
// suspends, and members of the pipeline do not run. A handler that is not deterministic
// passes here. A handler that waits for what nobody completes fails the test with the names
// of what it waits for.
//
// A handler runs on one goroutine, as with a server; call it on the test's. The methods of
// Context that are not the SDK's can be called on any goroutine.
type Context struct {
	restate.WorkflowContext

	fake *fake
}

var (
	_ restate.WorkflowContext = (*Context)(nil)
	_ sdk.Outer               = (*Context)(nil)
)

// NewContext returns a context for one invocation. It ends with the test: what uses the
// context then gets [durable.ErrReturned].
func NewContext(t testing.TB, r Request) *Context {
	t.Helper()
	f := newFake(t, r)
	opened, owner := sdk.Opener[owner]()(fakectx.New(f))
	owner.Serve(f.target)
	t.Cleanup(owner.Close)
	return &Context{restate.WithMockContext(opened), f}
}

// RestateContext returns the context without what a test has to do with it. The packages
// of this module use it.
func (c *Context) RestateContext() restate.Context { return c.WorkflowContext }

// Advance moves the virtual clock: timers that end before its new time fire first. A
// function that a step calls uses it to take its time.
func (c *Context) Advance(d time.Duration) { c.fake.advance(d) }

// Now returns the time of the virtual clock.
func (c *Context) Now() time.Time { return c.fake.now() }

// Cancel cancels the invocation: what the handler next waits for fails with an error for
// which [durable.IsCancelled] holds. It can be called again for a further cancellation.
func (c *Context) Cancel() { c.fake.cancel() }

// State returns the state, as it was encoded.
func (c *Context) State() map[string]json.RawMessage { return c.fake.stateCopy() }

// Operations returns what the handler did, in order.
func (c *Context) Operations() []Operation { return c.fake.log.all() }

// Steps returns the names of the steps whose functions ran, in that order.
func (c *Context) Steps() []string { return c.fake.log.names(OperationRun) }

// Calls returns the calls that the handler waited for or started, in order.
func (c *Context) Calls() []Call { return c.fake.log.calls(OperationCall) }

// Sends returns the sends that the handler made, in order.
func (c *Context) Sends() []Call { return c.fake.log.calls(OperationSend) }

// OnAwakeable has complete called with each awakeable that the handler makes from now on,
// before the handler gets its id. It may complete it at once, or keep it for later.
func (c *Context) OnAwakeable(complete func(Awakeable)) { c.fake.onAwakeable(complete) }

// Awakeable returns the awakeable with the given id. The test fails if the handler did not
// make it.
func (c *Context) Awakeable(id string) Awakeable {
	c.fake.t.Helper()
	return c.fake.awakeable(id)
}

// ResolvePromise resolves a promise of the workflow, before the handler waits for it or
// from another goroutine while it does. The test fails if the promise is completed already.
func (c *Context) ResolvePromise(name string, value any) {
	c.fake.t.Helper()
	c.fake.completePromise(name, completed(value))
}

// RejectPromise is [Context.ResolvePromise] with a failure. Reasons that are not terminal
// errors become ones with code 500.
func (c *Context) RejectPromise(name string, reason error) {
	c.fake.t.Helper()
	c.fake.completePromise(name, failedWith(reason))
}

// ResolveSignal sends a named signal to the invocation, as another handler does with
// restate.ResolveSignal. Signals of one name are received in the order in which they were sent.
func (c *Context) ResolveSignal(name string, value any) {
	c.fake.t.Helper()
	c.fake.deliver(name, completed(value))
}

// RejectSignal is [Context.ResolveSignal] with a failure.
func (c *Context) RejectSignal(name string, reason error) {
	c.fake.t.Helper()
	c.fake.deliver(name, failedWith(reason))
}

// StubStep replaces the function of steps with the given name. answer runs in its place.
// Its result must encode as the step's result does.
func (c *Context) StubStep(name string, answer func() (any, error)) { c.fake.stubStep(name, answer) }

// StubHandler answers calls of the handler with the given name, "Service/Handler", by a
// function. See [Stub], which is typed, for what the function may return. The result is
// encoded as the caller expects it, by default as JSON.
func (c *Context) StubHandler(name string, answer func(Call) (any, error)) {
	c.fake.stubHandler(name, answer)
}

// StubInvocation is the result of an invocation that was made elsewhere, for a handler that
// attaches to its id. For invocations that the handler itself sent, the stub of the callee
// is asked.
func (c *Context) StubInvocation(id string, answer func() (any, error)) {
	c.fake.stubInvocation(id, answer)
}

// Awakeable is an awakeable that a handler made in a test. See [Context.OnAwakeable].
type Awakeable struct {
	// ID is its id.
	ID string

	of *operation
}

// Resolve completes the awakeable with a value. It is encoded as the handler decodes it, by
// default as JSON. The test fails if it is completed already.
func (a Awakeable) Resolve(value any) {
	a.of.fake.t.Helper()
	a.of.fake.completeOnce(a.of, completed(value))
}

// Reject completes the awakeable with a failure. A reason that is not a terminal error
// becomes one with code 500.
func (a Awakeable) Reject(reason error) {
	a.of.fake.t.Helper()
	a.of.fake.completeOnce(a.of, failedWith(reason))
}

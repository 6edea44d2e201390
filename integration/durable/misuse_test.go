package durable_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// Held is what an attempt of a Stray has: contexts of all sorts, and what was made
// with them, so that each operation can be tried where it must not be.
type Held struct {
	ctx         restate.WorkflowContext
	wrapped     restate.WorkflowContext // by restate.WithValue
	found       restate.WorkflowContext // by FromContext, below a child
	plain       context.Context         // a child
	callee      rpc.Service[*StrayCallee]
	object      restate.Client[any, string] // of the SDK's
	run         restate.RunAsyncFuture[int]
	timer       restate.AfterFuture
	soon        restate.AfterFuture
	awakeable   restate.AwakeableFuture[int]
	signal      restate.SignalFuture[int]
	promise     restate.DurablePromise[int]
	attached    restate.AttachFuture[string]
	response    restate.ResponseFuture[string] // of the SDK's
	typed       durable.Future[string]         // of a client of ours
	raw         restate.Invocation             // of a send by the SDK
	sent        rpc.Handle[string]
	pending     durable.Future[restate.Void]
	pendingSoon durable.Future[restate.Void]
	limited     durable.Future[string]
	iterator    restate.WaitIterator
	undo        *durable.Compensations
}

// soon is when some timers of an attempt are over. An attempt that is not suspended
// ends before, also on a busy machine, and others wait for it.
func soon() time.Duration {
	if testkit.AlwaysReplay() {
		return 300 * time.Millisecond
	}
	return 5 * time.Second
}

// hold makes one of everything.
func hold(ctx restate.WorkflowContext, callee rpc.Service[*StrayCallee], name string) (*Held, error) {
	h := &Held{ctx: ctx, callee: callee, plain: context.WithValue(ctx, clerk{}, "Ada")}
	h.wrapped = restate.WithValue(ctx, clerk{}, "Bob")
	found, err := durable.FromContext(h.plain)
	if err != nil {
		return nil, err
	}
	h.found = found.(restate.WorkflowContext) // also in a shared handler
	h.object = restate.Service[string](ctx, name, "Echo")
	h.run = restate.RunAsync(ctx, func(restate.RunContext) (int, error) { return 1, nil })
	h.timer, h.soon = restate.After(ctx, never), restate.After(ctx, soon())
	h.awakeable = restate.Awakeable[int](h.wrapped)
	h.signal = restate.Signal[int](h.found, "signal")
	h.promise = restate.Promise[int](ctx, "promise")
	h.attached = restate.AttachInvocation[string](ctx, ctx.Request().ID)
	h.response = h.object.RequestFuture("sdk")
	if h.typed, err = rpc.Start(ctx, callee, (*StrayCallee).Echo, "typed"); err != nil {
		return nil, err
	}
	h.raw = restate.ServiceSend(ctx, name, "Echo").Send("raw")
	if h.sent, err = rpc.Send(ctx, callee, (*StrayCallee).Echo, "sent"); err != nil {
		return nil, err
	}
	h.pending, h.pendingSoon = durable.After(ctx, never), durable.After(ctx, soon())
	h.limited = h.typed.OrTimeout(ctx, never)
	h.iterator = restate.WaitIter(ctx, h.timer)
	_, err = durable.Saga(ctx, func(undo *durable.Compensations) (int, error) {
		h.undo = undo
		return 1, nil
	})
	return h, err
}

var (
	strayKey       = durable.NewStateKey[int]("n")
	strayPromise   = durable.NewPromiseKey[int]("typed")
	strayAwakeable = durable.NewAwakeable[int]("stray")
	strayStep      = durable.NewStep[int]("stray")
)

// use is an operation, and what becomes of its error.
type use struct {
	name string
	how  how
	do   func(h *Held) error
}

type how int

const (
	// returns: a function of ours, whose error is not terminal.
	returns how = iota
	// fails: a function of the SDK's with an error, which can be a terminal one only.
	fails
	// panics: the function has no error.
	panics
)

func second[T any](_ T, err error) error { return err }

func no(do func(h *Held)) func(h *Held) error {
	return func(h *Held) error {
		do(h)
		return nil
	}
}

// terminal keeps a nil of the SDK's type a nil.
func terminal[T any](_ T, err restate.TerminalError) error {
	if err == nil {
		return nil
	}
	return err
}

func step(restate.RunContext) (int, error) { return 1, nil }

// misuses are all operations of a context and of what is made with it.
func misuses() []use {
	return []use{
		{"Run", fails, func(h *Held) error { return terminal(restate.Run(h.ctx, step)) }},
		{"Run with a value", fails, func(h *Held) error { return terminal(restate.Run(h.wrapped, step)) }},
		{"Run below a child", fails, func(h *Held) error { return terminal(restate.Run(h.found, step)) }},
		{"RunVoid", fails, func(h *Held) error {
			return terminal(0, restate.RunVoid(h.ctx, func(restate.RunContext) error { return nil }))
		}},
		{"RunAsync", panics, no(func(h *Held) { restate.RunAsync(h.ctx, step) })},
		{"RunAsync with a value", panics, no(func(h *Held) { restate.RunAsync(h.wrapped, step) })},
		{"Result of RunAsync", fails, func(h *Held) error { return terminal(h.run.Result()) }},
		{"Get", fails, func(h *Held) error { return terminal(restate.Get[int](h.ctx, "n")) }},
		{"Get below a child", fails, func(h *Held) error { return terminal(restate.Get[int](h.found, "n")) }},
		{"Keys", fails, func(h *Held) error { return terminal(restate.Keys(h.ctx)) }},
		{"Set", panics, no(func(h *Held) { restate.Set(h.ctx, "n", 666) })},
		{"Set with a value", panics, no(func(h *Held) { restate.Set(h.wrapped, "n", 666) })},
		{"Clear", panics, no(func(h *Held) { restate.Clear(h.ctx, "n") })},
		{"ClearAll", panics, no(func(h *Held) { restate.ClearAll(h.ctx) })},
		{"Sleep", fails, func(h *Held) error { return terminal(0, restate.Sleep(h.ctx, time.Millisecond)) }},
		{"After", panics, no(func(h *Held) { restate.After(h.ctx, time.Millisecond) })},
		{"Done of After", fails, func(h *Held) error { return terminal(0, h.timer.Done()) }},
		{"Awakeable", panics, no(func(h *Held) { restate.Awakeable[int](h.ctx) })},
		{"Result of an awakeable", fails, func(h *Held) error { return terminal(h.awakeable.Result()) }},
		{"ResolveAwakeable", panics, no(func(h *Held) { restate.ResolveAwakeable(h.ctx, h.awakeable.Id(), 666) })},
		{"RejectAwakeable", panics, no(func(h *Held) { restate.RejectAwakeable(h.ctx, h.awakeable.Id(), errors.New("no")) })},
		{"Signal", panics, no(func(h *Held) { restate.Signal[int](h.ctx, "signal") })},
		{"Result of a signal", fails, func(h *Held) error { return terminal(h.signal.Result()) }},
		{"ResolveSignal", panics, no(func(h *Held) { restate.ResolveSignal(h.ctx, h.ctx.Request().ID, "signal", 666) })},
		{"RejectSignal", panics, no(func(h *Held) { restate.RejectSignal(h.ctx, h.ctx.Request().ID, "signal", errors.New("no")) })},
		{"Promise", panics, no(func(h *Held) { restate.Promise[int](h.ctx, "promise") })},
		{"Result of a promise", fails, func(h *Held) error { return terminal(h.promise.Result()) }},
		{"Peek of a promise", fails, func(h *Held) error { return terminal(h.promise.Peek()) }},
		{"Resolve of a promise", fails, func(h *Held) error { return terminal(0, h.promise.Resolve(666)) }},
		{"Reject of a promise", fails, func(h *Held) error { return terminal(0, h.promise.Reject(errors.New("no"))) }},
		{"AttachInvocation", panics, no(func(h *Held) { restate.AttachInvocation[string](h.ctx, h.ctx.Request().ID) })},
		{"Response of AttachInvocation", fails, func(h *Held) error { return terminal(h.attached.Response()) }},
		{"CancelInvocation", panics, no(func(h *Held) { restate.CancelInvocation(h.ctx, h.ctx.Request().ID) })},
		{"Request of a client that was kept", fails, func(h *Held) error { return terminal(h.object.Request("late")) }},
		{"RequestFuture of a client that was kept", panics, no(func(h *Held) { h.object.RequestFuture("late") })},
		{"Send of a client that was kept", panics, no(func(h *Held) { h.object.Send("late") })},
		{"Request of a new client", fails, func(h *Held) error {
			return terminal(restate.Object[string](h.ctx, "nobody", "k", "Echo").Request("late"))
		}},
		{"Send of a new client", panics, no(func(h *Held) { restate.WorkflowSend(h.ctx, "nobody", "k", "Echo").Send("late") })},
		{"Response", fails, func(h *Held) error { return terminal(h.response.Response()) }},
		{"Await of a typed call", returns, func(h *Held) error { return second(h.typed.Await(h.ctx)) }},
		{"GetInvocationId of a call", panics, no(func(h *Held) { h.response.GetInvocationId() })},
		{"ID of a typed call", returns, func(h *Held) error { return second(h.typed.ID(h.ctx)) }},
		{"Cancel of a typed call", returns, func(h *Held) error { return h.typed.Cancel(h.ctx) }},
		{"GetInvocationId of a send", panics, no(func(h *Held) { h.raw.GetInvocationId() })},
		{"WaitFirst", fails, func(h *Held) error { return terminal(restate.WaitFirst(h.ctx, h.timer, h.promise)) }},
		{"Wait", fails, func(h *Held) error {
			for _, err := range restate.Wait(h.ctx, h.timer) {
				return terminal(0, err)
			}
			return nil
		}},
		{"Next of an iterator", fails, func(h *Held) error {
			if h.iterator.Next() {
				return nil
			}
			return terminal(0, h.iterator.Err())
		}},
		{"UUID", panics, no(func(h *Held) { restate.UUID(h.ctx) })},
		{"Rand", panics, no(func(h *Held) { restate.Rand(h.ctx) })},
		{"RandSource", panics, no(func(h *Held) { restate.RandSource(h.ctx) })},

		{"FromContext", returns, func(h *Held) error { return second(durable.FromContext(h.plain)) }},
		{"WorkflowSharedFromContext", returns, func(h *Held) error { return second(durable.WorkflowSharedFromContext(h.ctx)) }},
		{"Call", returns, func(h *Held) error {
			return second(rpc.Call(h.ctx, h.callee, (*StrayCallee).Echo, "late"))
		}},
		{"Future", returns, func(h *Held) error {
			return second(rpc.Start(h.found, h.callee, (*StrayCallee).Echo, "late"))
		}},
		{"Send", returns, func(h *Held) error {
			return second(rpc.Send(h.wrapped, h.callee, (*StrayCallee).Echo, "late", restate.WithDelay(time.Hour)))
		}},
		{"a call by names", returns, func(h *Held) error {
			return second(rpc.Named[string, string]("nobody", "Echo").Call(h.ctx, "late"))
		}},
		{"a send by names", returns, func(h *Held) error {
			return second(rpc.Named[string, string]("nobody", "Echo").Send(h.ctx, "late"))
		}},
		{"Attach of an invocation", returns, func(h *Held) error { return second(h.sent.Attach(h.ctx)) }},
		{"Cancel of an invocation", returns, func(h *Held) error { return h.sent.Cancel(h.ctx) }},
		{"Cancel of an invocation by its id", returns, func(h *Held) error {
			return rpc.HandleOf[string](h.ctx.Request().ID).Cancel(h.ctx)
		}},
		{"ID of an invocation", returns, func(h *Held) error { return second(h.sent.ID(h.ctx)) }},
		{"After of ours", returns, func(h *Held) error { return second(durable.After(h.ctx, time.Millisecond).Await(h.ctx)) }},
		{"Await", returns, func(h *Held) error { return second(h.pending.Await(h.ctx)) }},
		{"Await with a timeout", returns, func(h *Held) error { return second(h.limited.Await(h.ctx)) }},
		{"Await of a combination", returns, func(h *Held) error {
			return second(durable.All(h.pending, h.limited.Void()).Await(h.ctx))
		}},
		{"First", returns, func(h *Held) error {
			return second(durable.First(h.typed, durable.FutureOf(h.response, h.response.Response)).Await(h.ctx))
		}},
		{"CancelRest", returns, func(h *Held) error {
			return durable.CancelRest(h.ctx, h.typed, durable.FutureOf(h.response, h.response.Response))
		}},
		{"a timeout that begins", returns, func(h *Held) error {
			return second(h.pending.OrTimeout(h.ctx, time.Hour).Await(h.ctx))
		}},
		{"New of an awakeable", returns, func(h *Held) error {
			_, value, err := strayAwakeable.New(h.ctx)
			if second(value.Await(h.ctx)) == nil {
				return nil
			}
			return err
		}},
		{"Resolve of an awakeable", returns, func(h *Held) error { return strayAwakeable.Resolve(h.ctx, h.awakeable.Id(), 666) }},
		{"Reject of an awakeable", returns, func(h *Held) error {
			return strayAwakeable.Reject(h.ctx, h.awakeable.Id(), errors.New("no"))
		}},
		{"Run of a step", returns, func(h *Held) error {
			return second(strayStep.Run(h.ctx, func(context.Context) (int, error) { return 666, nil }))
		}},
		{"Start of a step", returns, func(h *Held) error {
			return second(strayStep.Start(h.ctx, func(context.Context) (int, error) { return 666, nil }).Await(h.ctx))
		}},
		{"Now", returns, func(h *Held) error { return second(durable.Now(h.ctx)) }},
		{"Saga", returns, func(h *Held) error {
			return durable.SagaVoid(h.ctx, func(undo *durable.Compensations) error {
				if _, err := durable.FromContext(h.ctx); !errors.Is(err, durable.ErrInsideRun) { // where none can be registered
					undo.Call("never", func(restate.Context) error { return errors.New("an attempt that is over is compensated for") })
				}
				return second(durable.Now(h.ctx))
			})
		}},
		{"Get of a state key", returns, func(h *Held) error { return second(strayKey.Get(h.ctx)) }},
		{"GetOr of a state key", returns, func(h *Held) error { return second(strayKey.GetOr(h.ctx, 1)) }},
		{"Set of a state key", returns, func(h *Held) error { return strayKey.Set(h.ctx, 666) }},
		{"Clear of a state key", returns, func(h *Held) error { return strayKey.Clear(h.ctx) }},
		{"Result of a promise key", returns, func(h *Held) error { return second(strayPromise.Result(h.ctx)) }},
		{"Future of a promise key", returns, func(h *Held) error { return second(strayPromise.Future(h.ctx).Await(h.ctx)) }},
		{"Peek of a promise key", returns, func(h *Held) error {
			_, _, err := strayPromise.Peek(h.ctx)
			return err
		}},
		{"Resolve of a promise key", returns, func(h *Held) error { return strayPromise.Resolve(h.ctx, 666) }},
		{"Reject of a promise key", returns, func(h *Held) error { return strayPromise.Reject(h.ctx, errors.New("no")) }},
	}
}

// tried is what became of an operation.
type tried struct {
	err      error
	panicked bool
}

func (u use) try(h *Held) (t tried) {
	defer func() {
		if r := recover(); r != nil {
			err, ok := r.(error)
			if !ok {
				err = fmt.Errorf("a panic with %v", r)
			}
			t = tried{err, true}
		}
	}()
	return tried{err: u.do(h)}
}

// Keeper keeps what it is told, by key.
type Keeper struct{}

// Put returns what it finds after it has put something.
func (Keeper) Put(ctx restate.ObjectContext, v string) (string, error) {
	restate.Set(ctx, "n", v)
	out, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return v, nil })
	if err != nil {
		return "", err
	}
	got, err := restate.Get[string](ctx, "n")
	if err != nil {
		return "", err
	}
	keys, err := restate.Keys(ctx)
	return fmt.Sprint(got, " ", out, " ", keys), err
}

// others are calls to other keys, all the time.
type others struct {
	made atomic.Int64
	stop context.CancelFunc
	wg   sync.WaitGroup

	mu    sync.Mutex
	wrong []string
}

// startOthers calls keys of their own until the test ends, and fails it if one of
// them sees anything but its own.
func startOthers(t *testing.T, keeper string) *others {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	o := &others{stop: cancel}
	for i := range 4 {
		o.wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				v := fmt.Sprintf("%d-%d", i, n)
				a, err := testkit.TryPost(t, testkit.Path(keeper, fmt.Sprint("key", i), "Put"), v)
				o.made.Add(1)
				if want := fmt.Sprintf("%q", v+" "+v+" [n]"); err != nil || string(a.Body) != want {
					o.mu.Lock()
					o.wrong = append(o.wrong, fmt.Sprintf("%s instead of %s: %v", a.Body, want, err))
					o.mu.Unlock()
				}
			}
		})
	}
	t.Cleanup(o.end)
	return o
}

func (o *others) end() {
	o.stop()
	o.wg.Wait()
}

// passes waits for further calls, to which the state machines of earlier ones went.
func (o *others) passes(t *testing.T, calls int64) {
	t.Helper()
	before := o.made.Load()
	testkit.Eventually(t, func() error {
		if n := o.made.Load() - before; n < calls {
			return fmt.Errorf("%d calls", n)
		}
		return nil
	})
}

// unharmed ends the calls.
func (o *others) unharmed(t *testing.T) {
	t.Helper()
	o.end()
	require.Empty(t, o.wrong)
	require.Positive(t, o.made.Load())
}

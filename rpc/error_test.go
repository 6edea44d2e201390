package rpc_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/rpc"
)

// Refuser refuses everybody, and says which of its invocations it was.
type Refuser struct{}

func (*Refuser) Refuse(ctx restate.Context, what string) (string, error) {
	return "", restate.ToTerminalError(fmt.Errorf("no %s from %s", what, ctx.Request().ID),
		restate.WithErrorCode(http.StatusTeapot), restate.WithMetadataMap(map[string]string{"what": what}))
}

// Hang waits for what never comes.
func (*Refuser) Hang(ctx restate.Context) error {
	_, err := restate.Awakeable[string](ctx).Result()
	return err
}

// RefuserBox is an object that does the same.
type RefuserBox struct{}

func (*RefuserBox) Refuse(ctx restate.ObjectContext) error {
	return restate.ToTerminalError(fmt.Errorf("no tea from %s", ctx.Request().ID), restate.WithErrorCode(http.StatusTeapot),
		restate.WithMetadataMap(map[string]string{"what": "tea"}))
}

// Seen is what a caller saw of a failure.
type Seen struct {
	Target, InvocationID, Message, Text, What string
	Code                                      int
	Terminal, Cancelled, Self                 bool
}

func seenOf(err error) Seen {
	failed, ok := errors.AsType[*rpc.CallError](err)
	if !ok {
		return Seen{Text: fmt.Sprintf("%T: %v", err, err)}
	}
	return Seen{
		Target: failed.Target, InvocationID: failed.InvocationID,
		Code: int(failed.Code()), Message: failed.Message(), What: failed.Metadata().Get("what"),
		Text: err.Error(), Terminal: restate.IsTerminalError(err), Cancelled: durable.IsCancelled(err),
		Self: durable.IsSelfCancelled(err),
	}
}

// Asker asks refusers in each way.
type Asker struct {
	refuser rpc.Service[*Refuser]
	box     rpc.Object[*RefuserBox]
	begun   chan struct{}
	ended   chan error
}

func (a *Asker) ways() map[string]func(ctx restate.Context) error {
	return map[string]func(ctx restate.Context) error{
		"a call": func(ctx restate.Context) error {
			_, err := rpc.Call(ctx, a.refuser, (*Refuser).Refuse, "tea")
			return err
		},
		"a call of an object": func(ctx restate.Context) error {
			return rpc.Call0Void(ctx, a.box.Key("k"), (*RefuserBox).Refuse)
		},
		"a call by name": func(ctx restate.Context) error {
			_, err := rpc.Named[string, string]("Refuser", "Refuse").Call(ctx, "tea")
			return err
		},
		"a future": func(ctx restate.Context) error {
			f, err := rpc.Start(ctx, a.refuser, (*Refuser).Refuse, "tea")
			if err != nil {
				return err
			}
			_, err = f.Await(ctx)
			return err
		},
		"futures together": func(ctx restate.Context) error {
			f, err := rpc.Start(ctx, a.refuser, (*Refuser).Refuse, "tea")
			if err != nil {
				return err
			}
			_, err = durable.All(f, f).Await(ctx)
			return err
		},
		"what was sent": func(ctx restate.Context) error {
			sent, err := rpc.Send(ctx, a.refuser, (*Refuser).Refuse, "tea")
			if err != nil {
				return err
			}
			_, err = sent.Attach(ctx)
			return err
		},
		"an id": func(ctx restate.Context) error {
			sent, err := rpc.Send(ctx, a.refuser, (*Refuser).Refuse, "tea")
			if err != nil {
				return err
			}
			id, err := sent.ID(ctx)
			if err != nil {
				return err
			}
			_, err = rpc.HandleOf[string](id).Attach(ctx)
			return err
		},
	}
}

// Nobody calls an object without a key.
func (a *Asker) Nobody(ctx restate.Context) (Seen, error) {
	err := rpc.Call0Void(ctx, a.box.Key(""), (*RefuserBox).Refuse)
	return Seen{Text: err.Error(), Terminal: restate.IsTerminalError(err) && errors.Is(err, rpc.ErrEmptyKey)}, nil
}

// See tells what it saw.
func (a *Asker) See(ctx restate.Context, way string) (Seen, error) {
	return seenOf(a.ways()[way](ctx)), nil
}

// Pass returns the failure as it is.
func (a *Asker) Pass(ctx restate.Context, way string) error { return a.ways()[way](ctx) }

// Wrap returns it with words of its own.
func (a *Asker) Wrap(ctx restate.Context, way string) error {
	return fmt.Errorf("asked: %w", a.ways()[way](ctx))
}

// waiting waits for what never comes in each way.
func (a *Asker) waiting() map[string]func(ctx restate.Context) error {
	return map[string]func(ctx restate.Context) error{
		"a call": func(ctx restate.Context) error {
			a.begun <- struct{}{}
			return rpc.Call0Void(ctx, a.refuser, (*Refuser).Hang)
		},
		"what was sent": func(ctx restate.Context) error {
			sent, err := rpc.Send0Void(ctx, a.refuser, (*Refuser).Hang)
			if err != nil {
				return err
			}
			if _, err := sent.ID(ctx); err != nil {
				return err
			}
			a.begun <- struct{}{}
			_, err = sent.Attach(ctx)
			return err
		},
		"a future": func(ctx restate.Context) error {
			f, err := rpc.Start0Void(ctx, a.refuser, (*Refuser).Hang)
			if err != nil {
				return err
			}
			a.begun <- struct{}{}
			_, err = f.Await(ctx)
			return err
		},
	}
}

// Wait waits in one of these ways, and tells how that ended.
func (a *Asker) Wait(ctx restate.Context, way string) error {
	err := a.waiting()[way](ctx)
	a.ended <- err
	return err
}

// cancelling waits for a callee that it cancels in each way.
func (a *Asker) cancelling() map[string]func(ctx restate.Context) error {
	start := func(ctx restate.Context) (durable.Future[restate.Void], error) {
		f, err := rpc.Start0Void(ctx, a.refuser, (*Refuser).Hang)
		if err != nil {
			return f, err
		}
		return f, f.Cancel(ctx)
	}
	send := func(ctx restate.Context) (rpc.Handle[restate.Void], error) {
		sent, err := rpc.Send0Void(ctx, a.refuser, (*Refuser).Hang)
		if err != nil {
			return sent, err
		}
		return sent, sent.Cancel(ctx)
	}
	return map[string]func(ctx restate.Context) error{
		"a call": func(ctx restate.Context) error {
			return rpc.Call0Void(ctx, a.refuser, (*Refuser).CancelSelf)
		},
		"a future": func(ctx restate.Context) error {
			f, err := start(ctx)
			if err != nil {
				return err
			}
			_, err = f.Await(ctx)
			return err
		},
		"futures together": func(ctx restate.Context) error {
			f, err := start(ctx)
			if err != nil {
				return err
			}
			_, err = durable.All(f, f).Await(ctx)
			return err
		},
		"what was sent": func(ctx restate.Context) error {
			sent, err := send(ctx)
			if err != nil {
				return err
			}
			_, err = sent.Attach(ctx)
			return err
		},
	}
}

// SeeCancelled tells what it saw of a callee that was cancelled.
func (a *Asker) SeeCancelled(ctx restate.Context, way string) (Seen, error) {
	return seenOf(a.cancelling()[way](ctx)), nil
}

// CancelSelf waits, and is cancelled meanwhile.
func (*Refuser) CancelSelf(ctx restate.Context) error {
	restate.CancelInvocation(ctx, ctx.Request().ID)
	return restate.Sleep(ctx, time.Hour)
}

// askerApp runs the services, so that each wait suspends when the endpoint only
// responds.
func askerApp(t *testing.T, respondOnly bool, opts ...fx.Option) (*ingress.Client, *Asker) {
	t.Helper()
	require.NoError(t, testkit.CompileCore())
	cfg := testkit.Config()
	cfg.Endpoint.RequestResponse = respondOnly
	var client *ingress.Client
	asker := &Asker{begun: make(chan struct{}, 100), ended: make(chan error, 100)}
	app := fxtest.New(t, append(opts,
		fxrestate.Module, fx.Supply(zap.NewNop(), cfg), fx.StartTimeout(testkit.Within), fx.StopTimeout(testkit.Within),
		fxrestate.Service[*Refuser](func() *Refuser { return &Refuser{} }),
		fxrestate.Object[*RefuserBox](func() *RefuserBox { return &RefuserBox{} }),
		fxrestate.Service[*Asker](func(refuser rpc.Service[*Refuser], box rpc.Object[*RefuserBox]) *Asker {
			asker.refuser, asker.box = refuser, box
			return asker
		}),
		fx.Populate(&client))...)
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	return client, asker
}

func TestAFailedCallTellsItsTargetAndItsInvocation(t *testing.T) {
	for mode, run := range map[string]struct {
		respondOnly bool
		opts        []fx.Option
	}{
		"while the attempt goes on":  {},
		"when each wait suspends it": {respondOnly: true},
		"through an interceptor": {opts: []fx.Option{fxrestate.Use(fxrestate.CallInterceptors(
			pipeline.CallInterceptorFunc(func(ctx restate.Context, c *pipeline.Call, next pipeline.CallNext) error { return next(ctx, c) }),
		))}},
	} {
		t.Run(mode, func(t *testing.T) {
			client, asker := askerApp(t, run.respondOnly, run.opts...)
			to := ingress.NewService[*Asker](client)
			for way := range asker.ways() {
				t.Run(way, func(t *testing.T) {
					ctx := testkit.Context(t)
					seen, err := ingress.Call(ctx, to, (*Asker).See, way)
					require.NoError(t, err)
					target := map[string]string{"an id": "", "a call of an object": "RefuserBox/Refuse"}
					want, other := target[way]
					if !other {
						want = "Refuser/Refuse"
					}
					require.Regexp(t, "^inv_", seen.InvocationID)
					message := "no tea from " + seen.InvocationID
					require.Equal(t, Seen{
						Target: want, InvocationID: seen.InvocationID, Message: message, Text: message,
						What: "tea", Code: http.StatusTeapot, Terminal: true,
					}, seen)
				})
			}
		})
	}
}

func TestAFailureThatIsReturnedEndsTheCallerAlike(t *testing.T) {
	client, asker := askerApp(t, false)
	to := ingress.NewService[*Asker](client)
	for name, method := range map[string]func(*Asker, restate.Context, string) error{"as it is": (*Asker).Pass, "wrapped": (*Asker).Wrap} {
		for way := range asker.ways() {
			t.Run(name+", "+way, func(t *testing.T) {
				err := ingress.CallVoid(testkit.Context(t), to, method, way)
				// One question for inside and outside.
				failed, ok := errors.AsType[*handler.CallError](err)
				require.True(t, ok, "%v", err)
				require.EqualValues(t, http.StatusTeapot, failed.Code())
				require.Regexp(t, `^no tea from inv_\w+$`, failed.Message())
				require.Equal(t, map[string]string{"what": "tea"}, failed.Metadata().ToMap())
				require.Regexp(t, `^Asker/`, failed.Target)
				require.Regexp(t, "^inv_", failed.InvocationID)
				require.NotContains(t, failed.Message(), failed.InvocationID) // that was the callee's
			})
		}
	}
}

func TestACallThatACancellationEndedSaysWhatWasCalled(t *testing.T) {
	client, asker := askerApp(t, false)
	for way, text := range map[string]string{"a call": "Cancelled", "what was sent": "Cancelled", "a future": "cancelled"} {
		t.Run(way, func(t *testing.T) {
			ctx := testkit.Context(t)
			sent, err := ingress.SendVoid(ctx, ingress.NewService[*Asker](client), (*Asker).Wait, way)
			require.NoError(t, err)
			<-asker.begun // or else it may be cancelled without running
			require.NoError(t, sent.Cancel(ctx))
			ended := <-asker.ended
			// The text is in the journals of handlers that return the error or store it.
			require.EqualError(t, ended, text)
			require.Equal(t, text, restate.AsTerminalError(ended).Message())
			require.EqualValues(t, http.StatusConflict, restate.AsTerminalError(ended).Code())
			require.True(t, durable.IsCancelled(ended))
			require.True(t, durable.IsSelfCancelled(ended))
			if way != "a future" {
				seen := seenOf(ended)
				require.Equal(t, "Refuser/Hang", seen.Target)
				require.Regexp(t, "^inv_", seen.InvocationID)
			}
			_, err = sent.Attach(ctx)
			require.True(t, durable.IsCancelled(err))
			require.EqualValues(t, http.StatusConflict, restate.AsTerminalError(err).Code())
			require.Equal(t, text, restate.AsTerminalError(err).Message())
		})
	}
}

func TestACancelledCalleeIsNotTheCallersOwnCancellation(t *testing.T) {
	for mode, respondOnly := range map[string]bool{"while the attempt goes on": false, "when each wait suspends it": true} {
		t.Run(mode, func(t *testing.T) {
			client, asker := askerApp(t, respondOnly)
			for way := range asker.cancelling() {
				t.Run(way, func(t *testing.T) {
					seen, err := ingress.Call(testkit.Context(t), ingress.NewService[*Asker](client), (*Asker).SeeCancelled, way)
					require.NoError(t, err)
					require.True(t, seen.Cancelled, "%+v", seen)
					require.False(t, seen.Self, "%+v", seen)
					require.Regexp(t, "^Refuser/", seen.Target)
					require.Regexp(t, "^inv_", seen.InvocationID)
				})
			}
		})
	}
}

func TestAnEmptyKeyIsToldFromOtherMistakes(t *testing.T) {
	client, _ := askerApp(t, false)
	seen, err := ingress.Call0(testkit.Context(t), ingress.NewService[*Asker](client), (*Asker).Nobody)
	require.NoError(t, err)
	require.Equal(t, Seen{Text: "rpc: RefuserBox/Refuse: the key is empty", Terminal: true}, seen)
}

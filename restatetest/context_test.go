package restatetest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/restatetest"
	"github.com/fxrestate/go/rpc"
)

type Shop struct{}

type Order struct {
	SKU   string
	Count int
}

func (*Shop) Buy(restate.Context, Order) (int, error) { panic("not in a unit test") }
func (*Shop) Close(restate.Context) error             { panic("not in a unit test") }
func (*Shop) Open(restate.Context) (bool, error)      { panic("not in a unit test") }
func (*Shop) Restock(restate.Context, Order) error    { panic("not in a unit test") }

type Basket struct{}

func (*Basket) Add(restate.ObjectContext, int) (int, error)    { panic("not in a unit test") }
func (*Basket) Total(restate.ObjectSharedContext) (int, error) { panic("not in a unit test") }

type Membership struct{}

func (*Membership) Run(restate.WorkflowContext, string) error { panic("not in a unit test") }

func (*Membership) Status(restate.WorkflowSharedContext) (string, error) { panic("not in a unit test") }

func registry(t *testing.T) *handler.Registry {
	t.Helper()
	r, err := handler.NewRegistry()
	require.NoError(t, err)
	return r
}

var (
	total    = durable.NewStateKey[int]("total")
	approval = durable.NewAwakeable[bool]("approval")
	verified = durable.NewPromiseKey[string]("verified")
	charge   = durable.NewStep[string]("charge", durable.Retry{MaxAttempts: 3})
)

func TestOneValueIsEveryContext(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{Key: "ada"})
	key := func(ctx restate.ObjectSharedContext) string { return restate.Key(ctx) }
	for name, call := range map[string]func() string{
		"of a service":            func() string { return func(ctx restate.Context) string { return ctx.Request().ID }(ctx)[:4] + "ada" },
		"of an exclusive handler": func() string { return func(ctx restate.ObjectContext) string { return "inv_" + key(ctx) }(ctx) },
		"of a shared handler":     func() string { return "inv_" + key(ctx) },
		"of a workflow":           func() string { return func(ctx restate.WorkflowContext) string { return "inv_" + key(ctx) }(ctx) },
		"of a workflow's others":  func() string { return func(ctx restate.WorkflowSharedContext) string { return "inv_" + key(ctx) }(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, "inv_ada", call())
		})
	}
}

func TestStateIsThereBeforeAndAfterTheHandler(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{State: map[string]any{"total": 2, "raw": json.RawMessage(`{"a":1}`)}})
	n, err := total.Get(ctx)
	require.NoError(t, err)
	require.NoError(t, total.Set(ctx, n+3))
	restate.Set(ctx, "name", "ada")
	keys, failure := restate.Keys(ctx)
	require.NoError(t, failure)
	require.Equal(t, []string{"name", "raw", "total"}, keys)
	absent, failure := restate.Get[*int](ctx, "absent")
	require.NoError(t, failure)
	require.Nil(t, absent)
	restate.Clear(ctx, "raw")
	require.Equal(t, map[string]json.RawMessage{"name": json.RawMessage(`"ada"`), "total": json.RawMessage("5")}, ctx.State())
	restate.ClearAll(ctx)
	require.Empty(t, ctx.State())
}

func TestStepsRunAndAreRecorded(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		step    func() (string, error)
		want    string
		failure string
		code    restate.Code
	}{
		"a result":         {step: func() (string, error) { return "r-1", nil }, want: "r-1"},
		"a terminal error": {step: func() (string, error) { return "", restate.TerminalErrorf("no card") }, failure: "no card", code: 500},
		"a terminal error with a code": {
			step: func() (string, error) {
				return "", restate.ToTerminalError(errors.New("no money"), restate.WithErrorCode(402))
			},
			failure: "no money", code: http.StatusPaymentRequired,
		},
		"another error, as that of the last retry": {step: func() (string, error) { return "", errors.New("down") }, failure: "down", code: 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := map[string]func(ctx *restatetest.Context) (string, error){
				"a Step": func(ctx *restatetest.Context) (string, error) {
					return charge.Run(ctx, func(context.Context) (string, error) { return tt.step() })
				},
				"a Step that is started": func(ctx *restatetest.Context) (string, error) {
					return charge.Start(ctx, func(context.Context) (string, error) { return tt.step() }).Await(ctx)
				},
				"a Run": func(ctx *restatetest.Context) (string, error) {
					out, failure := restate.Run(ctx, func(restate.RunContext) (string, error) { return tt.step() }, restate.WithName("charge"))
					if failure != nil {
						return "", failure
					}
					return out, nil
				},
				"a RunAsync": func(ctx *restatetest.Context) (string, error) {
					out, failure := restate.RunAsync(ctx, func(restate.RunContext) (string, error) { return tt.step() }, restate.WithName("charge")).Result()
					if failure != nil {
						return "", failure
					}
					return out, nil
				},
			}
			for how, do := range run {
				t.Run(how, func(t *testing.T) {
					ctx := restatetest.NewContext(t, restatetest.Request{})
					got, err := do(ctx)
					require.Equal(t, []string{"charge"}, ctx.Steps())
					if tt.failure != "" {
						require.EqualError(t, err, tt.failure)
						require.Equal(t, tt.code, restate.AsTerminalError(err).Code())
						return
					}
					require.NoError(t, err)
					require.Equal(t, tt.want, got)
				})
			}
		})
	}
}

func TestAStepThatIsStartedRunsWhenItIsWaitedFor(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{})
	ran := false
	f := charge.Start(ctx, func(context.Context) (string, error) {
		ran = true
		return "r", nil
	})
	require.False(t, ran)
	_, err := f.Await(ctx)
	require.NoError(t, err)
	require.True(t, ran)
}

func TestInsideAStepTheContextOfTheHandlerIsRefused(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx := restatetest.NewContext(t, restatetest.Request{})
	_, err := charge.Run(ctx, func(inside context.Context) (string, error) {
		_, err := durable.FromContext(inside)
		require.ErrorIs(t, err, durable.ErrInsideRun)
		_, err = durable.FromContext(ctx)
		require.ErrorIs(t, err, durable.ErrInsideRun)
		return "", nil
	})
	require.NoError(t, err)
	found, err := durable.FromContext(context.WithValue(ctx, key{}, "v"))
	require.NoError(t, err)
	require.Equal(t, "v", found.Value(key{}))
}

func TestAStubTakesTheFunctionsPlace(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{})
	ctx.StubStep("charge", func() (any, error) { return "stubbed", nil })
	got, err := charge.Run(ctx, func(context.Context) (string, error) {
		require.Fail(t, "the function ran")
		return "", nil
	})
	require.NoError(t, err)
	require.Equal(t, "stubbed", got)
}

func TestTimeIsVirtual(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	begin, err := durable.Now(ctx)
	require.NoError(t, err)
	require.Equal(t, ctx.Now(), begin)
	require.NoError(t, restate.Sleep(ctx, 24*time.Hour))
	late, soon := durable.After(ctx, 2*time.Hour), durable.After(ctx, time.Hour)
	first, err := durable.First(late, soon).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, first.Index)
	require.Equal(t, 25*time.Hour, ctx.Now().Sub(begin))
	_, err = late.Await(ctx)
	require.NoError(t, err)
	end, err := durable.Now(ctx)
	require.NoError(t, err)
	require.Equal(t, 26*time.Hour, end.Sub(begin))
}

func TestATimerFiresDuringAStepThatTakesLonger(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		takes   time.Duration
		timeout bool
	}{
		"a short step": {time.Minute, false},
		"a long one":   {2 * time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := restatetest.NewContext(t, restatetest.Request{})
			_, err := charge.Start(ctx, func(context.Context) (string, error) {
				ctx.Advance(tt.takes)
				return "r", nil
			}).OrTimeout(ctx, time.Hour).Await(ctx)
			require.Equal(t, tt.timeout, durable.IsTimeout(err), err)
		})
	}
}

func TestAwakeablesAreCompletedByTheTest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		complete func(restatetest.Awakeable)
		want     bool
		failure  string
	}{
		"with a value":   {complete: func(a restatetest.Awakeable) { a.Resolve(true) }, want: true},
		"with a failure": {complete: func(a restatetest.Awakeable) { a.Reject(errors.New("no")) }, failure: "no"},
		"with a value of another type": {
			complete: func(a restatetest.Awakeable) { a.Resolve("yes") },
			failure:  `durable: Awakeable[bool] "approval": it was resolved with a value that is no bool: json: cannot unmarshal string into Go value of type bool`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := func(ok bool, err error) {
				if tt.failure != "" {
					require.EqualError(t, err, tt.failure)
					return
				}
				require.NoError(t, err)
				require.Equal(t, tt.want, ok)
			}
			at := restatetest.NewContext(t, restatetest.Request{})
			at.OnAwakeable(tt.complete)
			_, f, err := approval.New(at)
			require.NoError(t, err)
			check(f.Await(at))

			later := restatetest.NewContext(t, restatetest.Request{})
			id, f, err := approval.New(later)
			require.NoError(t, err)
			tt.complete(later.Awakeable(id))
			check(f.Await(later))

			elsewhere := restatetest.NewContext(t, restatetest.Request{Patience: time.Minute})
			id, f, err = approval.New(elsewhere)
			require.NoError(t, err)
			go tt.complete(elsewhere.Awakeable(id))
			check(f.Await(elsewhere))
		})
	}
}

func TestAHandlerCompletesAwakeablesOfOthers(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{})
	const id = "sign_13oymEIFJ94a-Z_0w7kNaO9ztUhdjUseXAAAAEQ"
	require.NoError(t, approval.Resolve(ctx, id, true))
	require.NoError(t, approval.Reject(ctx, id, errors.New("no")))
	ops := ctx.Operations()
	require.Len(t, ops, 2)
	require.Equal(t, "CompleteAwakeable "+id+" true", ops[0].String())
	require.Equal(t, "CompleteAwakeable "+id+": no", ops[1].String())
}

func TestPromisesAreThoseOfTheWorkflow(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{Handler: (*Membership).Run, Key: "ada"})
	_, ok, err := verified.Peek(ctx)
	require.NoError(t, err)
	require.False(t, ok)
	ctx.ResolvePromise("verified", "by mail")
	got, err := verified.Result(ctx)
	require.NoError(t, err)
	require.Equal(t, "by mail", got)
	got, ok, err = verified.Peek(ctx)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "by mail", got)
	err = verified.Resolve(ctx, "again")
	require.Equal(t, restate.Code(http.StatusConflict), restate.AsTerminalError(err).Code())

	ctx = restatetest.NewContext(t, restatetest.Request{})
	future := verified.Future(ctx)
	require.NoError(t, verified.Resolve(ctx, "by the handler"))
	got, err = future.Await(ctx)
	require.NoError(t, err)
	require.Equal(t, "by the handler", got)

	ctx = restatetest.NewContext(t, restatetest.Request{})
	ctx.RejectPromise("verified", restate.ToTerminalError(errors.New("gone"), restate.WithErrorCode(410)))
	_, err = verified.Result(ctx)
	require.EqualError(t, err, "gone")
	require.Equal(t, restate.Code(http.StatusGone), restate.AsTerminalError(err).Code())
}

func TestSignalsComeInTheOrderInWhichTheyWereSent(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{})
	ctx.ResolveSignal("go", 1)
	ctx.RejectSignal("go", errors.New("stop"))
	first := restate.Signal[int](ctx, "go")
	second, third := restate.Signal[int](ctx, "go"), restate.Signal[int](ctx, "go")
	n, err := first.Result()
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, err = second.Result()
	require.EqualError(t, err, "stop")
	restate.ResolveSignal(ctx, ctx.Request().ID, "go", 3)
	n, err = third.Result()
	require.NoError(t, err)
	require.Equal(t, 3, n)
}

func TestStubsAnswerCalls(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{})
	shop, baskets, signups := rpc.NewService[*Shop](registry(t)), rpc.NewObject[*Basket](registry(t)), rpc.NewWorkflow[*Membership](registry(t))
	restatetest.Stub(ctx, (*Shop).Buy, func(_ restatetest.Call, in Order) (int, error) { return in.Count * 10, nil })
	restatetest.StubVoid(ctx, (*Shop).Restock, func(_ restatetest.Call, in Order) error {
		return restate.ToTerminalError(errors.New("no "+in.SKU), restate.WithErrorCode(404))
	})
	restatetest.Stub0(ctx, (*Shop).Open, func(restatetest.Call) (bool, error) { return true, nil })
	restatetest.Stub0Void(ctx, (*Shop).Close, func(restatetest.Call) error { return errors.New("it is stuck") })
	restatetest.Stub(ctx, (*Basket).Add, func(c restatetest.Call, n int) (int, error) { return n + len(c.Key), nil })
	ctx.StubHandler("Membership/Run", func(c restatetest.Call) (any, error) {
		var mail string
		require.NoError(t, c.Decode(&mail))
		require.Equal(t, "ada@example.org", mail)
		require.Equal(t, map[string]string{"a": "b"}, c.Headers)
		return nil, nil
	})

	cents, err := rpc.Call(ctx, shop, (*Shop).Buy, Order{"tea", 3})
	require.NoError(t, err)
	require.Equal(t, 30, cents)
	err = rpc.CallVoid(ctx, shop, (*Shop).Restock, Order{SKU: "tea"})
	var failed *rpc.CallError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, restate.Code(http.StatusNotFound), failed.Code())
	open, err := rpc.Call0(ctx, shop, (*Shop).Open)
	require.NoError(t, err)
	require.True(t, open)
	require.ErrorContains(t, rpc.Call0Void(ctx, shop, (*Shop).Close), "it is stuck")
	f, err := rpc.Start(ctx, baskets.Key("ada"), (*Basket).Add, 4)
	require.NoError(t, err)
	n, err := f.Await(ctx)
	require.NoError(t, err)
	require.Equal(t, 7, n)
	require.NoError(t, rpc.CallVoid(ctx, signups.ID("ada"), (*Membership).Run, "ada@example.org", restate.WithHeaders(map[string]string{"a": "b"})))
	// With the SDK's own client.
	n, failure := restate.Object[int](ctx, "Basket", "bob", "Add").Request(1)
	require.NoError(t, failure)
	require.Equal(t, 4, n)

	var names []string
	for _, c := range ctx.Calls() {
		names = append(names, c.Service+"/"+c.Handler)
	}
	require.Equal(t, []string{"Shop/Buy", "Shop/Restock", "Shop/Open", "Shop/Close", "Basket/Add", "Membership/Run", "Basket/Add"}, names)
	require.JSONEq(t, `{"SKU":"tea","Count":3}`, string(ctx.Calls()[0].Input))
}

func TestSendsAreRecordedAndCanBeAttachedTo(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{})
	shop := rpc.NewService[*Shop](registry(t))
	sent, err := rpc.Send(ctx, shop, (*Shop).Buy, Order{"tea", 3}, restate.WithDelay(time.Hour), restate.WithIdempotencyKey("k"))
	require.NoError(t, err)
	id, err := sent.ID(ctx)
	require.NoError(t, err)
	require.NoError(t, sent.Cancel(ctx))
	require.Equal(t, []restatetest.Call{{
		Service: "Shop", Handler: "Buy", Input: []byte(`{"SKU":"tea","Count":3}`), Send: true, Delay: time.Hour, IdempotencyKey: "k", InvocationID: id,
	}}, ctx.Sends())
	ctx.StubInvocation(id, func() (any, error) { return 7, nil })
	n, err := sent.Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, 7, n)

	restatetest.Stub(ctx, (*Shop).Buy, func(c restatetest.Call, in Order) (int, error) {
		require.True(t, c.Send)
		return in.Count, nil
	})
	sent, err = rpc.Send(ctx, shop, (*Shop).Buy, Order{"tea", 3})
	require.NoError(t, err)
	n, err = sent.Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, 3, n)
}

func TestACallThatIsNeverAnsweredTimesOut(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{})
	restatetest.Stub(ctx, (*Shop).Buy, func(restatetest.Call, Order) (int, error) { return 0, restatetest.ErrNever })
	f, err := rpc.Start(ctx, rpc.NewService[*Shop](registry(t)), (*Shop).Buy, Order{})
	require.NoError(t, err)
	_, err = f.OrTimeout(ctx, time.Minute).Await(ctx)
	require.True(t, durable.IsTimeout(err))
	require.NoError(t, f.Cancel(ctx))
	ops := ctx.Operations()
	require.Equal(t, restatetest.OperationCancel, ops[len(ops)-1].Type)
	require.Equal(t, ctx.Calls()[0].InvocationID, ops[len(ops)-1].Name)
}

func TestASagaUndoesWhatItDid(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{})
	restatetest.StubVoid(ctx, (*Shop).Restock, func(restatetest.Call, Order) error { return nil })
	shop := rpc.NewService[*Shop](registry(t))
	err := durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
		undo.Call("restock", func(ctx restate.Context) error { return rpc.CallVoid(ctx, shop, (*Shop).Restock, Order{SKU: "tea"}) })
		undo.Step("refund", func(restate.RunContext) error { return nil })
		_, err := charge.Run(ctx, func(context.Context) (string, error) { return "", restate.TerminalErrorf("no card") })
		return err
	})
	require.EqualError(t, err, "no card")
	require.Equal(t, []string{"charge", "refund"}, ctx.Steps())
	require.Len(t, ctx.Calls(), 1)
}

func TestACancellationReachesWhatIsWaitedForNext(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]func(ctx *restatetest.Context) error{
		"a timer":   func(ctx *restatetest.Context) error { return restate.Sleep(ctx, time.Hour) },
		"an await":  func(ctx *restatetest.Context) error { _, err := durable.After(ctx, 1).Await(ctx); return err },
		"a promise": func(ctx *restatetest.Context) error { _, err := verified.Result(ctx); return err },
		"a step": func(ctx *restatetest.Context) error {
			_, err := charge.Run(ctx, func(context.Context) (string, error) { return "", nil })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := restatetest.NewContext(t, restatetest.Request{})
			ctx.Cancel()
			require.True(t, durable.IsSelfCancelled(wait(ctx)))
			require.NoError(t, restate.Sleep(ctx, time.Hour), "a cancellation is told once")
		})
	}
}

func TestACancellationLosesToWhatHasCompletedBefore(t *testing.T) {
	t.Parallel()
	ctx := restatetest.NewContext(t, restatetest.Request{})
	ctx.OnAwakeable(func(a restatetest.Awakeable) { a.Resolve("yes") })
	answer := restate.Awakeable[string](ctx)
	ctx.Cancel()
	got, err := answer.Result()
	require.NoError(t, err)
	require.Equal(t, "yes", got)
	require.True(t, durable.IsSelfCancelled(restate.Sleep(ctx, time.Hour)))
}

func TestChanceIsTheSameInEveryRun(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64) []any {
		ctx := restatetest.NewContext(t, restatetest.Request{Seed: seed})
		return []any{restate.Rand(ctx).Uint64(), restate.UUID(ctx), restate.RandSource(ctx).Uint64(), restate.UUID(ctx).Version()}
	}
	require.Equal(t, draw(1), draw(1))
	require.NotEqual(t, draw(1), draw(2))
}

func TestARequestHasWhatTheCallerSent(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx := restatetest.NewContext(t, restatetest.Request{
		ID: "inv_1abc", IdempotencyKey: "i", Headers: map[string]string{"x-tenant": "acme"}, Body: []byte("1"),
		Context: context.WithValue(t.Context(), key{}, "value"),
	})
	require.Equal(t, "acme", durable.Header(ctx, "X-Tenant"))
	require.Equal(t, "inv_1abc", ctx.Request().ID)
	require.Equal(t, "i", ctx.Request().IdempotencyKey)
	require.Equal(t, []byte("1"), ctx.Request().Body)
	require.Equal(t, "value", ctx.Value(key{}))
	_, err := charge.Run(ctx, func(ctx context.Context) (string, error) {
		require.Equal(t, "value", ctx.Value(key{}))
		return "", nil
	})
	require.NoError(t, err)
}

func TestTheHandlerDecidesWhatItsContextCanDo(t *testing.T) {
	t.Parallel()
	shared := restatetest.NewContext(t, restatetest.Request{Handler: (*Basket).Total})
	require.PanicsWithError(t, "durable: Set in Basket/Total: a shared handler cannot write state; let an exclusive handler do it",
		func() { _ = total.Set(shared, 1) })
	_, err := durable.ObjectFromContext(shared)
	require.ErrorIs(t, err, durable.ErrWrongContext)
	run := restatetest.NewContext(t, restatetest.Request{Handler: (*Membership).Run})
	_, err = durable.WorkflowFromContext(run)
	require.NoError(t, err)
	_, err = durable.ObjectFromContext(restatetest.NewContext(t, restatetest.Request{}))
	require.NoError(t, err)
}

func TestPerInvocationIsMadeOnce(t *testing.T) {
	t.Parallel()
	made := 0
	per := durable.NewPerInvocation(func(context.Context) (int, error) {
		made++
		return made, nil
	})
	one, two := restatetest.NewContext(t, restatetest.Request{}), restatetest.NewContext(t, restatetest.Request{})
	for _, ctx := range []*restatetest.Context{one, one, two} {
		_, err := per.Get(ctx)
		require.NoError(t, err)
	}
	require.Equal(t, 2, made)
}

package restatetest_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/logging"
	"github.com/fxrestate/go/restatetest"
	"github.com/fxrestate/go/rpc"
)

// failures returns what a test fails with.
func failures(t *testing.T, test func(t testing.TB)) []string {
	t.Helper()
	if failed, said := record(t, test); failed {
		return []string{said}
	}
	return nil
}

func TestATestThatCannotGoOnSaysWhy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		test func(t testing.TB)
		want string
	}{
		"a promise that nobody resolves": {
			func(t testing.TB) { _, _ = verified.Result(restatetest.NewContext(t, restatetest.Request{})) },
			"restatetest: Test/Handler would wait for ever for\n" +
				`  promise "verified": resolve it with Context.ResolvePromise, or with its durable.PromiseKey`,
		},
		"an awakeable that nobody completes in time": {
			func(t testing.TB) {
				ctx := restatetest.NewContext(t, restatetest.Request{Handler: (*Basket).Add, Patience: time.Millisecond})
				_, f, _ := approval.New(ctx)
				_, _ = f.Await(ctx)
			},
			"restatetest: Basket/Add would wait for ever for\n" +
				"  awakeable sign_1aW52XzEwMDAwMDAwMDAwMDAwMDAwMDAwAAAAAQ: complete it with Context.OnAwakeable, or with Context.Awakeable in what gets its id",
		},
		"all of what is waited for": {
			func(t testing.TB) {
				ctx := restatetest.NewContext(t, restatetest.Request{})
				_, _ = durable.First(verified.Future(ctx), durable.FutureOf(restate.Signal[string](ctx, "go"), restate.Signal[string](ctx, "go").Result)).Await(ctx)
			},
			"restatetest: Test/Handler would wait for ever for\n" +
				`  promise "verified": resolve it with Context.ResolvePromise, or with its durable.PromiseKey` + "\n" +
				`  signal "go": send it with Context.ResolveSignal`,
		},
		"a call without a stub": {
			func(t testing.TB) {
				ctx := restatetest.NewContext(t, restatetest.Request{})
				ctx.StubHandler("Shop/Bye", func(restatetest.Call) (any, error) { return nil, nil })
				restate.Service[int](ctx, "Shop", "Buy").RequestFuture(1)
			},
			"restatetest: Test/Handler calls Shop/Buy, which has no stub; add one with restatetest.Stub or Context.StubHandler, " +
				"or replace the client by a fake (there are stubs of Shop/Bye)",
		},
		"an invocation of others": {
			func(t testing.TB) {
				ctx := restatetest.NewContext(t, restatetest.Request{})
				_, _ = rpc.HandleOf[int]("inv_2abc").Attach(ctx)
			},
			"restatetest: Test/Handler would wait for ever for\n" +
				"  invocation inv_2abc: stub the handler that it is of, or give its result with Context.StubInvocation",
		},
		"a handler that is none": {
			func(t testing.TB) { restatetest.NewContext(t, restatetest.Request{Handler: 1}) },
			"restatetest: Request.Handler: handler: a int is not a method expression; write (*T).Method",
		},
		"a stub of what is no handler": {
			func(t testing.TB) {
				ctx := restatetest.NewContext(t, restatetest.Request{})
				restatetest.Stub(ctx, func(*Shop, restate.Context, int) (int, error) { return 0, nil }, func(restatetest.Call, int) (int, error) { return 0, nil })
			},
			"restatetest: Stub: handler: ",
		},
		"a state that is no JSON": {
			func(t testing.TB) {
				restatetest.NewContext(t, restatetest.Request{State: map[string]any{"f": func() {}}})
			},
			`restatetest: Request.State["f"]: json: unsupported type: func()`,
		},
		"a promise that is resolved twice": {
			func(t testing.TB) {
				ctx := restatetest.NewContext(t, restatetest.Request{})
				ctx.ResolvePromise("verified", "a")
				ctx.RejectPromise("verified", durable.NewCancelledError())
			},
			`restatetest: promise "verified" is completed already`,
		},
		"an awakeable that is nobody's": {
			func(t testing.TB) { restatetest.NewContext(t, restatetest.Request{}).Awakeable("sign_1") },
			`restatetest: Test/Handler made no awakeable "sign_1"`,
		},
		"a value that does not encode": {
			func(t testing.TB) {
				ctx := restatetest.NewContext(t, restatetest.Request{})
				ctx.ResolvePromise("verified", func() {})
				_, _ = verified.Result(ctx)
			},
			`restatetest: promise "verified": its result does not encode: json: unsupported type: func()`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			texts := failures(t, tt.test)
			require.Len(t, texts, 1)
			require.Contains(t, texts[0], tt.want)
		})
	}
}

func TestWhatUsesTheContextAfterTheTestIsRefused(t *testing.T) {
	t.Parallel()
	var ctx *restatetest.Context
	t.Run("a test", func(t *testing.T) { ctx = restatetest.NewContext(t, restatetest.Request{Log: slog.DiscardHandler}) })
	_, err := durable.FromContext(ctx)
	require.ErrorIs(t, err, durable.ErrReturned)
	require.ErrorIs(t, total.Set(ctx, 1), durable.ErrReturned)
}

func TestLinesOfTheHandlerNameTheInvocation(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	ctx := restatetest.NewContext(t, restatetest.Request{ID: "inv_1a", Log: slog.NewTextHandler(&out, nil)})
	ctx.Log().Info("hello")
	restate.RunVoid(ctx, func(ctx restate.RunContext) error {
		ctx.Log().Warn("in a step")
		return nil
	})
	require.Contains(t, out.String(), "msg=hello method=Test/Handler invocationID=inv_1a")
	require.Contains(t, out.String(), `msg="in a step" method=Test/Handler invocationID=inv_1a`)
}

func TestTheLoggerOfTheContextIsFoundByPlainCode(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.InfoLevel)
	ctx := restatetest.NewContext(t, restatetest.Request{Handler: (*Basket).Add, Log: logging.NewHandler(zap.New(core), logging.Config{})})
	logging.From(ctx).Info("hello")
	ctx.Log().Info("hello again")
	require.Equal(t, 2, logs.Len())
	for _, line := range logs.All() {
		require.Equal(t, "Basket/Add", line.ContextMap()["method"])
	}
}

package fakectx_test

import (
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/sdk/fakectx"
)

// bare is a context that answers nothing.
type bare struct{ fakectx.Context }

func (bare) Step(func(restate.RunContext) (any, error), []restate.RunOption) fakectx.Operation {
	return operation{}
}

func (bare) Timer(time.Duration, []restate.SleepOption) fakectx.Operation { return operation{} }

func (bare) Attached(string, []restate.AttachOption) fakectx.Operation { return operation{} }

func (bare) NewAwakeable([]restate.AwakeableOption) fakectx.Operation { return operation{} }

func (bare) NamedSignal(string, []restate.SignalOption) fakectx.Operation { return operation{} }

func (bare) NamedPromise(string, []restate.PromiseOption) fakectx.Operation { return operation{} }

func (bare) Call(any, []restate.RequestOption) fakectx.Operation { return operation{} }

func (bare) Send(any, ...restate.SendOption) restate.Invocation {
	return &fakectx.Future{Of: operation{}}
}

func (bare) UUID() [16]byte                                                           { return [16]byte{1} }
func (b bare) Handler(string, string, string, []restate.ClientOption) fakectx.Handler { return b }

type operation struct{ fakectx.Operation }

func (operation) ID() string { return "an id" }

func (operation) Result(output any) restate.TerminalError {
	if n, ok := output.(*int); ok {
		*n = 7
	}
	return nil
}

func TestContractFuturesAreThoseOfTheSDK(t *testing.T) {
	t.Parallel()
	ctx := restate.WithMockContext(fakectx.New(bare{}))
	for name, result := range map[string]func() (int, restate.TerminalError){
		"of RunAsync":         restate.RunAsync(ctx, func(restate.RunContext) (int, error) { return 0, nil }).Result,
		"of AttachInvocation": restate.AttachInvocation[int](ctx, "inv_2a").Response,
		"of Awakeable":        restate.Awakeable[int](ctx).Result,
		"of Signal":           restate.Signal[int](ctx, "go").Result,
		"of Promise":          restate.Promise[int](ctx, "done").Result,
		"of a service":        restate.Service[int](ctx, "s", "h").RequestFuture(1).Response,
		"of an object":        restate.Object[int](ctx, "s", "k", "h").RequestFuture(1).Response,
		"of a workflow":       restate.Workflow[int](ctx, "s", "k", "h").RequestFuture(1).Response,
		"of no future":        func() (int, restate.TerminalError) { return restate.Service[int](ctx, "s", "h").Request(1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, err := result()
			require.NoError(t, err)
			require.Equal(t, 7, n)
		})
	}
	require.NoError(t, restate.After(ctx, 1).Done())
	require.Equal(t, "an id", restate.Awakeable[int](ctx).Id())
	require.Equal(t, "an id", restate.ServiceSend(ctx, "s", "h").Send(1).GetInvocationId())
	require.Equal(t, byte(1), restate.UUID(ctx)[0])
}

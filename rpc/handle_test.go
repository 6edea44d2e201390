package rpc_test

import (
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// Oven bakes what it is told to, when it is told to.
type Oven struct{}

func (*Oven) Run(ctx restate.WorkflowContext, what string) (string, error) {
	_, err := restate.Promise[restate.Void](ctx, "done").Result()
	return what + ", baked", err
}

func (*Oven) Finish(ctx restate.WorkflowSharedContext) error {
	return restate.Promise[restate.Void](ctx, "done").Resolve(restate.Void{})
}

// Baker has a client of the ingress of its own.
type Baker struct {
	oven    rpc.Workflow[*Oven]
	outside *ingress.Client
}

// Peeked is what a look in a step told.
type Peeked struct {
	Output string
	Ready  bool
}

func (b *Baker) peek(ctx restate.Context, id string) (Peeked, error) {
	return restate.Run(ctx, func(ctx restate.RunContext) (Peeked, error) {
		output, ready, err := ingress.HandleOf[string](b.outside, id).Output(ctx)
		return Peeked{output, ready}, err
	})
}

func (b *Baker) Bake(ctx restate.Context, what string) ([]Peeked, error) {
	sent, err := rpc.Send(ctx, b.oven.ID(what), (*Oven).Run, what)
	if err != nil {
		return nil, err
	}
	id, err := sent.ID(ctx)
	if err != nil {
		return nil, err
	}
	before, err := b.peek(ctx, id)
	if err != nil {
		return nil, err
	}
	if err = rpc.Call0Void(ctx, b.oven.ID(what), (*Oven).Finish); err != nil {
		return nil, err
	}
	if _, err = sent.Attach(ctx); err != nil {
		return nil, err
	}
	after, err := b.peek(ctx, id)
	return []Peeked{before, after}, err
}

func TestAHandlerLooksForAnOutputInAStep(t *testing.T) {
	outside, err := ingress.New(testkit.Config().Ingress, nil)
	require.NoError(t, err)
	t.Cleanup(outside.CloseIdleConnections)
	testkit.RunApp(t,
		fxrestate.Workflow[*Oven](func() *Oven { return &Oven{} }),
		fxrestate.Service[*Baker](func(oven rpc.Workflow[*Oven]) *Baker { return &Baker{oven, outside} }),
	)
	peeked, err := ingress.Call(testkit.Context(t), ingress.NewService[*Baker](outside), (*Baker).Bake, t.Name())
	require.NoError(t, err)
	require.Equal(t, []Peeked{{}, {t.Name() + ", baked", true}}, peeked)
}

func TestAReadyHandleHasItsResultWithoutAnInvocation(t *testing.T) {
	t.Parallel()
	failure := restate.TerminalErrorf("no")
	for name, tt := range map[string]struct {
		handle rpc.Handle[int]
		want   int
		err    error
	}{
		"a value":   {rpc.ReadyHandle(7, nil), 7, nil},
		"a failure": {rpc.ReadyHandle(0, failure), 0, failure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.handle.Attach(nil)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.err, err)
			id, err := tt.handle.ID(nil)
			require.NoError(t, err)
			require.Regexp(t, "^inv_2", id)
			require.NoError(t, tt.handle.Cancel(nil))
		})
	}
}

package durable_test

import (
	"fmt"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// Misfits reads an int where there is a text.
type Misfits struct {
	name string
	ways map[string]func(*Misfits, restate.WorkflowContext) error
}

// Run tells whether the error of a way is terminal, and its text.
func (m *Misfits) Run(ctx restate.WorkflowContext, way string) (string, error) {
	err := m.ways[way](m, ctx)
	return fmt.Sprint(restate.IsTerminalError(err), " ", err), nil
}

// Text answers with a text.
func (*Misfits) Text(restate.WorkflowSharedContext) (string, error) { return "many", nil }

// text is the handler Text to one who expects an int.
func (m *Misfits) text(ctx restate.WorkflowContext) rpc.NamedHandler[restate.Void, int] {
	return rpc.Named[restate.Void, int](m.name, "Text").Key(restate.Key(ctx))
}

// signalled is a signal with a text.
func signalled(ctx restate.WorkflowContext) restate.SignalFuture[int] {
	restate.ResolveSignal(ctx, ctx.Request().ID, "count", "many")
	return restate.Signal[int](ctx, "count")
}

// promised is a promise with a text.
func promised(ctx restate.WorkflowContext) (durable.PromiseKey[int], error) {
	return durable.NewPromiseKey[int]("count"), durable.NewPromiseKey[string]("count").Resolve(ctx, "many")
}

func TestAPayloadOfAnotherTypeIsAnErrorThatTheHandlerSees(t *testing.T) {
	t.Parallel()
	type way = func(*Misfits, restate.WorkflowContext) error
	const cannot = "json: cannot unmarshal string into Go value of type int"
	tests := map[string]struct {
		way  way
		want string
	}{
		// What others complete is terminal: no later version of the program gets another value.
		"an awakeable": {func(_ *Misfits, ctx restate.WorkflowContext) error {
			id, value, err := number.New(ctx)
			if err != nil {
				return err
			}
			if err := numberText.Resolve(ctx, id, "many"); err != nil {
				return err
			}
			_, err = value.Await(ctx)
			return err
		}, `true durable: Awakeable[int] "number": it was resolved with a value that is no int: ` + cannot},
		"an awakeable of the SDK's": {func(_ *Misfits, ctx restate.WorkflowContext) error {
			own := restate.Awakeable[int](ctx)
			if err := numberText.Resolve(ctx, own.Id(), "many"); err != nil {
				return err
			}
			_, err := own.Result()
			return err
		}, "true durable: restate.Awakeable: it was resolved with a value that is no int: " + cannot},
		"a signal": {func(_ *Misfits, ctx restate.WorkflowContext) error {
			_, err := signalled(ctx).Result()
			return err
		}, `true durable: restate.Signal "count": it was resolved with a value that is no int: ` + cannot},
		"a signal as a Future": {func(_ *Misfits, ctx restate.WorkflowContext) error {
			signal := signalled(ctx)
			_, err := durable.FutureOf(signal, signal.Result).Await(ctx)
			return err
		}, `true durable: restate.Signal "count": it was resolved with a value that is no int: ` + cannot},
		"a signal among others": {func(_ *Misfits, ctx restate.WorkflowContext) error {
			signal := signalled(ctx)
			_, err := durable.All(durable.FutureOf(signal, signal.Result), durable.Ready(1, nil)).Await(ctx)
			return err
		}, `true durable: restate.Signal "count": it was resolved with a value that is no int: ` + cannot},
		// What the program or another handler wrote is not: a later version may have the type.
		"a promise": {func(_ *Misfits, ctx restate.WorkflowContext) error {
			key, err := promised(ctx)
			if err != nil {
				return err
			}
			_, err = key.Result(ctx)
			return err
		}, `false durable: PromiseKey[int] "count": what is stored is no int: ` + cannot},
		"a promise that is looked at": {func(_ *Misfits, ctx restate.WorkflowContext) error {
			key, err := promised(ctx)
			if err != nil {
				return err
			}
			_, _, err = key.Peek(ctx)
			return err
		}, `false durable: PromiseKey[int] "count": what is stored is no int: ` + cannot},
		"state": {func(_ *Misfits, ctx restate.WorkflowContext) error {
			if err := durable.NewStateKey[string]("count").Set(ctx, "many"); err != nil {
				return err
			}
			_, err := durable.NewStateKey[int]("count").Get(ctx)
			return err
		}, `false durable: StateKey[int] "count": what is stored is no int: ` + cannot},
		"the result of a call": {func(m *Misfits, ctx restate.WorkflowContext) error {
			_, err := m.text(ctx).Call(ctx, restate.Void{})
			return err
		}, "false rpc: {name}/Text: the result does not decode into int: " + cannot},
		"the result of a call that was started": {func(m *Misfits, ctx restate.WorkflowContext) error {
			f, err := m.text(ctx).Start(ctx, restate.Void{})
			if err != nil {
				return err
			}
			_, err = f.Await(ctx)
			return err
		}, "false rpc: {name}/Text: the result does not decode into int: " + cannot},
		"the result of a send": {func(m *Misfits, ctx restate.WorkflowContext) error {
			sent, err := m.text(ctx).Send(ctx, restate.Void{})
			if err != nil {
				return err
			}
			_, err = sent.Attach(ctx)
			return err
		}, "false rpc: {name}/Text: the result does not decode into int: " + cannot},
	}
	ways := map[string]way{}
	for name, tt := range tests {
		ways[name] = tt.way
	}
	name := testkit.Unique("misfits")
	testkit.Start(t, fxrestate.Workflow[*Misfits](testkit.Made(&Misfits{name, ways}), fxrestate.Name(name), testkit.RetryAtOnce(trialAttempts)))
	for way, tt := range tests {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			got := testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, testkit.Unique("id"), "Run"), way))
			require.Equal(t, strings.ReplaceAll(tt.want, "{name}", name), got)
		})
	}
}

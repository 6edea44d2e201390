package calls_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/fxrestate/go/internal/testkit"

	sdk "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/rpc"
)

// CallsTill is a virtual object that is called by its typed client.
type CallsTill struct{}

func (*CallsTill) Put(ctx sdk.ObjectContext, cents int) (int, error) {
	total, err := sdk.Get[int](ctx, "total")
	if err != nil {
		return 0, err
	}
	sdk.Set(ctx, "total", total+cents)
	return total + cents, nil
}

func (*CallsTill) Total(ctx sdk.ObjectSharedContext) (int, error) { return sdk.Get[int](ctx, "total") }

func (*CallsTill) Reset(ctx sdk.ObjectContext) error {
	sdk.ClearAll(ctx)
	return nil
}

func (*CallsTill) Take(ctx sdk.ObjectContext, cents int) error {
	total, err := sdk.Get[int](ctx, "total")
	if err != nil {
		return err
	}
	if total < cents {
		return sdk.ToTerminalError(errTooLittle, sdk.WithErrorCode(http.StatusPaymentRequired))
	}
	sdk.Set(ctx, "total", total-cents)
	return nil
}

func (*CallsTill) Raw(_ sdk.ObjectSharedContext, in []byte) ([]byte, error) {
	return append(in, '!'), nil
}

// CallsShop and CallsBank hold each other's clients, which are no instances.
type CallsShop struct {
	till rpc.Object[*CallsTill]
	bank rpc.Service[*CallsBank]
	flow rpc.Workflow[*CallsFlow]
}

type CallsBank struct {
	shop rpc.Service[*CallsShop]
}

func (b *CallsBank) Rate(_ sdk.Context, cents int) (int, error) { return cents * 2, nil }

func (b *CallsBank) Back(ctx sdk.Context) (string, error) {
	return rpc.Call0(ctx, b.shop, (*CallsShop).Name)
}

// CallsFlow is a workflow that waits for a signal.
type CallsFlow struct{}

func (*CallsFlow) Run(ctx sdk.WorkflowContext, in string) (string, error) {
	word, err := sdk.Promise[string](ctx, "word").Result()
	return in + " " + word, err
}

func (*CallsFlow) Say(ctx sdk.WorkflowSharedContext, word string) error {
	return sdk.Promise[string](ctx, "word").Resolve(word)
}

func (*CallsShop) Name(sdk.Context) (string, error) { return "shop", nil }

// Visit uses each verb in each shape.
func (s *CallsShop) Visit(ctx sdk.Context, id string) (map[string]any, error) {
	till := s.till.Key(id)
	seen := map[string]any{}
	var err error
	if err = rpc.Call0Void(ctx, till, (*CallsTill).Reset); err != nil {
		return nil, err
	}
	if seen["put"], err = rpc.Call(ctx, till, (*CallsTill).Put, 100); err != nil {
		return nil, err
	}
	if err = rpc.CallVoid(ctx, till, (*CallsTill).Take, 30); err != nil {
		return nil, err
	}
	if seen["total"], err = rpc.Call0(ctx, till, (*CallsTill).Total); err != nil {
		return nil, err
	}
	refused := rpc.CallVoid(ctx, till, (*CallsTill).Take, 1000)
	if t := sdk.AsTerminalError(refused); t != nil {
		seen["refused"] = int(t.Code())
	}
	raw, err := rpc.Call(ctx, till, (*CallsTill).Raw, []byte{0xff, 'a'})
	if err != nil {
		return nil, err
	}
	seen["raw"] = len(raw) // binary in, binary out: the codec is the callee's
	rate, err := rpc.Start(ctx, s.bank, (*CallsBank).Rate, 21)
	if err != nil {
		return nil, err
	}
	sent, err := rpc.Send(ctx, till, (*CallsTill).Put, 5, sdk.WithDelay(10*time.Millisecond))
	if err != nil {
		return nil, err
	}
	if seen["rate"], err = rate.Await(ctx); err != nil {
		return nil, err
	}
	if seen["attached"], err = sent.Attach(ctx); err != nil {
		return nil, err
	}
	sentID, err := sent.ID(ctx)
	if err != nil {
		return nil, err
	}
	seen["id"] = sentID != ""
	run, err := rpc.Send(ctx, s.flow.ID(id), (*CallsFlow).Run, "said")
	if err != nil {
		return nil, err
	}
	if err = rpc.CallVoid(ctx, s.flow.ID(id), (*CallsFlow).Say, "yes"); err != nil {
		return nil, err
	}
	if seen["flow"], err = run.Attach(ctx); err != nil {
		return nil, err
	}
	if seen["back"], err = rpc.Call0(ctx, s.bank, (*CallsBank).Back); err != nil {
		return nil, err
	}
	return seen, nil
}

// Futures waits later, in each shape.
func (s *CallsShop) Futures(ctx sdk.Context, id string) (map[string]any, error) {
	till := s.till.Key(id)
	reset, err := rpc.Start0Void(ctx, till, (*CallsTill).Reset)
	if err != nil {
		return nil, err
	}
	if _, err := reset.Await(ctx); err != nil {
		return nil, err
	}
	put, err := rpc.Start(ctx, till, (*CallsTill).Put, 100)
	if err != nil {
		return nil, err
	}
	take, err := rpc.StartVoid(ctx, till, (*CallsTill).Take, 30)
	if err != nil {
		return nil, err
	}
	if _, err := take.Await(ctx); err != nil {
		return nil, err
	}
	total, err := rpc.Start0(ctx, till, (*CallsTill).Total)
	if err != nil {
		return nil, err
	}
	refused, err := rpc.StartVoid(ctx, till, (*CallsTill).Take, 1000)
	if err != nil {
		return nil, err
	}
	raw, err := rpc.Start(ctx, till, (*CallsTill).Raw, []byte{0xff})
	if err != nil {
		return nil, err
	}
	seen := map[string]any{}
	if seen["put"], err = put.Await(ctx); err != nil {
		return nil, err
	}
	if seen["total"], err = total.Await(ctx); err != nil {
		return nil, err
	}
	if seen["raw"], err = raw.Await(ctx); err != nil {
		return nil, err
	}
	_, err = refused.Await(ctx)
	failure := sdk.AsTerminalError(err)
	if failure == nil {
		return nil, sdk.TerminalErrorf("took too much")
	}
	seen["refused"] = failure.Code()
	return seen, nil
}

// Sends in each shape, and attaches to what it sent.
func (s *CallsShop) Sends(ctx sdk.Context, id string) (map[string]any, error) {
	till := s.till.Key(id)
	reset, err := rpc.Send0Void(ctx, till, (*CallsTill).Reset)
	if err != nil {
		return nil, err
	}
	if _, err := reset.Attach(ctx); err != nil {
		return nil, err
	}
	put, err := rpc.Send(ctx, till, (*CallsTill).Put, 100)
	if err != nil {
		return nil, err
	}
	take, err := rpc.SendVoid(ctx, till, (*CallsTill).Take, 30)
	if err != nil {
		return nil, err
	}
	if _, err := take.Attach(ctx); err != nil {
		return nil, err
	}
	total, err := rpc.Send0(ctx, till, (*CallsTill).Total)
	if err != nil {
		return nil, err
	}
	raw, err := rpc.Send(ctx, till, (*CallsTill).Raw, []byte{0xff})
	if err != nil {
		return nil, err
	}
	seen := map[string]any{}
	if seen["put"], err = put.Attach(ctx); err != nil {
		return nil, err
	}
	if seen["total"], err = total.Attach(ctx); err != nil {
		return nil, err
	}
	if seen["raw"], err = raw.Attach(ctx); err != nil { // the codec is the callee's
		return nil, err
	}
	rawID, err := raw.ID(ctx)
	if err != nil {
		return nil, err
	}
	putID, err := put.ID(ctx)
	if err != nil {
		return nil, err
	}
	if seen["by id"], err = rpc.HandleOf[[]byte](rawID, sdk.WithBinary).Attach(ctx); err != nil {
		return nil, err
	}
	known, err := rpc.HandleOf[int](putID).ID(ctx)
	if err != nil {
		return nil, err
	}
	seen["known"] = known == putID
	seen["by id, JSON"], err = rpc.HandleOf[int](putID).Attach(ctx)
	return seen, err
}

// Stop cancels what it sent.
func (s *CallsShop) Stop(ctx sdk.Context, id string) (bool, error) {
	run, err := rpc.Send(ctx, s.flow.ID(id), (*CallsFlow).Run, "never")
	if err != nil {
		return false, err
	}
	// By its id, the invocation can be found again at another time.
	runID, err := run.ID(ctx)
	if err != nil {
		return false, err
	}
	again := rpc.HandleOf[string](runID)
	if err := again.Cancel(ctx); err != nil {
		return false, err
	}
	_, err = again.Attach(ctx)
	return durable.IsCancelled(err), nil
}

// Nobody calls an object without a key.
func (s *CallsShop) Nobody(ctx sdk.Context) error {
	return rpc.Call0Void(ctx, s.till.Key(""), (*CallsTill).Reset)
}

var errTooLittle = sdk.TerminalErrorf("too little in the till")

// startCallees serves what is called in an application of its own.
func startCallees(t *testing.T, till, flow string) {
	testkit.Start(t,
		fxrestate.Object[*CallsTill](testkit.Made(&CallsTill{}), fxrestate.Name(till),
			fxrestate.Handler((*CallsTill).Raw, sdk.WithBinary)),
		fxrestate.Workflow[*CallsFlow](testkit.Made(&CallsFlow{}), fxrestate.Name(flow), fxrestate.Naming(handler.LowerCamel),
			fxrestate.Handler((*CallsFlow).Run, fxrestate.HandlerName("Run"))))
}

func startCalls(t *testing.T) {
	testkit.Start(t,
		fxrestate.Object[*CallsTill](func() *CallsTill { return &CallsTill{} },
			fxrestate.Handler((*CallsTill).Raw, sdk.WithBinary)),
		fxrestate.Workflow[*CallsFlow](func() *CallsFlow { return &CallsFlow{} }, fxrestate.Naming(handler.LowerCamel),
			fxrestate.Handler((*CallsFlow).Run, fxrestate.HandlerName("Run"))),
		fxrestate.Service[*CallsShop](func(till rpc.Object[*CallsTill], bank rpc.Service[*CallsBank], flow rpc.Workflow[*CallsFlow]) *CallsShop {
			return &CallsShop{till, bank, flow}
		}, fxrestate.Name("calls-shop")),
		fxrestate.Service[*CallsBank](func(shop rpc.Service[*CallsShop]) *CallsBank { return &CallsBank{shop} }),
	)
}

func TestTypedClientsCallInEveryShape(t *testing.T) {
	startCalls(t)
	got := testkit.Decode[map[string]any](t, testkit.Post(t, "/calls-shop/Visit", testkit.Unique("visit")))
	require.Equal(t, map[string]any{
		"put": 100.0, "total": 70.0, "refused": 402.0, "raw": 3.0, "rate": 42.0,
		"attached": 75.0, "id": true, "flow": "said yes", "back": "shop",
	}, got)
}

func TestTypedClientsMakeFuturesInEveryShape(t *testing.T) {
	startCalls(t)
	require.Equal(t, map[string]any{"put": 100.0, "total": 70.0, "raw": "/yE=", "refused": 402.0},
		testkit.Decode[map[string]any](t, testkit.Post(t, "/calls-shop/Futures", testkit.Unique("futures"))))
}

func TestTypedClientsSendInEveryShapeAndAttach(t *testing.T) {
	startCalls(t)
	require.Equal(t, map[string]any{"put": 100.0, "total": 70.0, "raw": "/yE=", "by id": "/yE=", "known": true, "by id, JSON": 100.0},
		testkit.Decode[map[string]any](t, testkit.Post(t, "/calls-shop/Sends", testkit.Unique("sends"))))
}

func TestTypedClientCancelsWhatItSent(t *testing.T) {
	startCalls(t)
	require.True(t, testkit.Decode[bool](t, testkit.Post(t, "/calls-shop/Stop", testkit.Unique("stop"))))
}

func TestTypedClientRefusesAnEmptyKey(t *testing.T) {
	startCalls(t)
	got := testkit.Post(t, "/calls-shop/Nobody", nil)
	require.Equal(t, http.StatusBadRequest, got.Status)
	require.Contains(t, string(got.Body), "CallsTill/Reset: the key is empty")
}

func TestClientThatWasNotInjectedSaysSo(t *testing.T) {
	testkit.Start(t, fxrestate.Service[*CallsLost](func() *CallsLost { return &CallsLost{} }))
	got := testkit.Post(t, "/CallsLost/Call", nil)
	require.Contains(t, string(got.Body), "the client was not injected")
}

// CallsLost forgot to take its client from the graph.
type CallsLost struct {
	till rpc.Object[*CallsTill]
}

func (l *CallsLost) Call(ctx sdk.Context) error {
	err := rpc.Call0Void(ctx, l.till.Key("k"), (*CallsTill).Reset)
	return sdk.ToTerminalError(err)
}

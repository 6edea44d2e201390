package protocol_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
)

// play sends an attempt to a handler of the SDK's and returns what it answers: all of it
// must be known, and the same when it is encoded again.
func play(t *testing.T, def restate.ServiceDefinition, path string, messages ...protocol.Message) (answer []protocol.Message) {
	t.Helper()
	serve, err := server.NewRestate().WithLogger(slog.DiscardHandler, true).Bidirectional(false).Bind(def).Handler()
	require.NoError(t, err)
	var body []byte
	for _, m := range messages {
		body = protocol.AppendMessage(body, m)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
	r.RequestURI = path
	r.Header.Set("Content-Type", "application/vnd.restate.invocation.v6")
	w := httptest.NewRecorder()
	serve(w, r)
	frames, err := protocol.Split(w.Body.Bytes())
	require.NoError(t, err)
	for _, f := range frames {
		m, err := protocol.Decode(f)
		require.NoError(t, err)
		require.Equal(t, string(f.Body), string(m.AppendTo(nil)), "%s", f.Type)
		answer = append(answer, m)
	}
	return answer
}

func id() []byte { return make([]byte, 24) }

func done(of protocol.Type, id uint32, result protocol.Result) protocol.Message {
	return &protocol.Notification{Of: of, CompletionID: id, Result: result}
}

// The SDK is the other side: it writes what this package reads, and reads what it writes.
func TestTheSDKSpeaksTheSame(t *testing.T) {
	t.Parallel()
	awakeable := "sign_1AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEQ"
	for _, tt := range []struct {
		name    string
		run     func(restate.WorkflowContext) (any, error)
		start   protocol.Start
		results []protocol.Message // that the server has sent before it is asked
		want    []protocol.Message // without Output and End
		output  string
	}{
		{
			name: "lazy state",
			run: func(ctx restate.WorkflowContext) (any, error) {
				keys, err := restate.Keys(ctx)
				if err != nil {
					return nil, err
				}
				one, err := restate.Get[string](ctx, "one")
				if err != nil {
					return nil, err
				}
				two, err := restate.Get[*string](ctx, "two")
				return []any{keys, one, two}, err
			},
			start: protocol.Start{PartialState: true},
			results: []protocol.Message{
				done(protocol.TypeGetLazyStateKeysCompletion, 1, protocol.Keys([]byte("one"))),
				done(protocol.TypeGetLazyStateCompletion, 2, protocol.Succeeded([]byte(`"v"`))),
				done(protocol.TypeGetLazyStateCompletion, 3, protocol.Void()),
			},
			want: []protocol.Message{
				&protocol.GetLazyStateKeys{CompletionID: 1},
				&protocol.GetLazyState{Key: []byte("one"), CompletionID: 2},
				&protocol.GetLazyState{Key: []byte("two"), CompletionID: 3},
			},
			output: `[["one"],"v",null]`,
		},
		{
			name: "eager state",
			run: func(ctx restate.WorkflowContext) (any, error) {
				one, err := restate.Get[string](ctx, "one")
				if err != nil {
					return nil, err
				}
				if _, err := restate.Get[string](ctx, "two"); err != nil {
					return nil, err
				}
				restate.Set(ctx, "two", 2)
				restate.Clear(ctx, "one")
				restate.ClearAll(ctx)
				keys, err := restate.Keys(ctx)
				return []any{one, keys}, err
			},
			start: protocol.Start{State: []protocol.StateEntry{{Key: []byte("one"), Value: []byte(`"v"`)}}},
			want: []protocol.Message{
				&protocol.GetEagerState{Key: []byte("one"), Result: protocol.Succeeded([]byte(`"v"`))},
				&protocol.GetEagerState{Key: []byte("two"), Result: protocol.Void()},
				&protocol.SetState{Key: []byte("two"), Value: &protocol.Value{Content: []byte("2")}},
				&protocol.ClearState{Key: []byte("one")},
				&protocol.ClearAllState{},
				&protocol.GetEagerStateKeys{Value: &protocol.StateKeys{}},
			},
			output: `["v",null]`,
		},
		{
			name: "calls",
			run: func(ctx restate.WorkflowContext) (any, error) {
				restate.ServiceSend(ctx, "svc", "later").Send("in", restate.WithHeaders(map[string]string{"k": "v"}), restate.WithIdempotencyKey("i"))
				return restate.Object[string](ctx, "obj", "key", "now").Request("in")
			},
			results: []protocol.Message{
				done(protocol.TypeCallInvocationIDCompletion, 1, protocol.InvocationID("inv_1")),
				done(protocol.TypeCallInvocationIDCompletion, 2, protocol.InvocationID("inv_2")),
				done(protocol.TypeCallCompletion, 3, protocol.Succeeded([]byte(`"out"`))),
			},
			want: []protocol.Message{
				&protocol.OneWayCall{
					Service: "svc", Handler: "later", Parameter: []byte(`"in"`), Headers: []protocol.Header{{Key: "k", Value: "v"}},
					IdempotencyKey: new("i"), InvocationIDCompletionID: 1,
				},
				&protocol.Call{
					Service: "obj", Handler: "now", Parameter: []byte(`"in"`), Key: "key", InvocationIDCompletionID: 2, CompletionID: 3,
				},
			},
			output: `"out"`,
		},
		{
			name: "promises",
			run: func(ctx restate.WorkflowContext) (any, error) {
				p := restate.Promise[string](ctx, "p")
				if _, err := p.Peek(); err != nil {
					return nil, err
				}
				if err := p.Resolve("v"); err != nil {
					return nil, err
				}
				return p.Result()
			},
			results: []protocol.Message{
				done(protocol.TypePeekPromiseCompletion, 2, protocol.Void()),
				done(protocol.TypeCompletePromiseCompletion, 3, protocol.Void()),
				done(protocol.TypeGetPromiseCompletion, 1, protocol.Succeeded([]byte(`"v"`))),
			},
			want: []protocol.Message{
				&protocol.GetPromise{Key: "p", CompletionID: 1},
				&protocol.PeekPromise{Key: "p", CompletionID: 2},
				&protocol.CompletePromise{Key: "p", Completion: protocol.Succeeded([]byte(`"v"`)), CompletionID: 3},
			},
			output: `"v"`,
		},
		{
			name: "awakeables and signals",
			run: func(ctx restate.WorkflowContext) (any, error) {
				a := restate.Awakeable[string](ctx)
				restate.ResolveAwakeable(ctx, a.Id(), "v")
				restate.RejectAwakeable(ctx, a.Id(), restate.TerminalErrorf("no"))
				restate.CancelInvocation(ctx, "inv_other")
				return a.Result()
			},
			results: []protocol.Message{
				&protocol.SignalNotification{Signal: protocol.Signal{Index: new(uint32(17))}, Result: protocol.Succeeded([]byte(`"v"`))},
			},
			want: []protocol.Message{
				&protocol.CompleteAwakeable{AwakeableID: awakeable, Result: protocol.Succeeded([]byte(`"v"`))},
				&protocol.CompleteAwakeable{AwakeableID: awakeable, Result: protocol.Failed(500, "no")},
				&protocol.SendSignal{TargetInvocationID: "inv_other", Signal: protocol.Signal{Index: new(uint32(protocol.SignalCancel))}, Result: protocol.Void()},
			},
			output: `"v"`,
		},
		{
			name: "a step",
			run: func(ctx restate.WorkflowContext) (any, error) {
				return restate.Run(ctx, func(restate.RunContext) (string, error) { return "v", nil }, restate.WithName("step"))
			},
			results: []protocol.Message{done(protocol.TypeSleepCompletion, 9, protocol.Void())},
			want: []protocol.Message{
				&protocol.Run{CompletionID: 1, Name: "step"},
				&protocol.ProposeRunCompletion{CompletionID: 1, Result: protocol.Succeeded([]byte(`"v"`))},
				&protocol.Suspension{WaitingCompletions: []uint32{1}, WaitingSignals: []uint32{protocol.SignalCancel}},
			},
		},
		{
			name: "an attachment that fails",
			run: func(ctx restate.WorkflowContext) (any, error) {
				return restate.AttachInvocation[string](ctx, "inv_1").Response()
			},
			results: []protocol.Message{done(protocol.TypeAttachInvocationCompletion, 1, protocol.Result{
				Kind: protocol.ResultFailure, Failure: &protocol.Failure{Code: 418, Message: "m", Metadata: []protocol.Metadata{{Key: "k", Value: "v"}}},
			})},
			want: []protocol.Message{
				&protocol.AttachInvocation{Target: protocol.Target{InvocationID: new("inv_1")}, CompletionID: 1},
				&protocol.Output{Result: protocol.Result{Kind: protocol.ResultFailure, Failure: &protocol.Failure{
					Code: 418, Message: "m", Metadata: []protocol.Metadata{{Key: "k", Value: "v"}},
				}}},
				&protocol.End{},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			def := restate.NewWorkflow("w").Handler("Run", restate.NewWorkflowHandler(func(ctx restate.WorkflowContext, _ restate.Void) (any, error) { return tt.run(ctx) }))
			tt.start.ID, tt.start.DebugID, tt.start.Key, tt.start.KnownEntries = id(), "inv_1", "key", 1
			answer := play(t, def, "/invoke/w/Run", append([]protocol.Message{&tt.start, &protocol.Input{Value: &protocol.Value{}}}, tt.results...)...)
			if tt.output != "" {
				tt.want = append(tt.want, &protocol.Output{Result: protocol.Succeeded([]byte(tt.output))}, &protocol.End{})
			}
			require.Equal(t, tt.want, answer)
		})
	}
}

func TestTheSDKsSleepIsRead(t *testing.T) {
	t.Parallel()
	def := restate.NewService("s").Handler("h", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (restate.Void, error) {
		return restate.Void{}, restate.Sleep(ctx, time.Hour, restate.WithName("nap"))
	}))
	answer := play(t, def, "/invoke/s/h", &protocol.Start{ID: id(), KnownEntries: 1}, &protocol.Input{Value: &protocol.Value{}})
	require.Len(t, answer, 2)
	sleep := answer[0].(*protocol.Sleep)
	require.WithinRange(t, time.UnixMilli(int64(sleep.WakeUpTime)), time.Now(), time.Now().Add(time.Hour))
	require.Equal(t, &protocol.Sleep{WakeUpTime: sleep.WakeUpTime, CompletionID: 1, Name: "nap"}, sleep)
	require.Equal(t, protocol.TypeSuspension, answer[1].Type())
}

func TestTheSDKsMismatchIsRead(t *testing.T) {
	t.Parallel()
	def := restate.NewService("s").Handler("h", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (restate.Void, error) {
		return restate.Void{}, restate.Sleep(ctx, time.Hour)
	}))
	answer := play(t, def, "/invoke/s/h", &protocol.Start{ID: id(), KnownEntries: 2},
		&protocol.Input{Value: &protocol.Value{}}, &protocol.Run{CompletionID: 1, Name: "step"})
	require.Len(t, answer, 1)
	failed := answer[0].(*protocol.Error)
	require.EqualValues(t, protocol.CodeJournalMismatch, failed.Code)
	require.Equal(t, uint32(protocol.TypeSleep), *failed.RelatedCommandType)
	require.EqualValues(t, 1, *failed.RelatedCommandIndex)
}

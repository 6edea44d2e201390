package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/validate"
)

func TestAnInvocationTellsWhatIsKnown(t *testing.T) {
	t.Parallel()
	type roles []string
	var mu sync.Mutex
	var seen map[string]any
	a := serve(t, spec{
		method: method(func(restate.Context, order) (string, error) { return "done", nil }),
		configure: func(cfg *pipeline.Config) {
			cfg.Target.Metadata = map[string]string{"team": "payments"}
			cfg.Target.ServiceMetadata = map[string]string{"team": "shop", "tier": "gold"}
			cfg.Target.Values = []any{roles{"admin"}}
			cfg.Target.ServiceValues = []any{roles{"user"}, 7}
			cfg.Handler.Guards = []pipeline.Guard{pipeline.GuardFunc(func(ctx context.Context, inv *pipeline.Invocation) (bool, error) {
				in, err := pipeline.InputOf[order](inv)
				_, wrong := pipeline.InputOf[string](inv)
				amount, hasAmount, _ := pipeline.Field[int](inv, "amount")
				_, hasOther, _ := pipeline.Field[int](inv, "other")
				_, _, unfit := pipeline.Field[int](inv, "item")
				handlerRoles, _ := pipeline.MetadataOf[roles](inv)
				number, _ := pipeline.MetadataOf[int](inv)
				_, hasText := pipeline.MetadataOf[string](inv)
				mu.Lock()
				defer mu.Unlock()
				seen = map[string]any{
					"type": inv.Type(), "target": inv.String(), "service": inv.Service(), "handler": inv.Handler(),
					"kind": inv.Kind(), "key": inv.Key(), "id": inv.ID(),
					"header": inv.Header("X-Tenant"), "headers": inv.Headers()["x-tenant"], "no header": inv.Header("x-none"),
					"attempt header": inv.AttemptHeader("content-type") != "", "body": string(inv.Body()), "input": in,
					"amount": amount, "has amount": hasAmount, "has other": hasOther, "replaying": inv.Replaying(),
					"team": inv.Metadata("team"), "tier": inv.Metadata("tier"), "none": inv.Metadata("none"),
					"roles": handlerRoles, "number": number, "has text": hasText,
				}
				if !errors.Is(wrong, pipeline.ErrInputType) || restate.IsTerminalError(wrong) {
					return false, fmt.Errorf("wrong type: %w", wrong)
				}
				if !restate.IsTerminalError(unfit) {
					return false, errors.New("a field of the wrong type has to be a terminal error")
				}
				return true, err
			})}
		},
	})
	out := a.call(order{Item: "book", Amount: 3}, "X-Tenant", "acme")
	require.Equal(t, http.StatusOK, out.status, out.body)
	require.Equal(t, map[string]any{
		"type": "restate", "target": a.service + "/Do", "service": a.service, "handler": "Do",
		"kind": handler.Service, "key": "", "id": out.id,
		"header": "acme", "headers": "acme", "no header": "",
		"attempt header": true, "body": `{"item":"book","amount":3}`, "input": order{"book", 3},
		"amount": 3, "has amount": true, "has other": false, "replaying": false,
		"team": "payments", "tier": "gold", "none": "",
		"roles": roles{"admin"}, "number": 7, "has text": false,
	}, seen)
}

func TestAnInvocationTellsItsIdempotencyKeyWhenTheServerDoes(t *testing.T) {
	t.Parallel()
	f, inv := newFake(), new(pipeline.Invocation)
	f.request.IdempotencyKey = "once"
	_, err := compile(t, nil, func(restate.Context, any) (any, error) { return []byte(inv.IdempotencyKey()), nil }).
		Run(restate.WithMockContext(f), inv)
	require.NoError(t, err)
	require.Equal(t, "once", inv.IdempotencyKey())
}

func TestAnInvocationCanBeMadeForATest(t *testing.T) {
	t.Parallel()
	inv := pipeline.NewInvocation(pipeline.Details{
		Target: handler.Target{Service: "shop", Handler: "Buy", Kind: handler.Object, Mode: handler.Exclusive, Metadata: map[string]string{"a": "b"}},
		Key:    "k", ID: "inv_1", IdempotencyKey: "once", Input: order{Amount: 3}, Body: []byte(`{"amount":3}`),
		Headers: map[string][]string{"X-Tenant": {"acme", "other"}, "X-Empty": nil}, Replaying: true,
		AttemptHeaders: map[string][]string{"Traceparent": {"00-1"}},
	})
	require.Equal(t, "restate", inv.Type())
	require.Equal(t, "shop/Buy", inv.String())
	require.Equal(t, []string{"k", "inv_1", "once"}, []string{inv.Key(), inv.ID(), inv.IdempotencyKey()})
	require.Equal(t, []string{"acme", "acme", "", "00-1"}, []string{
		inv.Header("x-tenant"), inv.Header("X-Tenant"), inv.Header("x-empty"), inv.AttemptHeader("traceparent"),
	})
	require.Equal(t, map[string]string{"X-Tenant": "acme"}, inv.Headers())
	require.Equal(t, "b", inv.Metadata("a"))
	require.True(t, inv.Replaying())
	in, err := pipeline.InputOf[order](inv)
	require.NoError(t, err)
	require.Equal(t, 3, in.Amount)
	amount, ok, err := pipeline.Field[int](inv, "amount")
	require.True(t, ok)
	require.NoError(t, err)
	require.Equal(t, 3, amount)
}

func TestHeadersAreFoundInAnyCase(t *testing.T) {
	t.Parallel()
	sent := map[string]string{"X-Tenant": "capital", "x-role": "lower", "X-Role": "exact", "X-Two": "a", "x-TWO": "b"}
	lists := map[string][]string{}
	for name, value := range sent {
		lists[name] = []string{value}
	}
	inv := pipeline.NewInvocation(pipeline.Details{Headers: lists, AttemptHeaders: lists})
	for name, want := range map[string]string{
		"x-tenant": "capital", "X-TENANT": "capital", "x-role": "lower", "X-Role": "exact", "X-ROLE": "lower", "x-two": "a", "x-none": "",
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, want, inv.Header(name), name)
			require.Equal(t, want, inv.AttemptHeader(name), name)
		})
	}

	// Names from another handler keep their case.
	a := serve(t, spec{method: method(func(ctx restate.Context, in order) (string, error) {
		if in.Item == "" {
			return restate.Service[string](ctx, invocation(ctx).Service(), "Do").Request(order{Item: "x"}, restate.WithHeaders(sent))
		}
		inv := invocation(ctx)
		return fmt.Sprint(inv.Header("x-tenant"), " ", inv.Header("X-TENANT"), " ", inv.Header("X-ROLE"), " ", inv.Header("x-two")), nil
	})})
	out := a.call(order{})
	require.Equal(t, `"capital capital lower a"`, out.body)
}

func TestAnEmptyBodyHasNoFields(t *testing.T) {
	t.Parallel()
	value, ok, err := pipeline.Field[int](pipeline.NewInvocation(pipeline.Details{}), "amount")
	require.NoError(t, err)
	require.False(t, ok)
	require.Zero(t, value)
	_, _, err = pipeline.Field[int](pipeline.NewInvocation(pipeline.Details{Body: []byte(" ")}), "amount")
	require.EqualValues(t, 400, restate.AsTerminalError(err).Code())
}

// What a guard reads is what the handler gets: no spelling of a name hides a value from it.
func TestAFieldIsFoundInEachSpellingThatTheHandlerReads(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		body string
		want int
		err  string // of the caller; empty: the handler gets what the guard reads
	}{
		"the name itself":                 {`{"amount":9}`, 9, ""},
		"another case":                    {`{"AMOUNT":9}`, 9, ""},
		"the same name twice":             {`{"amount":1,"amount":9}`, 9, ""},
		"a null that comes later":         {`{"amount":9,"amount":null}`, 9, ""},
		"another field":                   {`{"amounts":9}`, 0, ""},
		"two spellings, the name first":   {`{"amount":1,"AMOUNT":9}`, 0, `field "amount" is there in two spellings, "amount" and "AMOUNT"`},
		"two spellings, the name last":    {`{"Amount":9,"amount":1}`, 0, `field "amount" is there in two spellings, "Amount" and "amount"`},
		"an escaped name is the same one": {`{"\u0061mount":9}`, 9, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inv := pipeline.NewInvocation(pipeline.Details{Body: []byte(row.body)})
			got, found, err := pipeline.Field[int](inv, "amount")
			if row.err != "" {
				require.ErrorContains(t, err, row.err)
				require.EqualValues(t, 400, restate.AsTerminalError(err).Code())
				return
			}
			require.NoError(t, err)
			require.Equal(t, row.want, got)
			require.Equal(t, row.want != 0, found)
			var handlers order
			require.NoError(t, json.Unmarshal([]byte(row.body), &handlers))
			require.Equal(t, handlers.Amount, got)
		})
	}
}

func TestInputIsWhatThePipesMadeOfIt(t *testing.T) {
	t.Parallel()
	var before, after any
	double := pipeline.PipeOf(func(_ restate.Context, _ *pipeline.Invocation, in int) (int, error) { return 2 * in, nil })
	other := pipeline.PipeOf(func(_ restate.Context, _ *pipeline.Invocation, in string) (string, error) {
		return "", errors.New("not for this input")
	})
	decoded := 0
	out, err := runFake(t, newFake(), pipeline.Config{
		Handler: pipeline.Stages{
			Interceptors: []pipeline.Interceptor{pipeline.InterceptorFunc(
				func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
					before, _ = inv.Input()
					result, err := next(ctx, inv)
					after, _ = inv.Input()
					return result, err
				})},
			Pipes: []pipeline.Pipe{double, other, double},
		},
		Method: methodFuncs{
			decode: func(*pipeline.Invocation) (any, error) { decoded++; return 5, nil },
			call:   func(_ restate.Context, in any) (any, error) { return []byte(fmt.Sprint(in)), nil },
		},
	})
	require.NoError(t, err)
	require.Equal(t, "20", string(out))
	require.Equal(t, []any{5, 20, 1}, []any{before, after, decoded})
}

func TestAPipeThatFailsKeepsTheHandlerFromRunning(t *testing.T) {
	t.Parallel()
	_, err := runFake(t, newFake(), pipeline.Config{
		Handler: pipeline.Stages{Pipes: []pipeline.Pipe{pipeline.PipeFunc(
			func(restate.Context, *pipeline.Invocation, any) (any, error) {
				return nil, restate.ToTerminalError(errors.New("bad"), restate.WithErrorCode(400))
			})}},
		Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) { t.Error("must not run"); return nil, nil }),
	})
	require.EqualValues(t, 400, restate.AsTerminalError(err).Code())
}

func TestTheFieldsOfAnInvalidInputReachTheCaller(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		type checked struct {
			Amount int `json:"amount" validate:"gt=0"`
		}
		a := serve(t, spec{
			always:    always,
			method:    method(func(restate.Context, checked) (string, error) { return "done", nil }),
			configure: func(cfg *pipeline.Config) { cfg.Global.Pipes = []pipeline.Pipe{validate.New(nil)} },
		})
		require.Equal(t, http.StatusOK, a.call(checked{1}).status)
		out := a.call(checked{-1})
		require.Equal(t, http.StatusBadRequest, out.status)
		require.Equal(t, "invalid input: amount: gt=0", out.Message)
		require.Equal(t, map[string]string{"amount": "gt=0"}, out.Metadata)
		require.Equal(t, []pipeline.Outcome{pipeline.Terminal}, a.outcomes(out.id))
	})
}

func TestUndecodableInputIsATerminal400(t *testing.T) {
	t.Parallel()
	a := serve(t, spec{method: method(func(restate.Context, order) (string, error) { return "", errors.New("must not run") })})
	out := a.post("", []byte(`{"amount":"three"}`))
	require.Equal(t, http.StatusBadRequest, out.status)
	require.Contains(t, out.Message, "request could not be decoded into handler input type")
	require.Equal(t, []pipeline.Outcome{pipeline.Terminal}, a.outcomes(out.id))
}

func TestAResultThatCannotBeEncodedIsRetried(t *testing.T) {
	t.Parallel()
	_, err := runFake(t, newFake(), pipeline.Config{
		Method: pipeline.MethodFunc(func(restate.Context, any) (any, error) { return 1, nil }),
	})
	require.ErrorContains(t, err, "failed to serialize output: the result is a int")
	require.False(t, restate.IsTerminalError(err))
}

// The kinds of handlers, as a foreign definition that decodes for itself.
type (
	pipelineService  struct{}
	pipelineObject   struct{}
	pipelineWorkflow struct{}
)

func (pipelineService) Do(_ restate.Context, in order) (string, error) { return in.Item, nil }
func (pipelineService) Bare(restate.Context) error                     { return nil }

func (pipelineObject) Write(ctx restate.ObjectContext, in order) (string, error) {
	restate.Set(ctx, "item", in.Item)
	return restate.Key(ctx), nil
}

func (pipelineObject) Read(ctx restate.ObjectSharedContext) (string, error) {
	item, err := restate.Get[string](ctx, "item")
	return item, err
}

func (pipelineWorkflow) Run(ctx restate.WorkflowContext, in order) (string, error) {
	return restate.Key(ctx), nil
}

func (pipelineWorkflow) Status(ctx restate.WorkflowSharedContext) (string, error) {
	return restate.Key(ctx), nil
}

func TestEveryKindOfHandlerOfAForeignDefinitionHasAPipeline(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]string{}
	a := &app{t: t, log: newRecorder(), watch: newWatcher()}
	for _, def := range []restate.ServiceDefinition{
		restate.Reflect(pipelineService{}), restate.Reflect(pipelineObject{}), restate.Reflect(pipelineWorkflow{}),
	} {
		for name, h := range def.Handlers() {
			target := map[string]handler.Target{
				"Do": {Kind: handler.Service}, "Bare": {Kind: handler.Service},
				"Write": {Kind: handler.Object, Mode: handler.Exclusive}, "Read": {Kind: handler.Object, Mode: handler.Shared},
				"Run": {Kind: handler.Workflow, Mode: handler.Run}, "Status": {Kind: handler.Workflow, Mode: handler.Shared},
			}[name]
			target.Service, target.Handler = def.Name(), name
			chain, err := pipeline.Compile(pipeline.Config{
				Target: target,
				Method: pipeline.MethodFunc(func(ctx restate.Context, input any) (any, error) {
					return h.Call(ctx.(restate.MockableContext), input.([]byte))
				}),

				Global: pipeline.Stages{
					Observers: []pipeline.Observer{a.watch},
					Guards: []pipeline.Guard{pipeline.GuardFunc(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
						raw, err := pipeline.InputOf[[]byte](inv)
						mu.Lock()
						defer mu.Unlock()
						seen[inv.String()] = fmt.Sprintf("%s %q %s", inv.Target().Role(), inv.Key(), raw)
						return true, err
					})},
				},
			})
			require.NoError(t, err)
			def.Handlers()[name] = wrap(h, chain)
		}
		a.register(def)
	}
	key := fmt.Sprint("key", serviceCount.Add(1)) // no workflow runs twice
	for _, call := range [][]string{
		{"pipelineService/Do", `{"item":"book"}`, `"book"`, "pipelineService/Do", `service "" {"item":"book"}`},
		{"pipelineService/Bare", ``, ``, "pipelineService/Bare", `service "" `},
		{"pipelineObject/" + key + "/Write", `{"item":"book"}`, `"` + key + `"`, "pipelineObject/Write", `virtual object, exclusive "` + key + `" {"item":"book"}`},
		{"pipelineObject/" + key + "/Read", ``, `"book"`, "pipelineObject/Read", `virtual object, shared "` + key + `" `},
		{"pipelineWorkflow/" + key + "/Run", `{}`, `"` + key + `"`, "pipelineWorkflow/Run", `workflow run "` + key + `" {}`},
		{"pipelineWorkflow/" + key + "/Status", ``, `"` + key + `"`, "pipelineWorkflow/Status", `workflow, shared "` + key + `" `},
	} {
		t.Run(call[0], func(t *testing.T) {
			header := http.Header{}
			if call[1] != "" {
				header.Set("Content-Type", "application/json")
			}
			status, raw := do(t, http.MethodPost, testkit.Server().IngressURL()+"/"+call[0], []byte(call[1]), header)
			require.Equal(t, http.StatusOK, status, "%s", raw)
			require.Equal(t, call[2], string(raw))
			mu.Lock()
			defer mu.Unlock()
			require.Equal(t, call[4], seen[call[3]])
		})
	}
}

func FuzzField(f *testing.F) {
	f.Add([]byte(`{"a":1}`), "a")
	f.Add([]byte(`[1]`), "")
	f.Add([]byte(`{"a":`), "a")
	f.Add([]byte(`{"A":2}`), "a")
	f.Add([]byte(`{"a":1,"A":2}`), "a")
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		inv := pipeline.NewInvocation(pipeline.Details{Body: body})
		value, ok, err := pipeline.Field[int](inv, name)
		if err != nil {
			require.True(t, restate.IsTerminalError(err))
		}
		if !ok {
			require.Zero(t, value)
		}
		var handlers struct {
			A int `json:"a"`
		}
		if err == nil && name == "a" && len(body) > 0 && json.Unmarshal(body, &handlers) == nil {
			require.Equal(t, handlers.A, value, "the handler gets another value than the guard")
		}
	})
}

package durable_test

import (
	"encoding/json"
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

// Nothing answers zero bytes, as a handler in TypeScript does that returns
// undefined.
type Nothing struct{}

func (Nothing) Do(restate.Context) error { return nil }

// Asker asks a Nothing for results of all types, in all ways.
type Asker struct{ nothing string }

// Part is a result that is a struct.
type Part struct{ Name string }

// ways are the ways to a result, those of ours and those of the SDK.
func ways[O any](ctx restate.WorkflowContext, a *Asker) (map[string]string, error) {
	out := map[string]string{}
	note := func(way string, value O, err error) {
		text, _ := json.Marshal(value)
		if out[way] = string(text); err != nil {
			out[way] = err.Error()
		}
	}
	named := rpc.Named[restate.Void, O](a.nothing, "Do")
	value, err := named.Call(ctx, restate.Void{})
	note("Call", value, err)
	f, err := named.Start(ctx, restate.Void{})
	if err != nil {
		return nil, err
	}
	value, err = f.Await(ctx)
	note("Await", value, err)
	sent, err := named.Send(ctx, restate.Void{})
	if err != nil {
		return nil, err
	}
	value, err = sent.Attach(ctx)
	note("Attach", value, err)
	id, err := sent.ID(ctx)
	if err != nil {
		return nil, err
	}
	value, err = rpc.HandleOf[O](id).Attach(ctx)
	note("Attach by id", value, err)
	if out["Attach by id"] != "null" && out["Attach by id"] != "{}" {
		return out, nil // the SDK's functions would panic
	}
	value, err = terminated(restate.Service[O](ctx, a.nothing, "Do").Request(restate.Void{}))
	note("Request", value, err)
	value, err = terminated(restate.Service[O](ctx, a.nothing, "Do").RequestFuture(restate.Void{}).Response())
	note("RequestFuture", value, err)
	value, err = terminated(restate.AttachInvocation[O](ctx, id).Response())
	note("AttachInvocation", value, err)
	// What others complete comes in the same form.
	awakeable := restate.Awakeable[O](ctx)
	restate.ResolveAwakeable(ctx, awakeable.Id(), restate.Void{})
	value, err = terminated(awakeable.Result())
	note("an awakeable", value, err)
	if failure := restate.Promise[restate.Void](ctx, "p").Resolve(restate.Void{}); failure != nil {
		return nil, failure
	}
	value, err = terminated(restate.Promise[O](ctx, "p").Result())
	note("a promise", value, err)
	value, err = terminated(restate.Promise[O](ctx, "p").Peek())
	note("Peek", value, err)
	value, err = durable.NewPromiseKey[O]("p").Result(ctx)
	note("a promise key", value, err)
	restate.Set(ctx, "k", restate.Void{})
	value, err = terminated(restate.Get[O](ctx, "k"))
	note("state", value, err)
	value, err = durable.NewStateKey[O]("k").Get(ctx)
	note("a state key", value, err)
	return out, nil
}

// Run asks for results of the type that the id of the workflow begins with.
func (a *Asker) Run(ctx restate.WorkflowContext) (map[string]string, error) {
	name, _, _ := strings.Cut(restate.Key(ctx), "-")
	switch name {
	case "pointer":
		return ways[*Part](ctx, a)
	case "map":
		return ways[map[string]int](ctx, a)
	case "slice":
		return ways[[]Part](ctx, a)
	case "raw":
		return ways[json.RawMessage](ctx, a)
	case "any":
		return ways[any](ctx, a)
	case "void":
		return ways[restate.Void](ctx, a)
	case "struct":
		return ways[Part](ctx, a)
	case "int":
		return ways[int](ctx, a)
	case "string":
		return ways[string](ctx, a)
	default:
		return nil, restate.TerminalErrorf("no such type")
	}
}

// Fail has an SDK's function decode what does not decode.
func (a *Asker) Fail(ctx restate.WorkflowSharedContext) (int, error) {
	return terminated(restate.Service[int](ctx, a.nothing, "Do").Request(restate.Void{}))
}

// Return returns the error of a result that does not decode.
func (a *Asker) Return(ctx restate.WorkflowSharedContext) (Part, error) {
	return rpc.Named[restate.Void, Part](a.nothing, "Do").Call(ctx, restate.Void{})
}

func startAsker(t *testing.T) (a *testkit.App, asker, nothing string) {
	asker, nothing = testkit.Unique("asker"), testkit.Unique("nothing")
	a = testkit.Start(t,
		fxrestate.Service[Nothing](testkit.Made(Nothing{}), fxrestate.Name(nothing)),
		fxrestate.Workflow[*Asker](testkit.Made(&Asker{nothing}), fxrestate.Name(asker), testkit.RetrySoon()),
	)
	return a, asker, nothing
}

func TestZeroBytesAreNil(t *testing.T) {
	t.Parallel()
	a, asker, _ := startAsker(t)
	for name, want := range map[string]string{
		"pointer": "null", "map": "null", "slice": "null", "raw": "null", "any": "null", "void": "{}",
	} {
		t.Run(name, func(t *testing.T) {
			got := testkit.Decode[map[string]string](t, testkit.Post(t, testkit.Path(asker, testkit.Unique(name), "Run"), nil))
			require.Len(t, got, 13)
			for way, value := range got {
				require.Equal(t, want, value, way)
			}
		})
	}
	require.Empty(t, a.Lines(doesNotDecode))
}

// doesNotDecode is the line of a result that fits no type.
const doesNotDecode = "a value does not decode into its type; the invocation is retried, " +
	"and goes on when a version of the program is deployed whose types fit; cancel it if it cannot"

func TestZeroBytesThatAreNoValueAreAnError(t *testing.T) {
	t.Parallel()
	a, asker, nothing := startAsker(t)
	for name, of := range map[string]string{"struct": "durable_test.Part", "int": "int", "string": "string"} {
		t.Run(name, func(t *testing.T) {
			got := testkit.Decode[map[string]string](t, testkit.Post(t, testkit.Path(asker, testkit.Unique(name), "Run"), nil))
			require.Len(t, got, 4)
			for way, value := range got {
				require.Contains(t, value, "the result does not decode into "+of+": unexpected end of JSON input", way)
			}
			var lines []string
			for _, line := range a.Lines(doesNotDecode) {
				if line.ContextMap()["type"] == of {
					lines = append(lines, fmt.Sprint(line.Level, " ", line.ContextMap()["method"], " ", line.ContextMap()["from"], ": ", line.ContextMap()["err"]))
				}
			}
			require.Equal(t, []string{"error " + asker + "/Run " + nothing + "/Do: unexpected end of JSON input"}, lines, "said once")
		})
	}
}

func TestResultThatDoesNotDecodeIsRetriedAndSaidOnce(t *testing.T) {
	t.Parallel()
	a, asker, nothing := startAsker(t)
	for handler, of := range map[string]string{"Return": "durable_test.Part", "Fail": "int"} {
		t.Run(handler, func(t *testing.T) {
			id := testkit.Submit(t, testkit.Path(asker, testkit.Unique("k"), handler), nil)
			testkit.Eventually(t, func() error {
				n := 0
				for _, line := range a.Logs.All() {
					if line.Message == "Handling invocation" && line.ContextMap()["invocationID"] == id {
						n++
					}
				}
				if n < 5 {
					return fmt.Errorf("%d attempts", n)
				}
				return nil
			})
			now := testkit.Look(t, id)
			require.NotEqual(t, "completed", now.Status)
			require.Contains(t, now.LastError, "unexpected end of JSON input")
			var lines []any
			for _, line := range a.Lines(doesNotDecode) {
				if line.ContextMap()["method"] == asker+"/"+handler {
					lines = append(lines, line.ContextMap()["type"], line.ContextMap()["from"], line.Level.String())
				}
			}
			require.Equal(t, []any{of, nothing + "/Do", "error"}, lines)
			require.NoError(t, testkit.Admin().KillInvocation(t.Context(), id))
		})
	}
}

package calls_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/fxrestate/go/internal/testkit"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/rpc"
)

// DriftServed is served; DriftContract is what its callers think of it.
type DriftServed struct{}

func (DriftServed) Name(_ restate.Context, in string) (string, error) { return "name " + in, nil }

type DriftContract struct{}

func (DriftContract) Name(restate.Context, any) (int, error) { panic("remote") }

// DriftCaller calls by the contract.
type DriftCaller struct {
	names rpc.Service[DriftContract]
	tills rpc.Object[*CallsTill]
}

// tell says whether an error is terminal, and what it is.
func tell(err error) string { return fmt.Sprint(restate.IsTerminalError(err), " ", err) }

// Inputs have no form in JSON.
func (d *DriftCaller) Inputs(ctx restate.Context) (out []string, _ error) {
	in := func() {}
	_, err := rpc.Call(ctx, d.names, DriftContract.Name, any(in))
	out = append(out, tell(err))
	_, err = rpc.Start(ctx, d.names, DriftContract.Name, any(in))
	out = append(out, tell(err))
	_, err = rpc.Send(ctx, d.names, DriftContract.Name, any(in))
	return append(out, tell(err)), nil
}

// Results are no numbers.
func (d *DriftCaller) Results(ctx restate.Context) (out []string, _ error) {
	_, err := rpc.Call(ctx, d.names, DriftContract.Name, any("a"))
	out = append(out, tell(err))
	f, err := rpc.Start(ctx, d.names, DriftContract.Name, any("b"))
	if err != nil {
		return nil, err
	}
	_, err = f.Await(ctx)
	out = append(out, tell(err))
	sent, err := rpc.Send(ctx, d.names, DriftContract.Name, any("c"))
	if err != nil {
		return nil, err
	}
	_, err = sent.Attach(ctx)
	return append(out, tell(err)), nil
}

func (d *DriftCaller) Return(ctx restate.Context, _ string) (int, error) {
	return rpc.Call(ctx, d.names, DriftContract.Name, any("a"))
}

func (d *DriftCaller) Respond(ctx restate.Context, _ string) (int, error) {
	f, err := rpc.Start(ctx, d.names, DriftContract.Name, any("a"))
	if err != nil {
		return 0, err
	}
	return f.Await(ctx)
}

func (d *DriftCaller) ByID(ctx restate.Context, id string) (int, error) {
	return rpc.HandleOf[int](id).Attach(ctx)
}

// Keys cannot be sent.
func (d *DriftCaller) Keys(ctx restate.Context) (out []string, _ error) {
	bad := d.tills.Key("a\xff")
	_, err := rpc.Call(ctx, bad, (*CallsTill).Put, 1)
	out = append(out, tell(err))
	_, err = rpc.Start(ctx, bad, (*CallsTill).Put, 1)
	out = append(out, tell(err))
	_, err = rpc.Send(ctx, bad, (*CallsTill).Put, 1)
	out = append(out, tell(err))
	good := d.tills.Key("a")
	_, err = rpc.Call(ctx, good, (*CallsTill).Put, 1, restate.WithIdempotencyKey("\xff"))
	out = append(out, tell(err))
	_, err = rpc.Send(ctx, good, (*CallsTill).Put, 1, restate.WithHeaders(map[string]string{"x-a": "\xff"}))
	return append(out, tell(err)), nil
}

// IDs are no invocations.
func (d *DriftCaller) IDs(ctx restate.Context) (out []string, _ error) {
	for _, inv := range []rpc.Handle[int]{
		{},
		rpc.HandleOf[int](""),
		rpc.HandleOf[int]("inv_\xff"), rpc.HandleOf[int]("inv_1short"),
	} {
		_, err := inv.Attach(ctx)
		out = append(out, tell(err), tell(inv.Cancel(ctx)))
	}
	return out, nil
}

func startDrift(t *testing.T) (caller, served string) {
	caller, served = testkit.Unique("drift-caller"), testkit.Unique("drift")
	testkit.Start(t,
		fxrestate.Service[DriftServed](testkit.Made(DriftServed{}), fxrestate.Name(served)),
		fxrestate.Object[*CallsTill](testkit.Made(&CallsTill{}), fxrestate.Name(caller+"-till")),
		fxrestate.RemoteService[DriftContract](fxrestate.Name(served)),
		fxrestate.Service[*DriftCaller](func(names rpc.Service[DriftContract], tills rpc.Object[*CallsTill]) *DriftCaller {
			return &DriftCaller{names, tills}
		}, fxrestate.Name(caller), fxrestate.Filters(func(_ context.Context, _ *pipeline.Invocation, err error) error {
			return restate.ToTerminalError(fmt.Errorf("filtered: %w", err), restate.WithErrorCode(http.StatusTeapot))
		})))
	return caller, served
}

func TestMistakesInValuesAreErrorsThatNameTheHandler(t *testing.T) {
	t.Parallel()
	caller, served := startDrift(t)
	input := "false rpc: " + served + "/Name: encode the input: json: unsupported type: func()"
	require.Equal(t, []string{input, input, input}, testkit.Decode[[]string](t, testkit.Post(t, testkit.Path(caller, "Inputs"), nil)))
	result := "rpc: " + served + "/Name: the result does not decode into int: json: cannot unmarshal string into Go value of type int"
	require.Equal(t, []string{"false " + result, "false " + result, "false " + result}, testkit.Decode[[]string](t, testkit.Post(t, testkit.Path(caller, "Results"), nil)))

	sent := testkit.Submit(t, testkit.Path(served, "Name"), "d")
	for handler, want := range map[string]string{
		"Return":  result,
		"Respond": result,
		"ByID":    "rpc: invocation " + sent + ": the result does not decode into int: json: cannot unmarshal string into Go value of type int",
	} {
		t.Run(handler, func(t *testing.T) {
			got := testkit.Failed(t, testkit.Post(t, testkit.Path(caller, handler), sent))
			require.Equal(t, http.StatusTeapot, got.Code, handler)
			require.Equal(t, "filtered: "+want, got.Message, "a filter sees it")
		})
	}
}

func TestTextsThatCannotBeSentAreBadRequests(t *testing.T) {
	t.Parallel()
	caller, _ := startDrift(t)
	to := "true rpc: call of " + caller + "-till/Put"
	key := to + " with a key that is not valid UTF-8"
	require.Equal(t, []string{
		key, key, key, to + ": the idempotency key is not valid UTF-8", to + ": the header x-a is not valid UTF-8",
	}, testkit.Decode[[]string](t, testkit.Post(t, testkit.Path(caller, "Keys"), nil)))
}

func TestWhatIsNoInvocationIsRefused(t *testing.T) {
	t.Parallel()
	caller, _ := startDrift(t)
	want := func(text string) []string { return []string{text, text} }
	require.Equal(t, slices.Concat(
		want("false rpc: a zero Handle has no invocation; get one from Send or HandleOf"),
		want("true rpc: the invocation's id is empty"),
		want(`true rpc: "inv_\xff" is not the id of an invocation`),
		want(`true rpc: "inv_1short" is not the id of an invocation`),
	), testkit.Decode[[]string](t, testkit.Post(t, testkit.Path(caller, "IDs"), nil)))
}

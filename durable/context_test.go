package durable_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/testkit"
)

type (
	outerKey struct{}
	innerKey struct{}
)

// seen is what a context shows to code that has nothing else.
type seen struct {
	Outer, Inner any
	Limited      bool // has a deadline
	Ended        bool
}

func look(ctx context.Context) seen {
	_, limited := ctx.Deadline()
	return seen{ctx.Value(outerKey{}), ctx.Value(innerKey{}), limited, ctx.Err() != nil}
}

// lookInSteps looks from the closures of Run and of RunAsync.
func lookInSteps(ctx restate.Context) ([]seen, error) {
	in := func(rc restate.RunContext) (seen, error) { return look(rc), nil }
	run, err := restate.Run(ctx, in)
	if err != nil {
		return nil, err
	}
	async, err := restate.RunAsync(ctx, in).Result()
	if err != nil {
		return nil, err
	}
	return []seen{run, async}, nil
}

// Contexts tries contexts of all sorts.
type Contexts struct{ attempts atomic.Int32 }

// Seen looks at contexts made in each way, directly and in steps.
func (*Contexts) Seen(ctx restate.Context) (map[string][]seen, error) {
	limited, cancelLimited := context.WithTimeout(context.WithValue(ctx, innerKey{}, "child"), time.Hour)
	defer cancelLimited()
	ended, cancel := context.WithCancel(ctx)
	cancel()
	foreign, cancelForeign := context.WithTimeout(context.WithValue(context.Background(), innerKey{}, "lent"), time.Hour)
	cancelForeign()
	wrapped := restate.WrapContext(restate.WithValue(ctx, outerKey{}, "outer"), foreign)

	out := map[string][]seen{}
	for _, of := range []struct { // in an order, for replay
		name string
		ctx  context.Context
	}{
		{"the handler's", ctx},
		{"a value", restate.WithValue(ctx, outerKey{}, "outer")},
		{"values over values", restate.WithValue(restate.WithValue(ctx, outerKey{}, "outer"), innerKey{}, "inner")},
		{"a child", limited},
		{"a child that ended", ended},
		{"a stranger", wrapped},
		{"a child of a child", context.WithValue(context.Context(wrapped), outerKey{}, "nearer")},
	} {
		found, err := durable.FromContext(of.ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", of.name, err)
		}
		inSteps, err := lookInSteps(found)
		if err != nil {
			return nil, err
		}
		out[of.name] = append([]seen{look(of.ctx), look(found)}, inSteps...)
	}
	return out, nil
}

func TestContextsShowWhatTheyDescendFromInHandlersAndInSteps(t *testing.T) {
	t.Parallel()
	inEachMode(t, func(t *testing.T, opts ...restate.ServiceDefinitionOption) {
		_, url := startContexts(t, opts...)
		got := testkit.Call[map[string][]seen](t, url+"/Seen")
		for name, want := range map[string]seen{
			"the handler's":      {},
			"a value":            {Outer: "outer"},
			"values over values": {Outer: "outer", Inner: "inner"},
			"a child":            {Inner: "child", Limited: true},
			"a child that ended": {Ended: true},
			"a stranger":         {Outer: "outer", Inner: "lent"},
			"a child of a child": {Outer: "nearer", Inner: "lent"},
		} {
			t.Run(name, func(t *testing.T) {
				require.Equal(t, []seen{want, want, want, want}, got[name], "%s: directly, found, in Run, in RunAsync", name)
			})
		}
	})
}

// Errors asks for the context where there is none to have.
func (*Contexts) Errors(ctx restate.Context) (map[string]string, error) {
	out := map[string]string{}
	ask := func(name string, c context.Context) {
		_, err := durable.FromContext(c)
		switch {
		case errors.Is(err, durable.ErrInsideRun):
			out[name] = "inside Run"
		case errors.Is(err, durable.ErrNoInvocation):
			out[name] = "no invocation"
		default:
			out[name] = fmt.Sprint(err)
		}
	}
	ask("before", ctx)
	ask("outside", context.Background())
	inside, err := restate.Run(ctx, func(rc restate.RunContext) (map[string]string, error) {
		ask("the closure's", rc)
		ask("a child of the closure's", context.WithValue(rc, outerKey{}, 1))
		ask("the handler's, captured", ctx)
		ask("a child of the handler's, captured", context.WithValue(ctx, outerKey{}, 1))
		return out, nil
	})
	if err != nil {
		return nil, err
	}
	out = inside
	async, err := restate.RunAsync(ctx, func(rc restate.RunContext) (map[string]string, error) {
		ask("the closure's of RunAsync", rc)
		return out, nil
	}).Result()
	if err != nil {
		return nil, err
	}
	out = async
	ask("after", ctx)
	return out, nil
}

func TestInsideRunAndOutsideOfHandlersThereIsNoContext(t *testing.T) {
	t.Parallel()
	inEachMode(t, func(t *testing.T, opts ...restate.ServiceDefinitionOption) {
		_, url := startContexts(t, opts...)
		require.Equal(t, map[string]string{
			"before": "<nil>", "after": "<nil>", "outside": "no invocation",
			"the closure's": "inside Run", "a child of the closure's": "inside Run", "the closure's of RunAsync": "inside Run",
			"the handler's, captured": "inside Run", "a child of the handler's, captured": "inside Run",
		}, testkit.Call[map[string]string](t, url+"/Errors"))
	})
}

// Wait waits for futures that were made with contexts of all sorts.
func (*Contexts) Wait(ctx restate.Context) ([]string, error) {
	child := context.WithValue(ctx, outerKey{}, "outer")
	found, err := durable.FromContext(child)
	if err != nil {
		return nil, err
	}
	wrapped := restate.WithValue(found, innerKey{}, "inner")
	never := restate.Awakeable[string](found)
	run := restate.RunAsync(wrapped, func(rc restate.RunContext) (string, error) {
		return fmt.Sprint(rc.Value(outerKey{}), " ", rc.Value(innerKey{})), nil
	})
	first, err := restate.WaitFirst(wrapped, never, run)
	if err != nil {
		return nil, err
	}
	if first != run {
		return nil, restate.TerminalErrorf("%T came first", first)
	}
	out, err := run.Result()
	if err != nil {
		return nil, err
	}
	order := []string{out}
	after := restate.After(found, 10*time.Millisecond)
	for fut, err := range restate.Wait(ctx, after, run) {
		if err != nil {
			return nil, err
		}
		order = append(order, fmt.Sprint(fut == after, fut == run))
	}
	return order, nil
}

func TestFuturesOfDerivedContextsAreWaitedFor(t *testing.T) {
	t.Parallel()
	inEachMode(t, func(t *testing.T, opts ...restate.ServiceDefinitionOption) {
		_, url := startContexts(t, opts...)
		require.Equal(t, []string{"outer inner", "false true", "true false"}, testkit.Call[[]string](t, url+"/Wait"))
	})
}

// Replays tells where it replayed, of each attempt, until the last attempt is
// through.
func (c *Contexts) Replays(ctx restate.Context) (string, error) {
	attempt := c.attempts.Add(1)
	var told strings.Builder
	ask := func() error {
		s, err := scope.Find(context.WithValue(ctx, outerKey{}, 1))
		if err != nil {
			return err
		}
		told.WriteByte("lr"[map[bool]int{true: 1}[s.Replaying()]]) // live or replaying
		return nil
	}
	for i := range 3 {
		if err := ask(); err != nil {
			return "", err
		}
		if _, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return i, nil }); err != nil {
			return "", err
		}
		if attempt == 1 && i == 1 {
			return "", errors.New("failed after two steps")
		}
	}
	err := ask()
	return told.String(), err
}

func TestReplayingTellsAReplayFromTheRest(t *testing.T) {
	t.Parallel()
	c, url := startContexts(t, testkit.RetryAtOnce(5))
	// The second attempt replays until it has what the first one journaled.
	require.Equal(t, "rrll", testkit.Call[string](t, url+"/Replays"))
	require.EqualValues(t, 2, c.attempts.Load())
}

// Box is an object whose shared handler finds a way to write.
type Box struct{}

func (Box) Cheat(ctx restate.ObjectSharedContext) error {
	writable, ok := ctx.(restate.ObjectContext)
	if !ok {
		return restate.TerminalErrorf("the SDK's contexts are no longer of all kinds; drop the guard")
	}
	restate.Set(writable, "k", 1)
	return nil
}

func (Box) Put(ctx restate.ObjectContext) error {
	c, err := durable.ObjectFromContext(context.WithValue(ctx, outerKey{}, 1))
	if err != nil {
		return err
	}
	restate.Set(c, "k", 2)
	return nil
}

func (Box) Get(ctx restate.ObjectSharedContext) (int, error) {
	if _, err := durable.ObjectFromContext(ctx); !errors.Is(err, durable.ErrWrongContext) {
		return 0, restate.TerminalErrorf("a writable context in a shared handler: %v", err)
	}
	c, err := durable.ObjectSharedFromContext(ctx)
	if err != nil {
		return 0, err
	}
	return restate.Get[int](c, "k")
}

func TestAWriteOfASharedHandlerFailsItsAttempt(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("box")
	testkit.RunApp(t, fxrestate.Object[Box](func() Box { return Box{} }, fxrestate.Name(name), testkit.RetryAtOnce(2)))
	url := "/" + name + "/k"
	got := testkit.Post(t, url+"/Cheat", nil)
	require.GreaterOrEqual(t, got.Status, http.StatusInternalServerError)
	require.Contains(t, string(got.Body), "durable: Set in "+name+"/Cheat: a shared handler cannot write state; let an exclusive handler do it")

	got = testkit.Post(t, url+"/Put", nil)
	require.Equal(t, http.StatusOK, got.Status, string(got.Body))
	require.Equal(t, 2, testkit.Call[int](t, url+"/Get"))
}

// inEachMode runs a test as it is, and with a server that suspends the attempt
// wherever it waits, so that everything is replayed.
func inEachMode(t *testing.T, test func(*testing.T, ...restate.ServiceDefinitionOption)) {
	t.Run("at one go", func(t *testing.T) {
		t.Parallel()
		test(t)
	})
	t.Run("with a replay at each step", func(t *testing.T) {
		t.Parallel()
		test(t, restate.WithInactivityTimeout(0))
	})
}

func startContexts(t *testing.T, opts ...restate.ServiceDefinitionOption) (c *Contexts, path string) {
	t.Helper()
	c, name := &Contexts{}, testkit.Unique("contexts")
	testkit.RunApp(t, fxrestate.Service[*Contexts](func() *Contexts { return c }, append(opts, fxrestate.Name(name))...))
	return c, "/" + name
}

func TestAPerInvocationWithoutAConstructorIsAnError(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		of   durable.PerInvocation[int]
		want string
	}{
		"not injected":    {durable.PerInvocation[int]{}, "durable: durable.PerInvocation[int] was not injected; add fxrestate.PerInvocation[int] to the application"},
		"made of nothing": {durable.NewPerInvocation[int](nil), "durable: durable.PerInvocation[int] has no constructor; pass one to durable.NewPerInvocation"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.of.Get(t.Context())
			require.EqualError(t, err, tt.want)
		})
	}
}

package ingress_test

import (
	"math"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

func TestSendReachesEveryShapeOfMethod(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	greeter := ingress.NewService[*Greeter](client)

	greet, err := ingress.Send(ctx, greeter, (*Greeter).Greet, "Ada")
	require.NoError(t, err)
	require.Equal(t, ingress.Accepted, greet.Status())
	require.Regexp(t, "^inv_", idOf(t, greet))
	text, err := greet.Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, "hello Ada", text)

	notify, err := ingress.SendVoid(ctx, greeter, (*Greeter).Notify, testkit.NameOf(t))
	require.NoError(t, err)
	_, err = notify.Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, executions.of("Notify "+testkit.NameOf(t)))

	ping, err := ingress.Send0(ctx, greeter, (*Greeter).Ping)
	require.NoError(t, err)
	text, err = ping.Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, "pong", text)

	touch, err := ingress.Send0Void(ctx, greeter, (*Greeter).Touch)
	require.NoError(t, err)
	_, err = touch.Attach(ctx)
	require.NoError(t, err)
}

func TestAHandleTellsWhetherThereIsAResult(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	name := testkit.NameOf(t)
	sent, err := ingress.Send(ctx, ingress.NewService[*Greeter](client), (*Greeter).Wait, name)
	require.NoError(t, err)

	_, ready, err := sent.Output(ctx)
	require.NoError(t, err)
	require.False(t, ready)

	open(t, client, name)
	text, err := sent.Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, "opened "+name, text)

	text, ready, err = sent.Output(ctx)
	require.NoError(t, err)
	require.True(t, ready)
	require.Equal(t, "opened "+name, text)

	// In another place, at another time.
	text, err = ingress.HandleOf[string](client, idOf(t, sent)).Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, "opened "+name, text)
}

func TestSendWithTheSameKeyIsAcceptedOnce(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	greeter, name := ingress.NewService[*Greeter](client), testkit.NameOf(t)
	first, err := ingress.Send(ctx, greeter, (*Greeter).Greet, name, restate.WithIdempotencyKey(name))
	require.NoError(t, err)
	require.Equal(t, ingress.Accepted, first.Status())
	second, err := ingress.Send(ctx, greeter, (*Greeter).Greet, name, restate.WithIdempotencyKey(name))
	require.NoError(t, err)
	require.Equal(t, ingress.PreviouslyAccepted, second.Status())
	require.Equal(t, idOf(t, first), idOf(t, second))
	_, err = second.Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, executions.of("Greet "+name))
}

func TestADelayedSendRunsLater(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	greeter := ingress.NewService[*Greeter](client)
	sent, err := ingress.Send(ctx, greeter, (*Greeter).Greet, testkit.NameOf(t), restate.WithDelay(time.Hour))
	require.NoError(t, err)
	_, ready, err := sent.Output(ctx)
	require.NoError(t, err)
	require.False(t, ready)

	const delay = 700 * time.Millisecond
	start := time.Now()
	sent, err = ingress.Send(ctx, greeter, (*Greeter).Greet, testkit.NameOf(t), restate.WithDelay(delay))
	require.NoError(t, err)
	_, err = sent.Attach(ctx)
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(start), delay)
}

func TestADelayIsRoundedUpToMilliseconds(t *testing.T) {
	t.Parallel()
	recorder := newRecorder(t, testkit.Server().IngressURL())
	client := newClient(t, ingress.Config{URL: recorder.url})
	for delay, want := range map[time.Duration]string{
		0: "", time.Nanosecond: "1ms", time.Millisecond: "1ms", 1500*time.Microsecond + 1: "2ms",
		math.MaxInt64: "9223372036855ms",
	} {
		t.Run(delay.String(), func(t *testing.T) {
			_, err := ingress.Send0(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Ping, restate.WithDelay(delay))
			require.NoError(t, err)
			seen := recorder.all()
			require.Equal(t, want, seen[len(seen)-1].URL.Query().Get("delay"))
		})
	}
}

// One rule for sends everywhere: what is late already goes at once.
func TestANegativeDelayIsNone(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	for name, delay := range map[string]time.Duration{
		"a nanosecond ago":              -1,
		"an hour ago":                   -time.Hour,
		"as long ago as a duration can": math.MinInt64,
		"since the zero time":           time.Until(time.Time{}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent, err := ingress.Send0(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Ping, restate.WithDelay(delay))
			require.NoError(t, err)
			text, err := sent.Attach(testkit.Context(t))
			require.NoError(t, err)
			require.Equal(t, "pong", text)
		})
	}
}

func TestAWorkflowIsSubmittedOnceAndFoundByItsID(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	signup := ingress.NewWorkflow[*Signup](client).ID(testkit.NameOf(t) + "/?#%41 ü")

	_, _, err := ingress.Lookup(signup, (*Signup).Run).Output(ctx)
	require.ErrorIs(t, err, ingress.ErrNotFound)

	submitted, err := ingress.Send(ctx, signup, (*Signup).Run, "ada@example.com")
	require.NoError(t, err)
	require.Equal(t, ingress.Accepted, submitted.Status())
	again, err := ingress.Send(ctx, signup, (*Signup).Run, "eve@example.com")
	require.NoError(t, err)
	require.Equal(t, ingress.PreviouslyAccepted, again.Status())
	require.Equal(t, idOf(t, submitted), idOf(t, again))

	_, err = ingress.Call(ctx, signup, (*Signup).Run, "eve@example.com")
	require.Equal(t, restate.Code(http.StatusConflict), requireError(t, err).Code)

	found := ingress.Lookup(signup, (*Signup).Run)
	require.Equal(t, idOf(t, submitted), idOf(t, found))
	require.Empty(t, found.Status())
	_, ready, err := found.Output(ctx)
	require.NoError(t, err)
	require.False(t, ready)

	require.NoError(t, ingress.CallVoid(ctx, signup, (*Signup).Confirm, "1234"))
	text, err := found.Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, "ada@example.com confirmed with 1234", text)
}

func TestInvocationsAreFoundByTheirIdempotencyKey(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	// Keys that the server would not find by a path, where it does not decode them.
	for _, key := range []string{"plain", "a/b", "a b", "?#%41", "..", `"quoted"`, "<&>"} {
		key := testkit.NameOf(t) + key
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			ctx, greeter := testkit.Context(t), ingress.NewService[*Greeter](client)
			withKey := restate.WithIdempotencyKey(key)
			_, err := ingress.Lookup(greeter, (*Greeter).Greet, withKey).Attach(ctx)
			require.ErrorIs(t, err, ingress.ErrNotFound)
			_, _, err = ingress.Lookup(greeter, (*Greeter).Greet, withKey).Output(ctx)
			require.ErrorIs(t, err, ingress.ErrNotFound)

			_, err = ingress.Call(ctx, greeter, (*Greeter).Greet, "Ada", withKey)
			require.NoError(t, err)
			text, err := ingress.Lookup(greeter, (*Greeter).Greet, withKey).Attach(ctx)
			require.NoError(t, err)
			require.Equal(t, "hello Ada", text)

			cart := ingress.NewObject[*Cart](client).Key(key)
			_, err = ingress.Call0(ctx, cart, (*Cart).Key, withKey)
			require.NoError(t, err)
			text, ready, err := ingress.Lookup0(cart, (*Cart).Key, withKey).Output(ctx)
			require.NoError(t, err)
			require.True(t, ready)
			require.Equal(t, key, text)
			_, _, err = ingress.Lookup0(ingress.NewObject[*Cart](client).Key(key+"x"), (*Cart).Key, withKey).Output(ctx)
			require.ErrorIs(t, err, ingress.ErrNotFound, "another object")
		})
	}

	t.Run("of methods without a result", func(t *testing.T) {
		t.Parallel()
		ctx := testkit.Context(t)
		greeter, withKey := ingress.NewService[*Greeter](client), restate.WithIdempotencyKey(testkit.NameOf(t))
		require.NoError(t, ingress.CallVoid(ctx, greeter, (*Greeter).Notify, "x", withKey))
		_, err := ingress.LookupVoid(greeter, (*Greeter).Notify, withKey).Attach(ctx)
		require.NoError(t, err)
		require.NoError(t, ingress.Call0Void(ctx, greeter, (*Greeter).Touch, withKey))
		_, err = ingress.Lookup0Void(greeter, (*Greeter).Touch, withKey).Attach(ctx)
		require.NoError(t, err)
	})
}

func TestMistakesOfALookupAreErrorsOfTheHandle(t *testing.T) {
	t.Parallel()
	recorder := newRecorder(t, testkit.Server().IngressURL())
	client, ctx := newClient(t, ingress.Config{URL: recorder.url}), testkit.Context(t)
	greeter, signup := ingress.NewService[*Greeter](client), ingress.NewWorkflow[*Signup](client).ID("x")
	for name, test := range map[string]struct {
		handle ingress.Handle[string]
		want   string
	}{
		"no idempotency key": {
			ingress.Lookup(greeter, (*Greeter).Greet),
			"ingress: Greeter/Greet: without an idempotency key only a workflow can be looked up",
		},
		"no idempotency key for another handler of a workflow": {
			ingress.Lookup0(signup, (*Signup).ID),
			"ingress: Signup/ID: without an idempotency key only a workflow can be looked up",
		},
		"an idempotency key for a workflow": {
			ingress.Lookup(signup, (*Signup).Run, restate.WithIdempotencyKey("x")),
			"ingress: Signup/Run: the main handler of a workflow has no idempotency key",
		},
		"headers":       {ingress.Lookup(greeter, (*Greeter).Greet, restate.WithIdempotencyKey("x"), restate.WithHeaders(map[string]string{"X-A": "b"})), "ingress: Greeter/Greet: a lookup makes no call"},
		"a limit key":   {ingress.Lookup(greeter, (*Greeter).Greet, restate.WithIdempotencyKey("x"), restate.WithLimitKey("x")), "ingress: Greeter/Greet: a lookup makes no call"},
		"a response":    {ingress.Lookup(greeter, (*Greeter).Greet, restate.WithIdempotencyKey("x"), ingress.WithResponse(new(ingress.Response))), "ingress: Greeter/Greet: a lookup makes no call"},
		"an empty id":   {ingress.HandleOf[string](client, ""), "ingress: the invocation's id is empty"},
		"a zero handle": {ingress.Handle[string]{}, "ingress: the handle has no client"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := test.handle.Attach(ctx)
			require.ErrorContains(t, err, test.want)
			_, ready, err := test.handle.Output(ctx)
			require.ErrorContains(t, err, test.want)
			require.False(t, ready)
			_, err = test.handle.ID(ctx)
			require.ErrorContains(t, err, test.want)
		})
	}
	require.Empty(t, recorder.all(), "requests made")
}

func TestTheIDOfALookedUpInvocationIsThatOfTheServer(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	greeter, key := ingress.NewService[*Greeter](client), restate.WithIdempotencyKey(testkit.NameOf(t)+" a/b?")
	cart, signup := ingress.NewObject[*Cart](client).Key(testkit.NameOf(t)+"/ü"), ingress.NewWorkflow[*Signup](client).ID(testkit.NameOf(t)+"/ü")
	greeted, err := ingress.Send(ctx, greeter, (*Greeter).Greet, "Ada", key)
	require.NoError(t, err)
	keyed, err := ingress.Send0(ctx, cart, (*Cart).Key, key)
	require.NoError(t, err)
	submitted, err := ingress.Send(ctx, signup, (*Signup).Run, "x")
	require.NoError(t, err)

	for want, found := range map[string]ingress.Handle[string]{
		idOf(t, greeted):   ingress.Lookup(greeter, (*Greeter).Greet, key),
		idOf(t, keyed):     ingress.Lookup0(cart, (*Cart).Key, key),
		idOf(t, submitted): ingress.Lookup(signup, (*Signup).Run),
	} {
		t.Run(want, func(t *testing.T) {
			require.Equal(t, want, idOf(t, found))
		})
	}

	elsewhere := newClient(t, ingress.Config{URL: testkit.Server().AdminURL()})
	_, err = ingress.Lookup(ingress.NewWorkflow[*Signup](elsewhere).ID("x"), (*Signup).Run).ID(ctx)
	require.Error(t, err)
}

func TestAnInvocationByIDDecodesAsToldTo(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	sent, err := ingress.Send(ctx, ingress.NewService[*Greeter](client), (*Greeter).Greet, "Ada")
	require.NoError(t, err)
	raw, err := ingress.HandleOf[[]byte](client, idOf(t, sent), restate.WithBinary).Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, `"hello Ada"`, string(raw))

	_, err = ingress.HandleOf[string](client, "inv_nonsense").Attach(ctx)
	require.Equal(t, http.StatusBadRequest, requireError(t, err).Status)
	_, err = ingress.HandleOf[int](client, idOf(t, sent)).Attach(ctx)
	require.ErrorContains(t, err, "ingress: attach "+idOf(t, sent)+": the result of "+idOf(t, sent)+" does not decode into int")
}

func TestNamedCallsWhatHasNoType(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})

	greet := ingress.Named[string, string](client, "Greeter", "Greet")
	text, err := greet.Call(ctx, "Ada")
	require.NoError(t, err)
	require.Equal(t, "hello Ada", text)
	sent, err := greet.Send(ctx, "Ada", restate.WithIdempotencyKey(testkit.NameOf(t)))
	require.NoError(t, err)
	text, err = sent.Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, "hello Ada", text)
	text, err = greet.Lookup(restate.WithIdempotencyKey(testkit.NameOf(t))).Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, "hello Ada", text)

	_, err = ingress.Named[restate.Void, restate.Void](client, "Greeter", "Touch").Call(ctx, restate.Void{})
	require.NoError(t, err)

	key, err := ingress.Named[restate.Void, string](client, "Cart", "Key").Key("a/b").Call(ctx, restate.Void{})
	require.NoError(t, err)
	require.Equal(t, "a/b", key)

	raw, err := ingress.Named[string, []byte](client, "Greeter", "Greet").With(restate.WithOutputCodec(restateBinary)).Call(ctx, "Ada")
	require.NoError(t, err)
	require.Equal(t, `"hello Ada"`, string(raw))

	run := ingress.Named[string, string](client, "Signup", "Run").Key(testkit.NameOf(t))
	_, err = run.Send(ctx, "ada@example.com")
	require.NoError(t, err)
	_, ready, err := run.Lookup().Output(ctx)
	require.NoError(t, err)
	require.False(t, ready)
	_, err = ingress.Named[string, restate.Void](client, "Signup", "Confirm").Key(testkit.NameOf(t)).Call(ctx, "9")
	require.NoError(t, err)
	text, err = run.Lookup().Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, "ada@example.com confirmed with 9", text)
}

func TestNamedReportsMistakes(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	type named = ingress.NamedHandler[string, string]
	for name, test := range map[string]struct {
		to   named
		want string
	}{
		"no client":  {named{}, "ingress: the target has no client"},
		"no service": {ingress.Named[string, string](client, "", "Greet"), "the name of the service or handler is empty"},
		"no handler": {ingress.Named[string, string](client, "Greeter", ""), "the name of the service or handler is empty"},
		"empty key":  {ingress.Named[string, string](client, "Cart", "Key").Key(""), "the key is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := test.to.Call(ctx, "x")
			require.ErrorContains(t, err, test.want)
			_, err = test.to.Send(ctx, "x")
			require.ErrorContains(t, err, test.want)
			_, err = test.to.Lookup(restate.WithIdempotencyKey("x")).Attach(ctx)
			require.ErrorContains(t, err, test.want)
		})
	}
	_, err := ingress.Named[string, string](client, "Greeter", "Greet").Lookup().Attach(ctx)
	require.ErrorContains(t, err, "without an idempotency key only a workflow can be looked up")
}

package ingress_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

func TestCallReachesEveryShapeOfMethod(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})

	t.Run("of a service", func(t *testing.T) {
		greeter := ingress.NewService[*Greeter](client)
		text, err := ingress.Call(ctx, greeter, (*Greeter).Greet, "Ada")
		require.NoError(t, err)
		require.Equal(t, "hello Ada", text)

		require.NoError(t, ingress.CallVoid(ctx, greeter, (*Greeter).Notify, testkit.NameOf(t)))
		require.Equal(t, 1, executions.of("Notify "+testkit.NameOf(t)))

		text, err = ingress.Call0(ctx, greeter, (*Greeter).Ping)
		require.NoError(t, err)
		require.Equal(t, "pong", text)

		require.NoError(t, ingress.Call0Void(ctx, greeter, (*Greeter).Touch))
	})

	t.Run("of a virtual object", func(t *testing.T) {
		cart, other := ingress.NewObject[*Cart](client).Key(testkit.NameOf(t)), ingress.NewObject[*Cart](client).Key(testkit.NameOf(t)+" other")
		total, err := ingress.Call(ctx, cart, (*Cart).AddItem, Item{SKU: "tea", Quantity: 3})
		require.NoError(t, err)
		require.Equal(t, 3, total)
		total, err = ingress.Call0(ctx, other, (*Cart).Total)
		require.NoError(t, err)
		require.Zero(t, total, "the state of another key")
		require.NoError(t, ingress.Call0Void(ctx, cart, (*Cart).Clear))
		require.NoError(t, ingress.CallVoid(ctx, cart, (*Cart).Remove, "tea"))
		total, err = ingress.Call0(ctx, cart, (*Cart).Total)
		require.NoError(t, err)
		require.Zero(t, total)
	})

	t.Run("of a workflow", func(t *testing.T) {
		signup := ingress.NewWorkflow[*Signup](client).ID(testkit.NameOf(t))
		require.NoError(t, ingress.CallVoid(ctx, signup, (*Signup).Confirm, "1234"))
		text, err := ingress.Call(ctx, signup, (*Signup).Run, "ada@example.com")
		require.NoError(t, err)
		require.Equal(t, "ada@example.com confirmed with 1234", text)
		id, err := ingress.Call0(ctx, signup, (*Signup).ID)
		require.NoError(t, err)
		require.Equal(t, testkit.NameOf(t), id)
	})
}

func TestCallPassesTheOptionsOfTheSDK(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	greeter := ingress.NewService[*Greeter](client)

	t.Run("an idempotency key makes two calls one", func(t *testing.T) {
		name := testkit.NameOf(t)
		for i := range 2 {
			var response ingress.Response
			text, err := ingress.Call(ctx, greeter, (*Greeter).Greet, name,
				restate.WithIdempotencyKey(name), ingress.WithResponse(&response))
			require.NoError(t, err)
			require.Equal(t, "hello "+name, text)
			require.Equal(t, i > 0, response.Deduplicated)
		}
		require.Equal(t, 1, executions.of("Greet "+name))
	})

	t.Run("headers reach the handler", func(t *testing.T) {
		headers, err := ingress.Call0(ctx, greeter, (*Greeter).Headers,
			restate.WithHeaders(map[string]string{"X-Tenant": "blue"}))
		require.NoError(t, err)
		require.Equal(t, "blue", headers["x-tenant"])
	})

	t.Run("codecs encode and decode", func(t *testing.T) {
		// The handler takes JSON, which for bytes is base64 in quotes: "AQI=".
		out, err := ingress.Call(ctx, greeter.With(restate.WithOutputCodec(restateBinary)), (*Greeter).Reverse, []byte{1, 2})
		require.NoError(t, err)
		require.Equal(t, `"AgE="`, string(out))
		out, err = ingress.Call(ctx, greeter, (*Greeter).Reverse, []byte{1, 2}, restate.WithOutputCodec(restateBinary))
		require.NoError(t, err)
		require.Equal(t, `"AgE="`, string(out))
	})

	t.Run("the response tells the invocation's id", func(t *testing.T) {
		var response ingress.Response
		_, err := ingress.Call(ctx, greeter, (*Greeter).Greet, "x", ingress.WithResponse(&response))
		require.NoError(t, err)
		rows := query(t, "SELECT target, invoked_by FROM sys_invocation WHERE id = '"+response.InvocationID+"'")
		require.Len(t, rows, 1)
		require.Equal(t, "Greeter/Greet", rows[0]["target"])
		require.Equal(t, "ingress", rows[0]["invoked_by"])
	})

	t.Run("the response tells the id of a failed invocation too", func(t *testing.T) {
		var response ingress.Response
		_, err := ingress.Call(ctx, greeter, (*Greeter).Fail, Failure{Code: 418, Message: "tea"}, ingress.WithResponse(&response))
		require.NotEmpty(t, response.InvocationID)
		require.Equal(t, response.InvocationID, requireError(t, err).InvocationID)
	})
}

func TestScopeAndLimitKeyReachTheServer(t *testing.T) {
	t.Parallel()
	// A server without virtual queues refuses both, so the test looks at the wire.
	recorder := newRecorder(t, testkit.Server().IngressURL())
	client := newClient(t, ingress.Config{URL: recorder.url})
	greeter := ingress.NewService[*Greeter](client).With(restate.WithScope("blue"))

	_, err := ingress.Call(testkit.Context(t), greeter, (*Greeter).Greet, "Ada", restate.WithLimitKey("tenant/user"))
	require.ErrorContains(t, err, "scoped invocations require vqueues")
	_, err = ingress.Send(testkit.Context(t), greeter, (*Greeter).Greet, "Ada")
	require.ErrorContains(t, err, "scoped invocations require vqueues")

	_, err = ingress.Call(testkit.Context(t), greeter.With(restate.WithScope("a/b")), (*Greeter).Greet, "Ada")
	require.ErrorContains(t, err, "bad scope value", "which the server found where it looks for one")

	seen := recorder.all()
	require.Len(t, seen, 3)
	require.Equal(t, "/restate/scope/blue/call/Greeter/Greet", seen[0].URL.EscapedPath())
	require.Equal(t, "tenant/user", seen[0].Header.Get("X-Restate-Limit-Key"))
	require.Equal(t, "/restate/scope/blue/send/Greeter/Greet", seen[1].URL.EscapedPath())
}

func TestServicesGoByTheirRegisteredNames(t *testing.T) {
	t.Parallel()
	desc, err := handler.Spec{
		Type:     typeOf[*Alias](),
		Name:     "Greeter",
		Handlers: []handler.HandlerSpec{{Method: (*Alias).Hello, Name: "Greet"}},
	}.Describe()
	require.NoError(t, err)
	registry, err := handler.NewRegistry(desc)
	require.NoError(t, err)
	client, err := ingress.New(ingress.Config{URL: testkit.Server().IngressURL()}, registry)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)

	text, err := ingress.Call(testkit.Context(t), ingress.NewService[*Alias](client), (*Alias).Hello, "Ada")
	require.NoError(t, err)
	require.Equal(t, "hello Ada", text)
}

// Alias is the contract of Greeter under other names.
type Alias struct{}

func (*Alias) Hello(restate.Context, string) (string, error) { return "", nil }

func TestMistakesAreErrorsBeforeAnyRequest(t *testing.T) {
	t.Parallel()
	recorder := newRecorder(t, testkit.Server().IngressURL())
	client := newClient(t, ingress.Config{URL: recorder.url})
	ctx := testkit.Context(t)
	carts, greeter := ingress.NewObject[*Cart](client), ingress.NewService[*Greeter](client)
	errOf := func(_ any, err error) error { return err }

	for name, test := range map[string]struct {
		err  error
		want string
		is   error
	}{
		"an empty key": {
			err:  errOf(ingress.Call0(ctx, carts.Key(""), (*Cart).Total)),
			want: "ingress: Cart/Total: the key is empty", is: ingress.ErrEmptyKey,
		},
		"an empty key of a send": {
			err:  errOf(ingress.Send0(ctx, carts.Key(""), (*Cart).Total)),
			want: "ingress: Cart/Total: the key is empty", is: ingress.ErrEmptyKey,
		},
		"an empty workflow id": {
			err:  errOf(ingress.Lookup(ingress.NewWorkflow[*Signup](client).ID(""), (*Signup).Run).Attach(ctx)),
			want: "ingress: Signup/Run: the key is empty", is: ingress.ErrEmptyKey,
		},
		"a key that is no text": {
			err:  errOf(ingress.Call0(ctx, carts.Key("\xff"), (*Cart).Total)),
			want: "ingress: Cart/Total: the key is not valid UTF-8",
		},
		"a client of the wrong kind": {
			err:  errOf(ingress.Call0(ctx, ingress.NewService[*Cart](client), (*Cart).Total)),
			want: "ingress: Cart is a virtual object, and the client is for a service; use ingress.NewObject",
		},
		"a workflow taken for an object": {
			err:  errOf(ingress.Call0(ctx, ingress.NewObject[*Signup](client).Key("x"), (*Signup).ID)),
			want: "ingress: Signup is a workflow, and the client is for a virtual object; use ingress.NewWorkflow",
		},
		"a client without an ingress": {
			err:  errOf(ingress.Call0(ctx, ingress.Service[*Greeter]{}, (*Greeter).Ping)),
			want: "ingress: the target has no client; make it with ingress.NewService, NewObject or NewWorkflow",
		},
		"no target": {
			err:  errOf(ingress.Call0(ctx, ingress.Target[*Greeter](nil), (*Greeter).Ping)),
			want: "ingress: the target has no client; make it with ingress.NewService, NewObject or NewWorkflow",
		},
		"a function that is no method": {
			err:  errOf(ingress.Call0(ctx, greeter, func(*Greeter, restate.Context) (string, error) { return "", nil })),
			want: "write a method expression such as (*T).Method",
		},
		"an input that cannot be encoded": {
			err:  errOf(ingress.Call(ctx, ingress.NewService[*Alias2](client), (*Alias2).Take, any(func() {}))),
			want: "ingress: Alias2/Take: encode the input: json: unsupported type: func()",
		},
		"an idempotency key for the main handler of a workflow": {
			err:  errOf(ingress.Call(ctx, ingress.NewWorkflow[*Signup](client).ID("x"), (*Signup).Run, "x", restate.WithIdempotencyKey("x"))),
			want: "ingress: Signup/Run: the main handler of a workflow takes no idempotency key",
		},
		"an idempotency key that no header carries": {
			err:  errOf(ingress.Call(ctx, greeter, (*Greeter).Greet, "x", restate.WithIdempotencyKey("grüße"))),
			want: "ingress: Greeter/Greet: the idempotency key has characters other than printable ASCII",
		},
		"an idempotency key that would lose its blanks": {
			err:  errOf(ingress.Call(ctx, greeter, (*Greeter).Greet, "x", restate.WithIdempotencyKey("x "))),
			want: "ingress: Greeter/Greet: the idempotency key begins or ends with a blank",
		},
		"a header with a line break": {
			err: errOf(ingress.Call(ctx, greeter, (*Greeter).Greet, "x",
				restate.WithHeaders(map[string]string{"X-A": "b\r\nX-C: d"}))),
			want: `ingress: Greeter/Greet: the value of header "X-A" has a line break or control character`,
		},
		"a header with no name": {
			err: errOf(ingress.Send(ctx, greeter, (*Greeter).Greet, "x",
				restate.WithHeaders(map[string]string{"X A": "b"}))),
			want: `ingress: Greeter/Greet: "X A" is not a header name`,
		},
		"headers that are not sent": {
			err:  errOf(ingress.Call(ctx, greeter, (*Greeter).Greet, "x", restate.WithHeaders(map[string]string{"Connection": "close"}))),
			want: "ingress: Greeter/Greet: header Connection is about the connection",
		},
		"one header twice": {
			err:  errOf(ingress.Call(ctx, greeter, (*Greeter).Greet, "x", restate.WithHeaders(map[string]string{"X-A": "1", "x-a": "2"}))),
			want: `ingress: Greeter/Greet: headers "X-A" and "x-a" are the same; remove one of them`,
		},
		"a host that is none": {
			err:  errOf(ingress.Send(ctx, greeter, (*Greeter).Greet, "x", restate.WithHeaders(map[string]string{"Host": "a b"}))),
			want: "ingress: Greeter/Greet: header Host: the value is not a host",
		},
		"an idempotency key as a header": {
			err: errOf(ingress.Call(ctx, greeter, (*Greeter).Greet, "x",
				restate.WithHeaders(map[string]string{"idempotency-key": "b"}))),
			want: "use restate.WithIdempotencyKey",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, test.err, test.want)
			if test.is != nil {
				require.ErrorIs(t, test.err, test.is)
			}
		})
	}
	require.Empty(t, recorder.all(), "requests made")
}

// Alias2 is a contract that no server has.
type Alias2 struct{}

func (*Alias2) Take(restate.Context, any) (string, error) { return "", nil }

func TestTheInvocationGoesOnWhenTheCallerGivesUp(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	name := testkit.NameOf(t)
	ctx, cancel := context.WithCancel(testkit.Context(t))
	failed := make(chan error)
	go func() {
		_, err := ingress.Call(ctx, ingress.NewService[*Greeter](client), (*Greeter).Wait, name, restate.WithIdempotencyKey(name))
		failed <- err
	}()
	gateID(t, client, name)
	cancel()
	err := <-failed
	require.ErrorIs(t, err, context.Canceled)
	var broken *ingress.ConnectionError
	require.ErrorAs(t, err, &broken)
	require.Equal(t, "Greeter/Wait", broken.Target)

	open(t, client, name)
	text, err := ingress.Lookup(ingress.NewService[*Greeter](client), (*Greeter).Wait, restate.WithIdempotencyKey(name)).Attach(testkit.Context(t))
	require.NoError(t, err)
	require.Equal(t, "opened "+name, text)
}

func TestTheSDKsClientSharesCredentialsAndConnections(t *testing.T) {
	t.Parallel()
	recorder := newRecorder(t, testkit.Server().IngressURL())
	client := newClient(t, ingress.Config{URL: recorder.url, AuthToken: "secret-token", Headers: map[string]string{"X-Tenant": "blue"}})
	text, err := rawGreet(testkit.Context(t), client)
	require.NoError(t, err)
	require.Equal(t, "hello Ada", text)
	seen := recorder.all()
	require.Len(t, seen, 1)
	require.Equal(t, "Bearer secret-token", seen[0].Header.Get("Authorization"))
	require.Equal(t, "blue", seen[0].Header.Get("X-Tenant"))
}

func TestAResultThatDoesNotDecodeSaysWhose(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	_, err := ingress.Named[string, int](client, "Greeter", "Greet").Call(testkit.Context(t), "Ada")
	require.ErrorContains(t, err, "ingress: Greeter/Greet: the result of inv_")
	require.ErrorContains(t, err, "does not decode into int")
	require.False(t, errors.As(err, new(*ingress.Error)))
}

func TestALargeInputIsRefusedByTheServerAndTheNextCallWorks(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	greeter := ingress.NewService[*Greeter](client)
	_, err := ingress.Call(testkit.Context(t), greeter, (*Greeter).Greet, strings.Repeat("x", 40<<20))
	failed := requireError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, failed.Status)
	require.Equal(t, "length limit exceeded", failed.Message, "which is plain text")
	_, err = ingress.Call(testkit.Context(t), greeter, (*Greeter).Greet, "x")
	require.NoError(t, err)
}

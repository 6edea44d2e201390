package ingress_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

func newCanceller(t testing.TB, url string) *admin.Client {
	t.Helper()
	c, err := admin.New(admin.Config{URL: url})
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func TestACancelledInvocationEnds(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{Canceller: newCanceller(t, testkit.Server().AdminURL())})
	gates, key := ingress.NewObject[*Gate](client), restate.WithIdempotencyKey(testkit.NameOf(t))
	for name, make := range map[string]func(gate ingress.Keyed[*Gate], sent ingress.Handle[string]) ingress.Handle[string]{
		"what was sent": func(_ ingress.Keyed[*Gate], sent ingress.Handle[string]) ingress.Handle[string] { return sent },
		"by its id": func(_ ingress.Keyed[*Gate], sent ingress.Handle[string]) ingress.Handle[string] {
			return ingress.HandleOf[string](client, idOf(t, sent))
		},
		"by its idempotency key": func(gate ingress.Keyed[*Gate], _ ingress.Handle[string]) ingress.Handle[string] {
			return ingress.Lookup0(gate, (*Gate).Await, key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			gate := gates.Key(testkit.NameOf(t))
			sent, err := ingress.Send0(ctx, gate, (*Gate).Await, key)
			require.NoError(t, err)
			gateID(t, client, testkit.NameOf(t)) // it waits
			_, ready, err := sent.Output(ctx)
			require.NoError(t, err)
			require.False(t, ready)

			require.NoError(t, make(gate, sent).Cancel(ctx))
			_, err = sent.Attach(ctx)
			require.True(t, durable.IsCancelled(err), "%v", err)
			require.NoError(t, make(gate, sent).Cancel(ctx), "of one that has ended")
		})
	}
	t.Run("a workflow by its id", func(t *testing.T) {
		signup := ingress.NewWorkflow[*Signup](client).ID(testkit.NameOf(t))
		_, err := ingress.Send(ctx, signup, (*Signup).Run, "ada@example.com")
		require.NoError(t, err)
		run := ingress.Lookup(signup, (*Signup).Run)
		require.NoError(t, run.Cancel(ctx))
		_, err = run.Attach(ctx)
		require.True(t, durable.IsCancelled(err), "%v", err)
	})
	t.Run("one that is to run later is forgotten", func(t *testing.T) {
		sent, err := ingress.Send(ctx, ingress.NewService[*Greeter](client), (*Greeter).Greet, "Ada", restate.WithDelay(time.Hour))
		require.NoError(t, err)
		require.NoError(t, sent.Cancel(ctx))
		testkit.Until(t, func() bool {
			_, _, err := sent.Output(ctx)
			return errors.Is(err, ingress.ErrNotFound)
		}, "it is not forgotten")
		require.ErrorIs(t, sent.Cancel(ctx), ingress.ErrNotFound)
	})
}

func TestWhatCannotBeCancelledSaysWhy(t *testing.T) {
	t.Parallel()
	ctx := testkit.Context(t)
	const unknown = "inv_141xP4V6kryF6QlU9u93f785racpmNuz85"
	able := newClient(t, ingress.Config{Canceller: newCanceller(t, testkit.Server().AdminURL())})
	gateway404 := gateway(t, testkit.Server().AdminURL(), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { http.NotFound(w, nil) })
	for name, test := range map[string]struct {
		handle ingress.Handle[string]
		want   string
		check  func(t *testing.T, err error)
	}{
		"an invocation that the server does not know": {
			handle: ingress.HandleOf[string](able, unknown),
			want:   "ingress: cancel " + unknown + ": refused with 404: invocation not found (" + unknown + ")",
			check: func(t *testing.T, err error) {
				require.ErrorIs(t, err, ingress.ErrNotFound)
				require.Equal(t, ingress.SourceIngress, requireError(t, err).Source)
			},
		},
		"a workflow that never was": {
			handle: ingress.Lookup(ingress.NewWorkflow[*Signup](able).ID(testkit.NameOf(t)), (*Signup).Run),
			want:   "ingress: cancel Signup/Run: refused with 404: invocation not found",
			check:  func(t *testing.T, err error) { require.ErrorIs(t, err, ingress.ErrNotFound) },
		},
		"a text that is no id": {
			handle: ingress.HandleOf[string](able, "inv_x"),
			want:   `ingress: cancel inv_x: admin: "inv_x" is not the id of an invocation`,
			check:  func(t *testing.T, err error) { require.ErrorIs(t, err, admin.ErrInvocationID) },
		},
		"an empty id":   {handle: ingress.HandleOf[string](able, ""), want: "ingress: the invocation's id is empty"},
		"a zero handle": {want: "ingress: the handle has no client"},
		"a client without a canceller": {
			handle: ingress.HandleOf[string](newClient(t, ingress.Config{}), unknown),
			want:   "ingress: cancel " + unknown + ": the ingress of the server cannot cancel, its admin API can; set Config.Canceller to an *admin.Client",
		},
		"a gateway that does not know the path": {
			handle: ingress.HandleOf[string](newClient(t, ingress.Config{Canceller: newCanceller(t, gateway404)}), unknown),
			want:   "ingress: cancel " + unknown + ": admin: PATCH",
			check:  func(t *testing.T, err error) { require.NotErrorIs(t, err, ingress.ErrNotFound) },
		},
		"an admin API that is not there": {
			handle: ingress.HandleOf[string](newClient(t, ingress.Config{Canceller: newCanceller(t, "http://127.0.0.1:1")}), unknown),
			want:   "ingress: cancel " + unknown + ": admin: PATCH",
			check: func(t *testing.T, err error) {
				_, ok := errors.AsType[*admin.ConnectionError](err)
				require.True(t, ok)
			},
		},
		"a canceller of one's own": {
			handle: ingress.HandleOf[string](newClient(t, ingress.Config{Canceller: unwilling{}}), unknown),
			want:   "ingress: cancel " + unknown + ": not " + unknown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.handle.Cancel(ctx)
			require.ErrorContains(t, err, test.want)
			if test.check != nil {
				test.check(t, err)
			}
		})
	}
}

// unwilling is a canceller that cancels nothing.
type unwilling struct{}

func (unwilling) CancelInvocation(_ context.Context, id string) error { return errors.New("not " + id) }

func TestTheIDOfWhatWasSentNeedsNoRequest(t *testing.T) {
	t.Parallel()
	recorder := newRecorder(t, testkit.Server().IngressURL())
	client := newClient(t, ingress.Config{URL: recorder.url})
	sent, err := ingress.Send(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Greet, "Ada")
	require.NoError(t, err)
	require.Regexp(t, "^inv_", idOf(t, sent))
	require.Equal(t, "inv_1", idOf(t, ingress.HandleOf[string](client, "inv_1")))
	require.Len(t, recorder.all(), 1, "requests made")
}

package ingress_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/fxrestate/go/internal/testkit"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
)

func TestAnAwakeableIsCompletedFromOutside(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	wait := func(name string) ingress.Handle[string] {
		sent, err := ingress.Send(ctx, ingress.NewService[*Greeter](client), (*Greeter).Wait, name)
		require.NoError(t, err)
		return sent
	}

	t.Run("with a value", func(t *testing.T) {
		waiting := wait(t.Name())
		require.NoError(t, client.ResolveAwakeable(ctx, gateID(t, client, t.Name()), "go on"))
		text, err := waiting.Attach(ctx)
		require.NoError(t, err)
		require.Equal(t, "go on", text)
	})

	t.Run("with a value of another codec", func(t *testing.T) {
		waiting := wait(t.Name())
		require.NoError(t, client.ResolveAwakeable(ctx, gateID(t, client, t.Name()), []byte(`"go on"`), restate.WithBinary))
		text, err := waiting.Attach(ctx)
		require.NoError(t, err)
		require.Equal(t, "go on", text)
	})

	t.Run("with a failure", func(t *testing.T) {
		waiting := wait(t.Name())
		require.NoError(t, client.RejectAwakeable(ctx, gateID(t, client, t.Name()), errors.New("no way")))
		_, err := waiting.Attach(ctx)
		failed := requireError(t, err)
		require.Equal(t, ingress.SourceInvocation, failed.Source)
		require.Equal(t, restate.Code(500), failed.Code)
		require.Equal(t, "no way", failed.Message)
	})

	t.Run("and the first completion counts", func(t *testing.T) {
		waiting := wait(t.Name())
		id := gateID(t, client, t.Name())
		require.NoError(t, client.ResolveAwakeable(ctx, id, "first"))
		require.NoError(t, client.RejectAwakeable(ctx, id, errors.New("second")))
		text, err := waiting.Attach(ctx)
		require.NoError(t, err)
		require.Equal(t, "first", text)
	})
}

func TestAnAwakeableThatIsNone(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	for _, id := range []string{"nonsense", "a/b", "..", "?"} {
		failed := requireError(t, client.ResolveAwakeable(ctx, id, "x"))
		require.Equal(t, http.StatusBadRequest, failed.Status)
		require.Equal(t, "resolve awakeable "+id, failed.Target)
	}
	require.EqualError(t, client.ResolveAwakeable(ctx, "", "x"), "ingress: resolve awakeable: the id is empty")
	require.EqualError(t, client.RejectAwakeable(ctx, "", errors.New("x")), "ingress: reject awakeable: the id is empty")
	require.ErrorContains(t, client.RejectAwakeable(ctx, "x", nil), "there is no reason")
	require.ErrorContains(t, client.ResolveAwakeable(ctx, "x", func() {}), "ingress: resolve awakeable: encode the value")
}

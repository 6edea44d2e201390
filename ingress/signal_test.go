package ingress_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// Approvals waits for a signal, and passes on the signals that come from outside.
type Approvals struct{}

type Decision struct {
	InvocationID string
	By           string
	Refused      bool
}

func (*Approvals) Request(ctx restate.Context, what string) (string, error) {
	by, err := restate.Signal[string](ctx, "decision").Result()
	if err != nil {
		return "", err
	}
	return what + " approved by " + by, nil
}

// Decide relays a decision to the invocation that waits for it.
func (*Approvals) Decide(ctx restate.Context, d Decision) error {
	if d.Refused {
		restate.RejectSignal(ctx, d.InvocationID, "decision", errors.New("refused by "+d.By))
		return nil
	}
	restate.ResolveSignal(ctx, d.InvocationID, "decision", d.By)
	return nil
}

// A signal from outside goes through a handler: the server has no HTTP API for
// signals.
func Example_signal() {
	ctx, client := context.Background(), exampleClient()
	approvals := ingress.NewService[*Approvals](client)

	waiting, err := ingress.Send(ctx, approvals, (*Approvals).Request, "a holiday")
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := waiting.ID(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = ingress.CallVoid(ctx, approvals, (*Approvals).Decide, Decision{InvocationID: id, By: "Ada"})
	fmt.Println(err)
	result, err := waiting.Attach(ctx)
	fmt.Println(result, err)
	// Output:
	// <nil>
	// a holiday approved by Ada <nil>
}

func TestASignalReachesAnInvocationThroughAHandler(t *testing.T) {
	t.Parallel()
	ctx, approvals := testkit.Context(t), ingress.NewService[*Approvals](newClient(t, ingress.Config{}))
	send := func() ingress.Handle[string] {
		waiting, err := ingress.Send(ctx, approvals, (*Approvals).Request, "a raise")
		require.NoError(t, err)
		return waiting
	}
	approved, refused, pending := send(), send(), send()
	require.NoError(t, ingress.CallVoid(ctx, approvals, (*Approvals).Decide, Decision{InvocationID: idOf(t, approved), By: "Ada"}))
	require.NoError(t, ingress.CallVoid(ctx, approvals, (*Approvals).Decide, Decision{InvocationID: idOf(t, refused), By: "Bob", Refused: true}))

	result, err := approved.Attach(ctx)
	require.NoError(t, err)
	require.Equal(t, "a raise approved by Ada", result)
	_, err = refused.Attach(ctx)
	require.Equal(t, "refused by Bob", requireError(t, err).Message)
	require.True(t, restate.IsTerminalError(err))
	_, ready, err := pending.Output(ctx)
	require.NoError(t, err)
	require.False(t, ready, "it got the signal of another invocation")

	require.NoError(t, ingress.CallVoid(ctx, approvals, (*Approvals).Decide, Decision{InvocationID: idOf(t, pending), By: "Eve"}))
	_, err = pending.Attach(ctx)
	require.NoError(t, err)
}

// When this fails, the server has got what doc.go says it has not.
func TestTheServerHasNoPathForSignals(t *testing.T) {
	t.Parallel()
	const id = "inv_141xP4V6kryF6QlU9u93f785racpmNuz85"
	for _, path := range []string{
		"/restate/signal", "/restate/signals", "/restate/signals/" + id + "/decision",
		"/restate/signals/" + id + "/decision/resolve", "/restate/signal/" + id + "/decision/resolve",
		"/restate/invocation/" + id + "/signal/decision", "/restate/invocation/" + id + "/signals/decision/resolve",
		"/restate/invocations/" + id + "/signals/decision/resolve",
	} {
		t.Run(path, func(t *testing.T) {
			require.Equal(t, http.StatusNotFound, postJSON(t, testkit.Server().IngressURL()+path), path)
			require.Equal(t, http.StatusNotFound, postJSON(t, testkit.Server().AdminURL()+strings.TrimPrefix(path, "/restate")), path)
		})
	}
	req, err := http.NewRequestWithContext(testkit.Context(t), http.MethodGet, testkit.Server().AdminURL()+"/openapi", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	document, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Contains(t, string(document), `"/invocations/{invocation_id}/cancel"`)
	require.NotContains(t, strings.ToLower(string(document)), "/signal")
}

// postJSON returns the status of the answer.
func postJSON(t *testing.T, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(testkit.Context(t), http.MethodPost, url, strings.NewReader(`"Ada"`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

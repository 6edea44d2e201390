package durable_test

import (
	"fmt"
	"net/http"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Switchboard calls handlers whose types it does not know, with the SDK's own API.
type Switchboard struct{}

// Line is a call by names and bytes.
type Line struct {
	Service, Key, Handler, Body string
}

func (Switchboard) Connect(ctx restate.Context, to Line) (string, error) {
	out, err := restate.Object[[]byte](ctx, to.Service, to.Key, to.Handler, restate.WithBinary).
		Request([]byte(to.Body), restate.WithHeaders(map[string]string{"content-type": "application/json"}))
	if err != nil {
		return "", err
	}
	return string(out), nil
}

// Send sends what Connect calls, and says what its id is.
func (Switchboard) Send(ctx restate.Context, to Line) (string, error) {
	return restate.ObjectSend(ctx, to.Service, to.Key, to.Handler, restate.WithBinary).
		Send([]byte(to.Body), restate.WithIdempotencyKey("once")).GetInvocationId(), nil
}

// Echo says what it knows of its request.
func (Switchboard) Echo(ctx restate.Context, _ []byte) ([]byte, error) {
	r := ctx.Request()
	return fmt.Appendf(nil, "%s %s", r.Body, r.Headers.Get("x-mark")), nil
}

func startSwitchboard(t *testing.T) string {
	name := testkit.Unique("switchboard")
	testkit.Start(t, fxrestate.Service[Switchboard](testkit.Made(Switchboard{}), fxrestate.Name(name),
		fxrestate.Handler(Switchboard.Echo, restate.WithBinary)))
	return name
}

func TestHandlersAreCalledWithoutTheirTypes(t *testing.T) {
	t.Parallel()
	drawer, name := startDrawer(t), startSwitchboard(t)
	sent := testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Send"), Line{drawer, "a/b?", "Put", `{"x":"1"}`}))
	require.Equal(t, http.StatusOK, testkit.Attach(t, sent).Status)
	require.Equal(t, map[string]string{"x": `"1"`}, testkit.StateOf(t, drawer, "a/b?"))
	require.Equal(t, `"1"`, testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Connect"), Line{drawer, "a/b?", "Get", `"x"`})))
}

func TestRequestIsWhatTheCallerSent(t *testing.T) {
	t.Parallel()
	name := startSwitchboard(t)
	got := testkit.PostBytes(t, testkit.Path(name, "Echo"), []byte("raw"), "Content-Type", "application/octet-stream", "X-Mark", "here")
	require.Equal(t, "raw here", string(got.Body))
}

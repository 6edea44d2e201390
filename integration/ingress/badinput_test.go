package ingress_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Package is what Intake takes.
type Package struct {
	A int    `json:"a"`
	B string `json:"b"`
}

// Intake takes input.
type Intake struct{ called atomic.Int32 }

func (i *Intake) Take(_ restate.Context, in Package) (Package, error) {
	i.called.Add(1)
	return in, nil
}

func (i *Intake) Nothing(restate.Context) (string, error) {
	i.called.Add(1)
	return "nothing taken", nil
}

// Bytes takes anything.
func (i *Intake) Bytes(_ restate.Context, in []byte) (int, error) {
	i.called.Add(1)
	return len(in), nil
}

func (i *Intake) Header(ctx restate.Context) (string, error) {
	return ctx.Request().Headers.Get("x-mark"), nil
}

func startIntake(t *testing.T) (*testkit.App, *Intake, string) {
	i, name := &Intake{}, testkit.Unique("intake")
	a := testkit.Start(t, fxrestate.Service[*Intake](testkit.Made(i), fxrestate.Name(name),
		fxrestate.Handler((*Intake).Bytes, restate.WithInputCodec(encoding.BinaryCodec))))
	return a, i, name
}

// unmoved checks that what was refused before it could be an invocation left no
// trace: who refused it has answered, and nothing broke.
func (i *Intake) unmoved(t *testing.T, a *testkit.App, name string, do func()) {
	t.Helper()
	called, invocations, lines := i.called.Load(), len(testkit.InvocationsOf(t, name)), warnings(a)
	do()
	require.Equal(t, called, i.called.Load())
	require.Len(t, testkit.InvocationsOf(t, name), invocations)
	require.Equal(t, lines, warnings(a))
	require.NoError(t, a.Health.Ready())
	select {
	case <-testkit.Server().Done():
		require.FailNow(t, "the server has ended", testkit.Server().Err())
	default:
	}
	i.works(t, name)
}

// warnings are the messages that an operator would look at.
func warnings(a *testkit.App) []string {
	var messages []string
	for _, line := range a.Logs.All() {
		if line.Level >= zap.WarnLevel {
			messages = append(messages, line.Message)
		}
	}
	return messages
}

// works checks that the application is as it was.
func (i *Intake) works(t *testing.T, name string) {
	t.Helper()
	before := i.called.Load()
	require.Equal(t, Package{1, "b"}, testkit.Decode[Package](t, testkit.Post(t, testkit.Path(name, "Take"), Package{1, "b"})))
	require.Equal(t, before+1, i.called.Load())
}

func TestInputThatCannotBeDecodedIsA400LoggedOnceAndNotRetried(t *testing.T) {
	t.Parallel()
	a, i, name := startIntake(t)
	for what, body := range map[string]string{
		"no JSON":        `{"a":`,
		"another type":   `{"a":"one"}`,
		"another shape":  `[1,2,3]`,
		"garbage":        "\x00\xff\xfe",
		"a huge number":  `{"a":1e400}`,
		"deeply nested":  strings.Repeat("[", 100_000),
		"trailing words": `{"a":1} and so on`,
	} {
		t.Run(what, func(t *testing.T) {
			got := testkit.PostBytes(t, testkit.Path(name, "Take"), []byte(body), "Content-Type", "application/json")
			f := testkit.Failed(t, got)
			require.Equal(t, http.StatusBadRequest, f.Code, what)
			require.Equal(t, "invocation", f.Source, what)
			require.Contains(t, f.Message, "the body cannot be decoded into the input of "+name+"/Take (ingress_test.Package)", what)
			require.Less(t, len(f.Message), 1000, "%s: the body is not repeated", what)
			id := got.Header.Get("X-Restate-Id")
			require.Len(t, testkit.Loud(a, id), 1, what)
			require.Equal(t, []string{"Input", "Output"}, testkit.Journal(t, id), what)
		})
	}
	require.Zero(t, i.called.Load())
	i.works(t, name)
}

// The ingress cannot tell it from a request that declares JSON and has no body.
func TestABodyForWhatTakesNoneIsA400(t *testing.T) {
	t.Parallel()
	_, i, name := startIntake(t)
	for _, body := range []string{`{"a":1}`, "null", "x"} {
		t.Run(body, func(t *testing.T) {
			f := testkit.Failed(t, testkit.PostBytes(t, testkit.Path(name, "Nothing"), []byte(body), "Content-Type", "application/json"))
			require.Equal(t, http.StatusBadRequest, f.Code)
			require.Equal(t, name+"/Nothing takes no input, and the request has a body; leave it out", f.Message)
		})
	}
	require.Zero(t, i.called.Load())
	require.Equal(t, "nothing taken", testkit.Decode[string](t, testkit.PostBytes(t, testkit.Path(name, "Nothing"), nil, "Content-Type", "application/json")))
	i.works(t, name)
}

func TestInputThatDoesNotFitTheManifestIsRefusedAtTheIngress(t *testing.T) {
	t.Parallel()
	a, i, name := startIntake(t)
	for what, test := range map[string]struct {
		handler, body string
		headers       []string
	}{
		"another content type":            {"Take", `{"a":1}`, []string{"Content-Type", "text/plain"}},
		"no content type":                 {"Take", `{"a":1}`, nil},
		"no body":                         {"Take", "", []string{"Content-Type", "application/json"}},
		"nothing at all":                  {"Take", "", nil},
		"a body of another type for none": {"Nothing", `{"a":1}`, []string{"Content-Type", "text/plain"}},
		"bytes for what takes none":       {"Nothing", "x", nil},
		"a form":                          {"Take", "a=1", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		"a content type that is nonsense": {"Take", `{"a":1}`, []string{"Content-Type", ";;;"}},
	} {
		t.Run(what, func(t *testing.T) {
			f := testkit.Failed(t, testkit.PostBytes(t, testkit.Path(name, test.handler), []byte(test.body), test.headers...))
			require.Equal(t, http.StatusBadRequest, f.Code, what)
			require.Equal(t, "ingress", f.Source, what)
		})
	}
	require.Zero(t, i.called.Load())
	require.Empty(t, testkit.InvocationsOf(t, name), "nothing was accepted")
	require.Empty(t, a.Logs.FilterMessage("Handling invocation").All())
	i.works(t, name)
}

func TestPayloadBeyondTheLimitIsRefusedAndOneBelowItIsNot(t *testing.T) {
	t.Parallel()
	app, i, name := startIntake(t)
	const large = 8 << 20
	got := testkit.PostBytes(t, testkit.Path(name, "Bytes"), make([]byte, large), "Content-Type", "application/octet-stream")
	require.Equal(t, large, testkit.Decode[int](t, got))

	i.unmoved(t, app, name, func() {
		// The server may answer, and close, before it has read all.
		a, err := testkit.Exchange(t.Context(), http.MethodPost, testkit.Server().IngressURL()+testkit.Path(name, "Bytes"), make([]byte, 40<<20), "Content-Type", "application/octet-stream")
		if err == nil {
			require.Equal(t, http.StatusRequestEntityTooLarge, a.Status, string(a.Body))
		}
	})
	require.EqualValues(t, 2, i.called.Load())
}

func TestHeaderBombsAreRefused(t *testing.T) {
	t.Parallel()
	a, i, name := startIntake(t)
	for what, url := range map[string]string{"at the ingress": testkit.Server().IngressURL() + testkit.Path(name, "Nothing"), "at the endpoint": a.URL() + "/invoke/" + name + "/Nothing"} {
		t.Run(what, func(t *testing.T) {
			for how, headers := range map[string][]string{
				"one long header": {"X-Bomb", strings.Repeat("x", 4<<20)},
				"many headers":    many(20_000),
			} {
				t.Run(how, func(t *testing.T) {
					i.unmoved(t, a, name, func() {
						// An answer, or none because the connection was closed: both are a refusal.
						got, err := testkit.Exchange(t.Context(), http.MethodPost, url, nil, headers...)
						if err == nil {
							require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, got.Status, "%s, %s", what, how)
						}
					})
				})
			}
		})
	}
	require.EqualValues(t, 4, i.called.Load(), "of those that work")
}

func many(n int) []string {
	var headers []string
	for i := range n {
		headers = append(headers, fmt.Sprint("X-Bomb-", i), strings.Repeat("x", 100))
	}
	return headers
}

func TestHeadersReachTheHandlerOrAreRefused(t *testing.T) {
	t.Parallel()
	_, i, name := startIntake(t)
	require.Equal(t, "a=\"b\"; c", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Header"), nil, "X-Mark", "a=\"b\"; c")))
	require.Equal(t, "ingress", testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Header"), nil, "X-Mark", "grün")).Source, "no ASCII")
	i.works(t, name)
}

func TestEndpointSurvivesWhatIsNoRequest(t *testing.T) {
	t.Parallel()
	a, i, name := startIntake(t)
	for what, noise := range map[string]string{
		"noise":                      "\x00\x01\x02\x03\r\n\r\n",
		"half a request":             "POST /invoke/" + name + "/Take HTTP/1.1\r\nHost: x\r\n",
		"another protocol":           "EHLO example.com\r\n",
		"the preface of HTTP/2 only": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"a frame that is too long":   "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\x00\x00\x00\x00\x00\x01",
	} {
		t.Run(what, func(t *testing.T) {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", a.Endpoint.Addr().String())
			require.NoError(t, err, what)
			_, err = conn.Write([]byte(noise))
			require.NoError(t, err, what)
			require.NoError(t, conn.Close(), what)
		})
	}
	for _, body := range [][]byte{nil, []byte("noise"), bytes.Repeat([]byte{0xff}, 1<<16)} {
		t.Run(fmt.Sprintf("%d bytes", len(body)), func(t *testing.T) {
			got, err := testkit.Exchange(context.Background(), http.MethodPost, a.URL()+"/invoke/"+name+"/Take", body, "Content-Type", "application/vnd.restate.invocation.v5")
			require.NoError(t, err)
			require.NotEqual(t, http.StatusInternalServerError, got.Status)
		})
	}
	require.Zero(t, i.called.Load())
	i.works(t, name)
}

// Garbled fails with text that is no UTF-8, as text that quotes its input may be.
type Garbled struct{ again atomic.Bool }

const garbage = "no UTF-8: \xff"

func (g *Garbled) Terminal(restate.Context) error {
	return restate.ToTerminalError(errors.New(garbage), restate.WithErrorCode(http.StatusTeapot))
}

func (g *Garbled) Step(ctx restate.Context) error {
	return restate.RunVoid(ctx, func(restate.RunContext) error {
		return restate.ToTerminalError(errors.New(garbage), restate.WithErrorCode(http.StatusTeapot))
	})
}

func (g *Garbled) Plain(restate.Context) error {
	if g.again.Swap(true) {
		return nil
	}
	return errors.New(garbage)
}

func TestFailureWhoseTextIsNoUTF8IsAFailure(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("garbled")
	testkit.Start(t, fxrestate.Service[*Garbled](testkit.Made(&Garbled{}), fxrestate.Name(name), testkit.RetrySoon()))
	for _, handler := range []string{"Terminal", "Step"} {
		t.Run(handler, func(t *testing.T) {
			t.Parallel()
			f := testkit.Failed(t, testkit.Post(t, testkit.Path(name, handler), nil))
			require.Equal(t, http.StatusTeapot, f.Code)
			require.Contains(t, f.Message, "no UTF-8: ")
		})
	}
	t.Run("Plain", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "Plain"), nil).Status)
	})
}

package ingress_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// keys are the seeds of the fuzz tests.
var keys = []string{
	"plain", " ", "a b", "a/b", "/", "//", "a/", "/a", ".", "..", "...", "./..", "../../restate/health",
	"?", "a?b=c", "#", "a#b", "%", "%41", "%2F", "%25", "%zz", "%2", "a%00b", "\x00", "\n", "\r\nX-A: b", "\x7f",
	"Other", "x/Other", "x/Other?", "x/Other#", "x/Other/send", "send", "restate", "Total",
	"ü", "日本語", "👩‍👩‍👧", "\u2028", "\ufeff", "\u202e", ";", ",", "&", "=", "+", "$", "@", ":", "a:b@c", "\\", "|", "^", "`", "{}", "[]", "<>", `"`, "'", "*", "!", "~",
	strings.Repeat("long", 1000),
}

// serverPath takes a request target apart as the server does: at the slashes
// first, then it decodes the key, leaving escapes alone that are none. It
// reports false for what the server refuses.
func serverPath(target string) (service, key, handler string, ok bool) {
	path, _, _ := strings.Cut(target, "?")
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if len(segments) != 5 || segments[0] != "restate" || segments[1] != "call" {
		return "", "", "", false
	}
	decoded := decodePercent(segments[3])
	return segments[2], decoded, segments[4], utf8.ValidString(decoded)
}

func decodePercent(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		var b byte
		if s[i] == '%' && len(s)-i >= 3 {
			if _, err := fmt.Sscanf(s[i+1:i+3], "%02x", &b); err == nil {
				out.WriteByte(b)
				i += 2
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// captured is an http.RoundTripper that keeps the request's target and goes no
// further.
type captured struct{ target string }

var errCaptured = errors.New("captured")

func (c *captured) RoundTrip(r *http.Request) (*http.Response, error) {
	c.target = r.URL.RequestURI()
	_, _ = io.Copy(io.Discard, r.Body)
	return nil, errCaptured
}

// FuzzKeyOnTheWire checks the URL that a key makes, by itself.
func FuzzKeyOnTheWire(f *testing.F) {
	for _, key := range keys {
		f.Add(key)
	}
	wire := new(captured)
	client := newClient(f, ingress.Config{URL: "http://localhost:8080", HTTPClient: &http.Client{Transport: wire}})
	carts := ingress.NewObject[*Cart](client)
	f.Fuzz(func(t *testing.T, key string) {
		wire.target = ""
		_, err := ingress.Call0(t.Context(), carts.Key(key), (*Cart).Key)
		if key == "" || !utf8.ValidString(key) {
			if wire.target != "" || err == nil {
				t.Fatalf("%q made a request", key)
			}
			return
		}
		service, got, handler, ok := serverPath(wire.target)
		if !ok || service != "Cart" || handler != "Key" || got != key {
			t.Fatalf("%q: the server reads %s as %q %q %q", key, wire.target, service, got, handler)
		}
		for segment := range strings.SplitSeq(wire.target, "/") {
			if segment == "." || segment == ".." {
				t.Fatalf("%q: %q on the wire is a directory to gateways", key, wire.target)
			}
		}
		for i := range len(wire.target) {
			if b := wire.target[i]; b <= ' ' || b >= 0x7f || b == '#' || b == '?' {
				t.Fatalf("%q: %q on the wire", key, wire.target)
			}
		}
	})
}

// FuzzKey asks the server.
func FuzzKey(f *testing.F) {
	for _, key := range keys {
		f.Add(key)
	}
	client := newClient(f, ingress.Config{})
	carts := ingress.NewObject[*Cart](client)
	f.Fuzz(func(t *testing.T, key string) {
		got, err := ingress.Call0(t.Context(), carts.Key(key), (*Cart).Key)
		switch {
		case key == "" || !utf8.ValidString(key):
			require.Error(t, err)
		case len(key) > 10_000:
			// The server limits the length of a URL.
		default:
			require.NoError(t, err)
			require.Equal(t, key, got)
		}
		require.Zero(t, executions.of("Other"), "another handler was reached")
	})
}

func TestEveryWayOfACallKeepsTheKey(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	for _, key := range keys {
		t.Run(fmt.Sprintf("%.20q", key), func(t *testing.T) {
			t.Parallel()
			ctx := testkit.Context(t)
			sent, err := ingress.Send0(ctx, ingress.NewObject[*Cart](client).Key(key), (*Cart).Key)
			require.NoError(t, err)
			got, err := sent.Attach(ctx)
			require.NoError(t, err)
			require.Equal(t, key, got)

			_, err = ingress.Call0(ctx, ingress.NewObject[*Cart](client).Key(key), (*Cart).Key, restate.WithIdempotencyKey("k"))
			require.NoError(t, err)
			got, _, err = ingress.Lookup0(ingress.NewObject[*Cart](client).Key(key), (*Cart).Key, restate.WithIdempotencyKey("k")).Output(ctx)
			require.NoError(t, err)
			require.Equal(t, key, got)

			signup := ingress.NewWorkflow[*Signup](client).ID(key)
			got, err = ingress.Call0(ctx, signup, (*Signup).ID)
			require.NoError(t, err)
			require.Equal(t, key, got)
			_, err = ingress.Send(ctx, signup, (*Signup).Run, "x")
			require.NoError(t, err)
			_, ready, err := ingress.Lookup(signup, (*Signup).Run).Output(ctx)
			require.NoError(t, err)
			require.False(t, ready)
		})
	}
}

// A service that client and server do not agree about, and a handler named as
// the server's own verb, are where a key could name a handler.
func TestAKeyNamesNoHandlerWhenTheKindIsWrong(t *testing.T) {
	t.Parallel()
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	before := executions.of("Greet " + testkit.NameOf(t))
	whom := testkit.NameOf(t)
	for _, h := range []string{"send", "Greet", "x"} {
		t.Run(h, func(t *testing.T) {
			_, err := ingress.Named[string, string](client, "Greeter", h).Key("Greet").Call(ctx, whom)
			require.Equal(t, http.StatusBadRequest, requireError(t, err).Status)
			_, err = ingress.Named[string, string](client, "Greeter", h).Key("Greet").Send(ctx, whom)
			require.Equal(t, http.StatusBadRequest, requireError(t, err).Status)
		})
	}
	_, err := ingress.Named[restate.Void, string](client, "Cart", "Key").Call(ctx, restate.Void{})
	require.Equal(t, http.StatusBadRequest, requireError(t, err).Status)
	require.Equal(t, before, executions.of("Greet "+testkit.NameOf(t)))
}

func TestAKeyTooLongForAURLIsRefused(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	_, err := ingress.Call0(testkit.Context(t), ingress.NewObject[*Cart](client).Key(strings.Repeat("x", 100_000)), (*Cart).Key)
	require.Equal(t, http.StatusRequestURITooLong, requireError(t, err).Status)
	_, err = ingress.Call0(testkit.Context(t), ingress.NewObject[*Cart](client).Key("x"), (*Cart).Key)
	require.NoError(t, err)
}

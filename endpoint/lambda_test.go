package endpoint_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/testkit"
)

func lambda(t testing.TB, cfg endpoint.Config, definitions ...restate.ServiceDefinition) (*endpoint.Endpoint, server.LambdaHandlerFunc) {
	t.Helper()
	cfg.Mode = endpoint.Lambda
	e, _ := newEndpoint(t, cfg, append(definitions, define(t, "shapes", &Shapes{}))...)
	h, err := e.LambdaHandler()
	require.NoError(t, err)
	require.NoError(t, e.Start(testkit.Context(t)))
	t.Cleanup(func() { stop(t, e) })
	return e, h
}

func TestLambdaTakesEvents(t *testing.T) {
	t.Parallel()
	e, h := lambda(t, endpoint.Config{})
	require.Nil(t, e.Addr(), "it listens")
	require.True(t, e.Config().RequestResponse)

	res, err := h(testkit.Context(t), server.LambdaRequest{Path: "/discover", Headers: map[string]string{"accept": discoveryV4}})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
	manifest, err := base64.StdEncoding.DecodeString(res.Body)
	require.NoError(t, err)
	require.Contains(t, string(manifest), `"protocolMode":"REQUEST_RESPONSE"`)
	require.Contains(t, string(manifest), `"name":"InOutErr"`)

	for name, event := range map[string]server.LambdaRequest{
		"path":     {Path: "/invoke/shapes/InOutErr"},
		"raw path": {RawPath: "/invoke/shapes/InOutErr"},
	} {
		t.Run(name, func(t *testing.T) {
			event.Headers = map[string]string{"content-type": invocationV5}
			event.IsBase64Encoded = true
			event.Body = base64.StdEncoding.EncodeToString(invocationOf("1", `{"sku":"a","amount":1}`))
			res, err = h(testkit.Context(t), event)
			require.NoError(t, err, name)
			require.Equal(t, http.StatusOK, res.StatusCode, name)
			out, err := base64.StdEncoding.DecodeString(res.Body)
			require.NoError(t, err, name)
			require.JSONEq(t, `{"sku":"a","amount":2}`, outputOf(t, out), name)
		})
	}
}

// guest is what an application adds to the contexts of its handlers.
type guest struct{}

// Welcome greets the guest.
type Welcome struct{}

func (Welcome) Greet(ctx restate.Context) (string, error) {
	return restate.Run(ctx, func(run restate.RunContext) (string, error) {
		return fmt.Sprintf("hello %v and %v", ctx.Value(guest{}), run.Value(guest{})), nil
	})
}

func TestContextsOfHandlersHaveTheValuesOfTheConfiguration(t *testing.T) {
	t.Parallel()
	cfg := endpoint.Config{Context: func(ctx context.Context) context.Context { return context.WithValue(ctx, guest{}, "Ada") }}

	t.Run("served over HTTP", func(t *testing.T) {
		t.Parallel()
		e, _ := start(t, cfg, define(t, name(t), &Welcome{}))
		registerAs(t, admin.RegisterDeploymentRequest{URI: url(e)})
		require.Equal(t, "hello Ada and Ada", testkit.Decode[string](t, testkit.Post(t, "/"+name(t)+"/Greet", nil)))
	})

	t.Run("as a Lambda function", func(t *testing.T) {
		t.Parallel()
		_, h := lambda(t, cfg, define(t, "greeter", &Welcome{}))
		res, err := h(testkit.Context(t), server.LambdaRequest{
			Path: "/invoke/greeter/Greet", Headers: map[string]string{"content-type": invocationV5},
			IsBase64Encoded: true, Body: base64.StdEncoding.EncodeToString(invocationOf("1", "")),
		})
		require.NoError(t, err)
		out, err := base64.StdEncoding.DecodeString(res.Body)
		require.NoError(t, err)
		require.Contains(t, string(out), "hello Ada and Ada")
	})
}

func TestLambdaRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	key := signingKey
	for _, tt := range []struct {
		name    string
		keys    []string
		path    string
		headers map[string]string
		want    int
	}{
		{"an unknown handler", nil, "/invoke/shapes/Nothing", nil, http.StatusNotFound},
		{"an unknown service", nil, "/invoke/nobody/InOutErr", nil, http.StatusNotFound},
		{"another path", nil, "/", nil, http.StatusNotFound},
		{"no path", nil, "", nil, http.StatusNotFound},
		{"health", nil, "/health", nil, http.StatusOK},
		{"health, with keys", []string{key.ID()}, "/health", nil, http.StatusOK},
		{"an unsigned discovery", []string{key.ID()}, "/discover", nil, http.StatusUnauthorized},
		{"an unsigned invocation", []string{key.ID()}, "/invoke/shapes/InOutErr", nil, http.StatusUnauthorized},
		{"an unsigned invocation of an unknown handler", []string{key.ID()}, "/invoke/shapes/Nothing", nil, http.StatusUnauthorized},
		{"a signed discovery", []string{key.ID()}, "/discover", map[string]string{
			"x-restate-signature-scheme": "v1", "x-restate-jwt-v1": key.Token("/discover", time.Hour), "accept": discoveryV4,
		}, http.StatusOK},
		{"a signed invocation of an unknown handler", []string{key.ID()}, "/invoke/shapes/Nothing", map[string]string{
			"x-restate-signature-scheme": "v1", "x-restate-jwt-v1": key.Token("/invoke/shapes/Nothing", time.Hour),
		}, http.StatusNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, h := lambda(t, endpoint.Config{IdentityKeys: tt.keys})
			res, err := h(testkit.Context(t), server.LambdaRequest{Path: tt.path, Headers: tt.headers})
			require.NoError(t, err)
			require.Equal(t, tt.want, res.StatusCode)
		})
	}
}

// A function may be invoked with any event, also by hand in a console.
func TestLambdaAnswersEventsThatAreNoInvocations(t *testing.T) {
	t.Parallel()
	_, h := lambda(t, endpoint.Config{})
	whole := invocationOf("1", `{"sku":"a","amount":1}`)
	encode := base64.StdEncoding.EncodeToString
	for _, tt := range []struct {
		name  string
		event server.LambdaRequest
		want  int
	}{
		{"nothing", server.LambdaRequest{}, http.StatusNotFound},
		{"no body", server.LambdaRequest{Path: "/invoke/shapes/InOutErr"}, http.StatusBadRequest},
		{"an empty base64 body", server.LambdaRequest{Path: "/invoke/shapes/InOutErr", IsBase64Encoded: true}, http.StatusBadRequest},
		{"a body that is no base64", server.LambdaRequest{Path: "/invoke/shapes/InOutErr", Body: "%%%", IsBase64Encoded: true}, http.StatusBadRequest},
		{"a plain text body", server.LambdaRequest{Path: "/invoke/shapes/InOutErr", Body: "{}"}, http.StatusBadRequest},
		{"half a body", server.LambdaRequest{Path: "/invoke/shapes/InOutErr", Body: encode(whole[:20]), IsBase64Encoded: true}, http.StatusBadRequest},
		{"a message of 4 GiB", server.LambdaRequest{Path: "/invoke/shapes/InOutErr", Body: encode(header(protocol.TypeStart, 1<<32-1)), IsBase64Encoded: true}, http.StatusRequestEntityTooLarge},
		{"a whole body of no known content type", server.LambdaRequest{Path: "/invoke/shapes/InOutErr", Body: encode(whole), IsBase64Encoded: true, Headers: map[string]string{"content-type": "text/plain"}}, http.StatusUnsupportedMediaType},
		{"a discovery without an accept header", server.LambdaRequest{Path: "/discover"}, http.StatusUnsupportedMediaType},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.event.Headers == nil {
				tt.event.Headers = map[string]string{"content-type": invocationV5}
			}
			res, err := h(testkit.Context(t), tt.event)
			require.NoError(t, err)
			require.Equal(t, tt.want, res.StatusCode)
		})
	}
}

func TestLambdaHandlerNeedsItsMode(t *testing.T) {
	t.Parallel()
	e, _ := newEndpoint(t, endpoint.Config{})
	_, err := e.LambdaHandler()
	require.EqualError(t, err, `endpoint: the Lambda handler needs mode "lambda", and Mode is "listen"`)
}

func TestWhetherRequestsAreSignedIsLoggedOnce(t *testing.T) {
	t.Parallel()
	for _, mode := range []endpoint.Mode{endpoint.Listen, endpoint.Lambda} {
		for line, keys := range map[string][]string{
			"anybody who reaches the endpoint can call its handlers": nil,
			"Validating requests using signing keys":                 {signingKey.ID()},
		} {
			t.Run(fmt.Sprintf("%s in mode %v", line, mode), func(t *testing.T) {
				e, logs := newEndpoint(t, endpoint.Config{Mode: mode, IdentityKeys: keys}, define(t, "shapes", &Shapes{}))
				if mode == endpoint.Lambda {
					_, err := e.LambdaHandler()
					require.NoError(t, err)
				}
				require.Equal(t, 1, logs.Filter(func(l observer.LoggedEntry) bool { return strings.HasPrefix(l.Message, line) }).Len(), "%s: %s", mode, line)
				require.Zero(t, logs.FilterMessageSnippet("request signatures").Len(), "the SDK's line")
			})
		}
	}
}

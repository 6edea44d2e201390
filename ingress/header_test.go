package ingress_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	sdkingress "github.com/restatedev/sdk-go/ingress"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// Whose is an input that declares a header.
type Whose struct {
	handler.In

	Tenant string `header:"x-tenant"`
	Type   string `header:"content-type"`
	Note   string `input:"note,omitempty"`
}

// Whose tells the tenant that the input has.
func (*Desk) Whose(_ restate.Context, in Whose) (string, error) {
	return in.Tenant + " " + in.Type, nil
}

// headersOf returns the headers that reached a handler through a route.
func headersOf(t *testing.T, route http.Handler, ctx context.Context, header ...string) map[string]string {
	t.Helper()
	carry := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { route.ServeHTTP(w, r.WithContext(ctx)) })
	w := request(t, carry, http.MethodGet, "/", "", header...)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	var headers map[string]string
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &headers))
	return headers
}

func TestARoutePassesOnTheHeadersThatTheInputDeclares(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	desk := ingress.NewService[*Desk](client)
	route := ingress.Handler(desk, (*Desk).Whose, nil)
	w := request(t, route, http.MethodPost, "/", `{}`, "X-Tenant", "acme")
	require.Equal(t, `"acme application/json"`, w.Body.String())
	w = request(t, ingress.Handler(desk, (*Desk).Whose, nil), http.MethodPost, "/", `{}`)
	require.Equal(t, `" application/json"`, w.Body.String())

	t.Run("unless the configuration has it", func(t *testing.T) {
		client := newClient(t, ingress.Config{Headers: map[string]string{"x-tenant": "ours"}})
		route := ingress.Handler(ingress.NewService[*Desk](client), (*Desk).Whose, nil)
		w := request(t, route, http.MethodPost, "/", `{}`, "X-Tenant", "theirs")
		require.Equal(t, `"ours application/json"`, w.Body.String())
	})
	t.Run("and refuses values that cannot be sent", func(t *testing.T) {
		for value, want := range map[string]string{
			"gr\u00fc\u00dfe":         "400 the header X-Tenant has characters other than printable ASCII",
			"a\x00b":                  "400 the header X-Tenant has characters other than printable ASCII",
			strings.Repeat("x", 9000): "431 the header X-Tenant is larger than 8192 bytes",
		} {
			w := request(t, route, http.MethodPost, "/", `{}`, "X-Tenant", value)
			p := problemOf(t, w)
			require.Equal(t, want, fmt.Sprint(p.Status, " ", p.Detail))
		}
	})
}

func TestARouteNamesMoreHeaders(t *testing.T) {
	t.Parallel()
	greeter := ingress.NewService[*Greeter](newClient(t, ingress.Config{}))
	route := ingress.Handler0(greeter, (*Greeter).Headers, &ingress.Route{Headers: []string{"x-request-id", "X-Absent"}})
	got := headersOf(t, route, t.Context(), "X-Request-Id", "r1", "X-Other", "o1")
	require.Equal(t, "r1", got["x-request-id"])
	require.NotContains(t, got, "x-absent")
	require.NotContains(t, got, "x-other")
}

func TestAHeaderOfTheContextIsInEveryCallBelow(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{Headers: map[string]string{"X-Tenant": "configured", "X-Env": "test"}})
	greeter := ingress.NewService[*Greeter](client)
	outer := ingress.WithHeader(testkit.Context(t), "x-tenant", "outer")
	ctx := ingress.WithHeader(ingress.WithHeader(outer, "X-TENANT", "acme"), "x-role", "admin")

	t.Run("in calls", func(t *testing.T) {
		got, err := ingress.Call0(ctx, greeter, (*Greeter).Headers)
		require.NoError(t, err)
		require.Equal(t, []string{"acme", "admin", "test"}, []string{got["x-tenant"], got["x-role"], got["x-env"]})
		got, err = ingress.Call0(outer, greeter, (*Greeter).Headers)
		require.NoError(t, err)
		require.Equal(t, "outer", got["x-tenant"])
		require.NotContains(t, got, "x-role")
	})
	t.Run("in sends", func(t *testing.T) {
		sent, err := ingress.Send0(ctx, greeter, (*Greeter).Headers)
		require.NoError(t, err)
		got, err := sent.Attach(testkit.Context(t))
		require.NoError(t, err)
		require.Equal(t, "acme", got["x-tenant"])
	})
	t.Run("in calls of the SDK's client", func(t *testing.T) {
		got, err := sdkingress.Service[restate.Void, map[string]string](client.Raw(), "Greeter", "Headers").Request(ctx, restate.Void{})
		require.NoError(t, err)
		require.Equal(t, "acme", got["x-tenant"])
	})
	t.Run("but for headers of the call", func(t *testing.T) {
		got, err := ingress.Call0(ctx, greeter, (*Greeter).Headers, restate.WithHeaders(map[string]string{"x-tenant": "option"}))
		require.NoError(t, err)
		require.Equal(t, []string{"option", "admin"}, []string{got["x-tenant"], got["x-role"]})
	})
	t.Run("in routes, whatever the client says", func(t *testing.T) {
		free := ingress.NewService[*Greeter](newClient(t, ingress.Config{}))
		route := ingress.Handler0(free, (*Greeter).Headers, &ingress.Route{Headers: []string{"x-tenant"}})
		require.Equal(t, "acme", headersOf(t, route, ctx, "X-Tenant", "forged")["x-tenant"])
		none := ingress.WithHeader(ctx, "x-tenant", "")
		require.Empty(t, headersOf(t, route, none, "X-Tenant", "forged")["x-tenant"])
	})
}

func TestHeadersThatCannotBeSentAreErrors(t *testing.T) {
	t.Parallel()
	log := new(logged)
	client := newClient(t, ingress.Config{Headers: map[string]string{"X-Env": "test"}, Logger: newLogger(log)})
	greeter := ingress.NewService[*Greeter](client)
	for name, want := range map[string]string{
		"Content-Length":  "ingress: Greeter/Ping: WithHeader: header Content-Length is about the connection or the length of the message, which net/http sets itself; leave it out",
		"Idempotency-Key": "ingress: Greeter/Ping: WithHeader: header Idempotency-Key would make all calls one; give each call its own with restate.WithIdempotencyKey",
		"x y":             "ingress: Greeter/Ping: WithHeader: \"x y\" is not a header name: use letters, digits and !#$%&'*+-.^_`|~ only",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ingress.Call0(ingress.WithHeader(t.Context(), name, "1"), greeter, (*Greeter).Ping)
			require.EqualError(t, err, want)
		})
	}

	ingress.Handler0(greeter, (*Greeter).Ping, &ingress.Route{Headers: []string{"x-env", "host", "Idempotency-Key", "Connection", "x y", "X-Fine"}})
	require.Len(t, log.all(), 1)
	for _, want := range []string{
		"ingress: Greeter/Ping: Headers: header X-Env is set for all calls by the client's Config, and a request must not replace it; leave it out of one of them",
		"Headers: header Host is that of the ingress; leave it out",
		"Headers: header Idempotency-Key is passed on where the handler can use it; leave it out",
		"Headers: header Connection is about the connection",
		"is not a header name",
	} {
		require.Contains(t, log.all()[0], want)
	}
	require.NotContains(t, log.all()[0], "X-Fine")
}

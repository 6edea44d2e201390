package endpoint_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
)

func otherKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return key
}

func TestBadIdentityKeysFailNew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, key, want string }{
		{"without the prefix", "w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f", `endpoint: IdentityKeys[1] is "w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f": it must be a public key that begins with "publickeyv1_"`},
		{"not base58", "publickeyv1_0OIl", "endpoint: IdentityKeys: invalid request identity keys: v1 public key must be valid base58"},
		{"too short", "publickeyv1_" + base58(make([]byte, 31)), "endpoint: IdentityKeys: invalid request identity keys: v1 public key must have exactly 32 bytes, found 31"},
		{"empty", "", `endpoint: IdentityKeys[1] is "": it must be a public key`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := endpoint.New(endpoint.Config{IdentityKeys: []string{keyID(signingKey), tt.key}}, nil)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestOnlySignedRequestsAreTaken(t *testing.T) {
	t.Parallel()
	e, lines := start(t, endpoint.Config{IdentityKeys: []string{keyID(otherKey(t)), keyID(signingKey)}}, define(t, name(t), &Waiter{}))
	ping := "/invoke/" + name(t) + "/Ping"
	signed := func(key ed25519.PrivateKey, path string, valid time.Duration) http.Header {
		return http.Header{"X-Restate-Signature-Scheme": {"v1"}, "X-Restate-Jwt-V1": {sign(key, path, valid)}}
	}
	for _, tt := range []struct {
		name         string
		method, path string
		header       http.Header
		want         int
	}{
		{"health is open", http.MethodGet, "/health", nil, http.StatusOK},
		{"discovery without a signature", http.MethodGet, "/discover", nil, http.StatusUnauthorized},
		{"an invocation without a signature", http.MethodPost, ping, nil, http.StatusUnauthorized},
		{"an unknown handler without a signature", http.MethodPost, ping + "s", nil, http.StatusUnauthorized},
		{"an invocation that says it is unsigned", http.MethodPost, ping, http.Header{"X-Restate-Signature-Scheme": {"unsigned"}}, http.StatusUnauthorized},
		{"an invocation with an empty claim", http.MethodPost, ping, http.Header{"X-Restate-Signature-Scheme": {"v1"}}, http.StatusUnauthorized},
		{"an unknown handler with an empty claim", http.MethodPost, ping + "s", http.Header{"X-Restate-Signature-Scheme": {"v1"}}, http.StatusUnauthorized},
		{"a wrong method with an empty claim", http.MethodGet, ping, http.Header{"X-Restate-Signature-Scheme": {"v1"}}, http.StatusUnauthorized},
		{"another server's signature", http.MethodGet, "/discover", signed(otherKey(t), "/discover", time.Minute), http.StatusUnauthorized},
		{"another server's signature of an unknown handler", http.MethodPost, ping + "s", signed(otherKey(t), ping+"s", time.Minute), http.StatusUnauthorized},
		{"a signature of another path", http.MethodPost, ping, signed(signingKey, "/discover", time.Minute), http.StatusUnauthorized},
		{"a signature of another path for an unknown handler", http.MethodPost, ping + "s", signed(signingKey, ping, time.Minute), http.StatusUnauthorized},
		{"a signature that expired", http.MethodGet, "/discover", signed(signingKey, "/discover", -time.Minute), http.StatusUnauthorized},
		{"discovery with a signature", http.MethodGet, "/discover", signed(signingKey, "/discover", time.Minute), http.StatusOK},
		{"an unknown handler with a signature", http.MethodPost, ping + "s", signed(signingKey, ping+"s", time.Minute), http.StatusNotFound},
		{"a wrong method with a signature", http.MethodGet, ping, signed(signingKey, ping, time.Minute), http.StatusMethodNotAllowed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(testContext(t), tt.method, url(e)+tt.path, http.NoBody)
			require.NoError(t, err)
			req.Header.Set("Accept", discoveryV4)
			req.Header.Set("Content-Type", "application/vnd.restate.invocation.v5")
			for k, v := range tt.header {
				req.Header[k] = v
			}
			a, err := do(req)
			require.NoError(t, err)
			require.Equal(t, tt.want, a.status, a.body)
		})
	}
	require.Zero(t, e.InFlight())
	// The SDK logs what it refuses itself, as an error; requests without a claim do
	// not get that far.
	require.Len(t, messages(lines, "Rejecting request as its JWT did not validate"), 4)
}

func TestAServerThatSignsIsServed(t *testing.T) {
	t.Parallel()
	e, _ := start(t, endpoint.Config{IdentityKeys: []string{keyID(signingKey)}}, define(t, name(t), &Waiter{}))
	register(t, url(e))
	require.Equal(t, "pong", callString(t, "/"+name(t)+"/Ping", nil))
}

func TestAServerThatSignsIsServedUnderAPrefix(t *testing.T) {
	t.Parallel()
	e, _ := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted, IdentityKeys: []string{keyID(signingKey)}}, define(t, name(t), &Waiter{}))
	mux := http.NewServeMux()
	mux.Handle("/of/restate/", e.Under("/of/restate"))
	register(t, serve(t, mux)+"/of/restate")
	require.Equal(t, "pong", callString(t, "/"+name(t)+"/Ping", nil))
}

func TestAnotherServerIsNotServed(t *testing.T) {
	t.Parallel()
	e, lines := start(t, endpoint.Config{IdentityKeys: []string{keyID(otherKey(t))}}, define(t, name(t), &Waiter{}))
	_, err := adminClient(t).RegisterDeployment(testContext(t), admin.RegisterDeploymentRequest{URI: url(e), Force: true})
	require.ErrorContains(t, err, "401")
	require.NotEmpty(t, lines.FilterLevelExact(zapcore.ErrorLevel).All())
}

package endpoint_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

func TestBadIdentityKeysFailNew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, key, want string }{
		{"without the prefix", "w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f", `endpoint: IdentityKeys[1] is "w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f": it must be a public key that begins with "publickeyv1_"`},
		{"not base58", "publickeyv1_0OIl", "endpoint: IdentityKeys: invalid request identity keys: v1 public key must be valid base58"},
		{"too short", "publickeyv1_" + testkit.Base58(make([]byte, 31)), "endpoint: IdentityKeys: invalid request identity keys: v1 public key must have exactly 32 bytes, found 31"},
		{"empty", "", `endpoint: IdentityKeys[1] is "": it must be a public key`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := endpoint.New(endpoint.Config{IdentityKeys: []string{signingKey.ID(), tt.key}}, nil)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestOnlySignedRequestsAreTaken(t *testing.T) {
	t.Parallel()
	e, lines := start(t, endpoint.Config{IdentityKeys: []string{testkit.NewSigningKey(t).ID(), signingKey.ID()}}, define(t, name(t), &Waiter{}))
	ping := "/invoke/" + name(t) + "/Ping"
	signed := func(key testkit.SigningKey, path string, valid time.Duration) http.Header {
		return http.Header{"X-Restate-Signature-Scheme": {"v1"}, "X-Restate-Jwt-V1": {key.Token(path, valid)}}
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
		{"another server's signature", http.MethodGet, "/discover", signed(testkit.NewSigningKey(t), "/discover", time.Minute), http.StatusUnauthorized},
		{"another server's signature of an unknown handler", http.MethodPost, ping + "s", signed(testkit.NewSigningKey(t), ping+"s", time.Minute), http.StatusUnauthorized},
		{"a signature of another path", http.MethodPost, ping, signed(signingKey, "/discover", time.Minute), http.StatusUnauthorized},
		{"a signature of another path for an unknown handler", http.MethodPost, ping + "s", signed(signingKey, ping, time.Minute), http.StatusUnauthorized},
		{"a signature that expired", http.MethodGet, "/discover", signed(signingKey, "/discover", -time.Minute), http.StatusUnauthorized},
		{"discovery with a signature", http.MethodGet, "/discover", signed(signingKey, "/discover", time.Minute), http.StatusOK},
		{"an unknown handler with a signature", http.MethodPost, ping + "s", signed(signingKey, ping+"s", time.Minute), http.StatusNotFound},
		{"a wrong method with a signature", http.MethodGet, ping, signed(signingKey, ping, time.Minute), http.StatusMethodNotAllowed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(testkit.Context(t), tt.method, url(e)+tt.path, http.NoBody)
			require.NoError(t, err)
			req.Header.Set("Accept", discoveryV4)
			req.Header.Set("Content-Type", "application/vnd.restate.invocation.v5")
			for k, v := range tt.header {
				req.Header[k] = v
			}
			a, err := testkit.Do(req)
			require.NoError(t, err)
			require.Equal(t, tt.want, a.Status, a.Text())
		})
	}
	require.Zero(t, e.InFlight())
	stop(t, e)
	require.Equal(t, 12, countRefused(t, lines))
}

// countRefused adds up the lines about requests that are not signed.
func countRefused(t testing.TB, lines *observer.ObservedLogs) (n int) {
	t.Helper()
	for _, l := range messages(lines, "refused requests that are not signed with one of IdentityKeys") {
		require.Equal(t, zapcore.WarnLevel, l.Level)
		n += int(l.ContextMap()["requests"].(int64))
	}
	return n
}

// A forged claim is found out before it takes anything from those who sign.
func TestForgedRequestsTakeNoPlaceAndFewLines(t *testing.T) {
	t.Parallel()
	w := newWorker()
	e, lines := start(t, endpoint.Config{MaxInFlight: 1, IdentityKeys: []string{signingKey.ID()}}, define(t, name(t), w))
	register(t, url(e))
	id := testkit.Submit(t, "/"+name(t)+"/Step", nil)
	testkit.Receive(t, w.begun)
	quiet := lines.Len()

	const forged, callers = 2000, 8
	path := "/invoke/" + name(t) + "/Step"
	token := testkit.NewSigningKey(t).Token(path, time.Minute)
	var all sync.WaitGroup
	begin := time.Now()
	for range callers {
		all.Go(func() {
			for range forged / callers {
				req := invocationRequest(testkit.Context(t), e, "Step", nil)
				req.Header.Set("X-Restate-Signature-Scheme", "v1")
				req.Header.Set("X-Restate-Jwt-V1", token)
				if a, err := testkit.Do(req); err != nil || a.Status != http.StatusUnauthorized {
					t.Errorf("%v: %v", a, err)
				}
			}
		})
	}
	all.Wait()
	seconds := int(time.Since(begin)/time.Second) + 1
	require.Equal(t, 1, e.InFlight())
	require.Zero(t, endpoint.Held(e))
	close(w.release)
	require.Equal(t, 1, testkit.Decode[int](t, testkit.Attach(t, id)))
	stop(t, e)
	require.Equal(t, forged, countRefused(t, lines))
	refused := 0
	for _, l := range lines.All()[quiet:] {
		if l.Level >= zapcore.WarnLevel {
			refused++
		}
	}
	require.LessOrEqual(t, refused, seconds+2)
}

func TestAServerThatSignsIsServed(t *testing.T) {
	t.Parallel()
	e, _ := start(t, endpoint.Config{IdentityKeys: []string{signingKey.ID()}}, define(t, name(t), &Waiter{}))
	register(t, url(e))
	require.Equal(t, "pong", callString(t, "/"+name(t)+"/Ping", nil))
}

func TestAServerThatSignsIsServedUnderAPrefix(t *testing.T) {
	t.Parallel()
	e, _ := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted, IdentityKeys: []string{signingKey.ID()}}, define(t, name(t), &Waiter{}))
	mux := http.NewServeMux()
	mux.Handle("/of/restate/", e.Under("/of/restate"))
	register(t, serve(t, mux)+"/of/restate")
	require.Equal(t, "pong", callString(t, "/"+name(t)+"/Ping", nil))
}

func TestAnotherServerIsNotServed(t *testing.T) {
	t.Parallel()
	e, lines := start(t, endpoint.Config{IdentityKeys: []string{testkit.NewSigningKey(t).ID()}}, define(t, name(t), &Waiter{}))
	_, err := testkit.Admin().RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{URI: url(e), Force: true})
	require.ErrorContains(t, err, "401")
	require.NotZero(t, countRefused(t, lines))
}

func TestAnEndpointThatAnybodyCanCallIsAWarningUnlessOnlyThisMachineReachesIt(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]zapcore.Level{
		"127.0.0.1:0": zapcore.DebugLevel, "127.1.2.3:0": zapcore.DebugLevel, "localhost:0": zapcore.DebugLevel, "[::1]:0": zapcore.DebugLevel,
		"": zapcore.WarnLevel, ":0": zapcore.WarnLevel, "0.0.0.0:0": zapcore.WarnLevel, "10.0.0.1:0": zapcore.WarnLevel, "localhost.example.com:0": zapcore.WarnLevel,
	} {
		t.Run("at "+addr, func(t *testing.T) {
			_, logs := newEndpoint(t, endpoint.Config{Addr: addr})
			lines := logs.FilterMessageSnippet("anybody who reaches the endpoint").All()
			require.Len(t, lines, 1)
			require.Equal(t, want, lines[0].Level)
		})
	}
	t.Run("in a server of the user's", func(t *testing.T) {
		_, logs := newEndpoint(t, endpoint.Config{Mode: endpoint.Mounted})
		require.Equal(t, zapcore.WarnLevel, logs.FilterMessageSnippet("anybody who reaches the endpoint").All()[0].Level)
	})
	t.Run("in a Lambda function", func(t *testing.T) {
		_, logs := newEndpoint(t, endpoint.Config{Mode: endpoint.Lambda})
		require.Equal(t, zapcore.DebugLevel, logs.FilterMessageSnippet("anybody who reaches the endpoint").All()[0].Level)
		require.Zero(t, logs.FilterLevelExact(zapcore.WarnLevel).Len())
	})
}

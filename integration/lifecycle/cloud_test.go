package lifecycle_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/integration/internal/sample"
	"github.com/fxrestate/go/internal/testkit"
)

const (
	cloudHost  = "20d1231jyphzkm8.env.eu.restate.cloud"
	cloudToken = "key_s3cret"
)

// cloud is what an application sees of an environment of Restate Cloud: the package's
// server behind the environment's names, with TLS and a token.
type cloud struct {
	ingress, admin *testkit.Proxy
	client         *http.Client // finds and trusts nothing else
}

func newCloud(t testing.TB) *cloud {
	t.Helper()
	c := &cloud{
		ingress: testkit.NewProxy(t, testkit.Server().IngressURL()),
		admin:   testkit.NewProxy(t, testkit.Server().AdminURL()),
	}
	c.ingress.Token, c.admin.Token = cloudToken, cloudToken
	certificate, pool := certify(t, cloudHost)
	serve := func(p *testkit.Proxy) string {
		s := httptest.NewUnstartedServer(p.Config.Handler)
		s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	names := map[string]string{cloudHost + ":8080": serve(c.ingress), cloudHost + ":9070": serve(c.admin)}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			to, known := names[addr]
			if !known {
				return nil, fmt.Errorf("%s is not in Restate Cloud", addr)
			}
			return new(net.Dialer).DialContext(ctx, network, to)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	c.client = &http.Client{Transport: transport}
	return c
}

// config is that of an application which knows only Cloud of the server.
func (c *cloud) config() fxrestate.Config {
	cfg := testkit.Config()
	cfg.Cloud = &fxrestate.Cloud{EnvironmentID: "env_20d1231jyphzkm8", Region: "eu", Token: cloudToken, IdentityKey: signingKey.ID()}
	cfg.Ingress = ingress.Config{HTTPClient: c.client}
	cfg.Admin = admin.Config{HTTPClient: c.client}
	return cfg
}

// certify makes a certificate of a name, and a pool that trusts it.
func certify(t testing.TB, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestApplicationOfRestateCloudSendsItsTokenToItsEnvironment(t *testing.T) {
	t.Parallel()
	c, job, name := newCloud(t), sample.NewJob(), testkit.Unique("job")
	job.Succeed()
	var client *ingress.Client
	a := testkit.StartWith(t, c.config(), fxrestate.Service[*sample.Job](testkit.Made(job), fxrestate.Name(name)), fx.Populate(&client))
	require.Len(t, c.admin.Seen(http.MethodPost, "/deployments"), 1, "registered through the environment")
	a.Serves(t, name)
	require.Empty(t, a.Lines("this may be a mistake"), "what Cloud sets is not for a Config that an fx.Module decorates")

	require.NoError(t, ingress.Call0Void(t.Context(), ingress.NewService[*sample.Job](client), (*sample.Job).Plain))
	require.Len(t, c.ingress.Seen(http.MethodPost, "/restate/call/"+name+"/Plain"), 1)
	for _, r := range append(c.admin.Seen("", ""), c.ingress.Seen("", "")...) {
		require.Equal(t, "Bearer "+cloudToken, r.Header.Get("Authorization"), "%s %s", r.Method, r.Path)
	}
	for _, line := range a.Logs.All() {
		require.NotContains(t, fmt.Sprint(line.Message, line.ContextMap()), "s3cret")
	}
}

func TestTokenOfRestateCloudIsNotSentElsewhere(t *testing.T) {
	t.Parallel()
	var client *ingress.Client
	c, cfg, job, calls := newCloud(t), testkit.Config(), sample.NewJob(), testkit.NewProxy(t, testkit.Server().IngressURL())
	job.Succeed()
	cfg.Cloud = c.config().Cloud
	cfg.Ingress.URL = calls.URL
	testkit.StartWith(t, cfg, fxrestate.Service[*sample.Job](testkit.Made(job), fxrestate.Name(testkit.Unique("job"))), fx.Populate(&client))
	require.NoError(t, ingress.Call0Void(t.Context(), ingress.NewService[*sample.Job](client), (*sample.Job).Plain))
	require.Len(t, calls.Seen("", ""), 1)
	require.NotContains(t, calls.Seen("", "")[0].Header, "Authorization")
	require.Empty(t, c.ingress.Seen("", ""))
	require.Empty(t, c.admin.Seen("", ""))
}

func TestEndpointOfRestateCloudTakesOnlyWhatItsEnvironmentSigned(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("job")
	a := testkit.StartWith(t, newCloud(t).config(), fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(name)))
	other, invoke := testkit.NewSigningKey(t), "/invoke/"+name+"/Plain"
	for of, test := range map[string]struct {
		method, path, token string
		want                int
	}{
		"a discovery without a signature":             {http.MethodGet, "/discover", "", http.StatusUnauthorized},
		"an invocation without a signature":           {http.MethodPost, invoke, "", http.StatusUnauthorized},
		"a discovery that another server signed":      {http.MethodGet, "/discover", other.Token("/discover", time.Minute), http.StatusUnauthorized},
		"an invocation that another server signed":    {http.MethodPost, invoke, other.Token(invoke, time.Minute), http.StatusUnauthorized},
		"a discovery that the environment signed":     {http.MethodGet, "/discover", signingKey.Token("/discover", time.Minute), http.StatusOK},
		"a probe of the endpoint, which needs no key": {http.MethodGet, "/health", "", http.StatusOK},
	} {
		t.Run(of, func(t *testing.T) {
			t.Parallel()
			headers := []string{"Accept", "application/vnd.restate.endpointmanifest.v4+json", "Content-Type", "application/vnd.restate.invocation.v5"}
			if test.token != "" {
				headers = append(headers, "X-Restate-Signature-Scheme", "v1", "X-Restate-Jwt-V1", test.token)
			}
			got := testkit.Request(t, test.method, a.URL()+test.path, nil, headers...)
			require.Equal(t, test.want, got.Status, got.Text())
		})
	}
}

func TestRegistrationBehindATunnelIsForItsURL(t *testing.T) {
	t.Parallel()
	for of, test := range map[string]struct {
		change func(*fxrestate.Config)
		want   func(port int) string
	}{
		"the machine of the tunnel's client": {
			func(c *fxrestate.Config) { c.Register = nil },
			func(port int) string { return fmt.Sprintf("localhost/%d", port) },
		},
		"another host": {
			func(c *fxrestate.Config) { c.Register.URL, c.Register.Required = "http://orders.shop.svc:9080", false },
			func(int) string { return "orders.shop.svc/9080" },
		},
	} {
		t.Run(of, func(t *testing.T) {
			t.Parallel()
			c := newCloud(t)
			cfg := c.config()
			cfg.Cloud.Tunnel = "test-tunnel"
			test.change(&cfg)
			// No server here reaches a tunnel: this one says so at once.
			sent := make(chan string, 10)
			cfg.Admin.HTTPClient = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				if r.Method != http.MethodPost || r.URL.Path != "/deployments" {
					return c.client.Transport.RoundTrip(r)
				}
				var body struct{ URI string }
				err := json.NewDecoder(r.Body).Decode(&body)
				sent <- body.URI
				answer := httptest.NewRecorder()
				http.Error(answer, `{"message":"there is no tunnel"}`, http.StatusBadRequest)
				return answer.Result(), err
			})}
			a := testkit.StartWith(t, cfg, fxrestate.Service[*sample.Job](sample.NewJob, fxrestate.Name(testkit.Unique("job"))))
			require.Equal(t, "https://tunnel.eu.restate.cloud:9080/20d1231jyphzkm8/test-tunnel/http/"+test.want(a.Endpoint.Port()), testkit.Receive(t, sent))
			require.ErrorContains(t, a.Health.Ready(), "there is no tunnel")
		})
	}
}

// transport is one of a function.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func TestMistakesInCloudAreErrorsOfNewWithAllOthers(t *testing.T) {
	t.Parallel()
	err := testkit.NewError(t,
		fx.Supply(fxrestate.Config{
			Cloud:    &fxrestate.Cloud{EnvironmentID: "20d1231jyphzkm8", Token: cloudToken, IdentityKey: cloudToken, Tunnel: "a tunnel"},
			Endpoint: endpoint.Config{MaxInFlight: -1},
		}),
		fxrestate.Service[*sample.Job](sample.NewJob),
	)
	for _, want := range []string{
		`fxrestate: Cloud.EnvironmentID is "20d1231jyphzkm8": it must be`,
		`fxrestate: Cloud.Region is "": it must be`,
		`fxrestate: Cloud.IdentityKey is "[redacted]": it must be`,
		`fxrestate: Cloud.Tunnel is "a tunnel": it must be`,
		`endpoint: MaxInFlight is -1: it must be positive, or 0 for the default`,
	} {
		t.Run(want, func(t *testing.T) {
			require.ErrorContains(t, err, want)
		})
	}
	require.NotContains(t, err.Error(), cloudToken)
}

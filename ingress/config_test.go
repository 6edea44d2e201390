package ingress_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

func TestConfigSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cfg  ingress.Config
		want []string
	}{
		"no URL":    {ingress.Config{URL: "://"}, []string{`ingress: URL "://": not a URL, want something like "http://localhost:8080"`}},
		"no scheme": {ingress.Config{URL: "localhost:8080"}, []string{"does not start with http:// or https://"}},
		"no host":   {ingress.Config{URL: "http://"}, []string{"has no host"}},
		"a query":   {ingress.Config{URL: "http://localhost?x=1"}, []string{"has a query or fragment"}},
		"two credentials": {
			ingress.Config{URL: "http://user:password@localhost", AuthToken: "token"},
			[]string{"URL and AuthToken both carry credentials: set one of them"},
		},
		"a token and an Authorization": {
			ingress.Config{AuthToken: "token", Headers: map[string]string{"authorization": "Basic password"}},
			[]string{"ingress: AuthToken and Headers both carry credentials: set one of them"},
		},
		"credentials everywhere": {
			ingress.Config{URL: "http://user:password@localhost", AuthToken: "token", Headers: map[string]string{"authorization": "Basic password"}},
			[]string{"ingress: URL, AuthToken and Headers all carry credentials: set one of them"},
		},
		"one header twice": {
			ingress.Config{Headers: map[string]string{"X-Tenant": "blue", "x-tenant": "green"}},
			[]string{`ingress: Headers: headers "X-Tenant" and "x-tenant" are the same; remove one of them`},
		},
		"headers that are not sent": {
			ingress.Config{Headers: unsent()},
			[]string{
				"Headers: header Connection is about", "Headers: header Content-Length is about", "Headers: header Expect is about",
				"Headers: header Keep-Alive is about", "Headers: header Proxy-Connection is about", "Headers: header Te is about",
				"Headers: header Trailer is about", "Headers: header Transfer-Encoding is about", "Headers: header Upgrade is about",
				"Headers: header Content-Type is that of each call's input",
			},
		},
		"a host that is none":  {ingress.Config{Headers: map[string]string{"Host": "http://localhost/"}}, []string{"Headers: header Host: the value is not a host"}},
		"a host that is empty": {ingress.Config{Headers: map[string]string{"Host": ""}}, []string{"Headers: header Host: the value is not a host"}},
		"several at once": {
			ingress.Config{
				URL: "ftp://user:password@localhost", AuthToken: "token\n",
				Headers: map[string]string{"X Y": "z", "X-Z": "a\r\nb", "idempotency-key": "k"},
				Retry:   ingress.Retry{MaxAttempts: -1, InitialInterval: -1, MaxInterval: -1},
			},
			[]string{
				`ingress: URL "ftp://localhost"`, "AuthToken: has a line break",
				`Headers: "X Y" is not a header name`, `the value of header "X-Z" has a line break`, "Idempotency-Key would make all calls one",
				"Retry.MaxAttempts is -1", "Retry.InitialInterval is -1ns", "Retry.MaxInterval is -1ns",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ingress.New(test.cfg, nil)
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "password")
			require.NotContains(t, err.Error(), "token")
		})
	}
}

// unsent are headers that net/http drops or acts upon instead of sending them.
func unsent() map[string]string {
	return map[string]string{
		"connection": "close", "content-length": "7", "Expect": "100-continue", "Keep-Alive": "timeout=5", "proxy-connection": "close",
		"TE": "trailers", "trailer": "X", "transfer-encoding": "chunked", "Upgrade": "h2c", "content-type": "text/plain",
	}
}

func TestTheHostIsSentAsSuch(t *testing.T) {
	t.Parallel()
	hosts := make(chan string, 1)
	url := gateway(t, testkit.Server().IngressURL(), func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		hosts <- r.Host
		pass.ServeHTTP(w, r)
	})
	ctx, client := testkit.Context(t), newClient(t, ingress.Config{URL: url, Headers: map[string]string{"host": "restate.example.com"}})
	greeter := ingress.NewService[*Greeter](client)
	var sent ingress.Handle[string]
	for name, test := range map[string]struct {
		want string
		make func() error
	}{
		"with a call": {"restate.example.com", func() error {
			_, err := ingress.Call(ctx, greeter, (*Greeter).Greet, "Ada")
			return err
		}},
		"with a send": {"restate.example.com", func() (err error) {
			sent, err = ingress.Send(ctx, greeter, (*Greeter).Greet, "Ada")
			return err
		}},
		"with a call that has another": {"other.example.com:81", func() error {
			_, err := ingress.Call(ctx, greeter, (*Greeter).Greet, "Ada", restate.WithHeaders(map[string]string{"Host": "other.example.com:81"}))
			return err
		}},
		"with a question": {"restate.example.com", func() error {
			_, err := ingress.Lookup(greeter, (*Greeter).Greet, restate.WithIdempotencyKey("x")).ID(ctx)
			return err
		}},
		"with what the SDK's client sends": {"restate.example.com", func() error {
			_, err := rawGreet(ctx, client)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, test.make())
			require.Equal(t, test.want, <-hosts)
		})
	}
	require.NotEmpty(t, idOf(t, sent))
}

func TestTheZeroConfigIsAServerOnThisMachine(t *testing.T) {
	t.Parallel()
	client, err := ingress.New(ingress.Config{}, nil)
	require.NoError(t, err)
	require.Equal(t, "http://localhost:8080", client.URL())
	require.Equal(t, "ingress.Client(http://localhost:8080)", fmt.Sprint(client))
	require.Equal(t, "ingress.Client(http://localhost:8080)", fmt.Sprintf("%#v", client))
}

func TestConfigKeepsItsSecrets(t *testing.T) {
	t.Parallel()
	cfg := ingress.Config{
		URL: "http://user:password@localhost:8080", AuthToken: "token",
		Headers: map[string]string{"X-Key": "header-secret"},
	}
	encoded, err := json.Marshal(cfg)
	require.NoError(t, err)
	for _, shown := range []string{fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), string(encoded)} {
		t.Run(shown, func(t *testing.T) {
			require.Contains(t, shown, "http://localhost:8080")
			require.Contains(t, shown, "X-Key")
			for _, secret := range []string{"password", "token ", "header-secret"} {
				t.Run(secret, func(t *testing.T) {
					require.NotContains(t, shown, secret)
				})
			}
		})
	}
}

func TestCredentialsAndHeadersAreSentWithEveryRequest(t *testing.T) {
	t.Parallel()
	// A gateway that lets nobody in without them, as Restate Cloud's does.
	wantAuth := "Bearer secret-token"
	url := gateway(t, testkit.Server().IngressURL(), func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if r.Header.Get("Authorization") != wantAuth || r.Header.Get("X-Tenant") != "blue" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		pass.ServeHTTP(w, r)
	})
	cfg := ingress.Config{URL: url, AuthToken: "secret-token", Headers: map[string]string{"x-tenant": "blue"}}
	ctx, client := testkit.Context(t), newClient(t, cfg)
	greeter := ingress.NewService[*Greeter](client)

	_, err := ingress.Call(ctx, greeter, (*Greeter).Greet, "Ada")
	require.NoError(t, err)
	sent, err := ingress.Send(ctx, greeter, (*Greeter).Wait, testkit.NameOf(t))
	require.NoError(t, err)
	_, _, err = sent.Output(ctx)
	require.NoError(t, err)
	require.NoError(t, ingress.Resolve(ctx, client, gateOpened, gateID(t, client, testkit.NameOf(t)), "x"))
	_, err = sent.Attach(ctx)
	require.NoError(t, err)
	waiting, err := ingress.Send(ctx, greeter, (*Greeter).Wait, testkit.NameOf(t)+"2")
	require.NoError(t, err)
	require.NoError(t, ingress.Reject(ctx, client, gateOpened, gateID(t, client, testkit.NameOf(t)+"2"), errors.New("x")))
	_, err = waiting.Attach(ctx)
	require.True(t, restate.IsTerminalError(err), "%v", err)

	cfg.AuthToken = "wrong"
	_, err = ingress.Call(ctx, ingress.NewService[*Greeter](newClient(t, cfg)), (*Greeter).Greet, "Ada")
	require.Equal(t, http.StatusUnauthorized, requireError(t, err).Status)
}

func TestCredentialsOfTheURLAreBasicAuthentication(t *testing.T) {
	t.Parallel()
	recorder := newRecorder(t, testkit.Server().IngressURL())
	client := newClient(t, ingress.Config{URL: "http://user:password@" + recorder.url[len("http://"):] + "/"})
	_, err := ingress.Call0(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Ping)
	require.NoError(t, err)
	user, password, ok := recorder.all()[0].BasicAuth()
	require.True(t, ok)
	require.Equal(t, "user:password", user+":"+password)
	require.Equal(t, recorder.url, client.URL())
}

func TestHeadersOfACallOverrideThoseOfTheClient(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{Headers: map[string]string{"X-Tenant": "blue", "X-Region": "eu"}})
	headers, err := ingress.Call0(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Headers,
		restate.WithHeaders(map[string]string{"x-tenant": "green"}))
	require.NoError(t, err)
	require.Equal(t, "green", headers["x-tenant"])
	require.Equal(t, "eu", headers["x-region"])
	require.Regexp(t, `^fxrestate/(devel|\d+\.\d+\.\d+\S*)$`, headers["user-agent"])
}

func TestAPathInTheURLIsAPrefix(t *testing.T) {
	t.Parallel()
	url := gateway(t, testkit.Server().IngressURL(), func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		http.StripPrefix("/gateway/restate", pass).ServeHTTP(w, r)
	})
	client := newClient(t, ingress.Config{URL: url + "/gateway/restate/"})
	key, err := ingress.Call0(testkit.Context(t), ingress.NewObject[*Cart](client).Key("a/b?"), (*Cart).Key)
	require.NoError(t, err)
	require.Equal(t, "a/b?", key)
}

func TestTheHTTPClientCanBeGiven(t *testing.T) {
	t.Parallel()
	traced := &tracing{next: ingress.NewTransport()}
	client := newClient(t, ingress.Config{HTTPClient: &http.Client{Transport: traced}})
	headers, err := ingress.Call0(testkit.Context(t), ingress.NewService[*Greeter](client), (*Greeter).Headers)
	require.NoError(t, err)
	require.Equal(t, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", headers["traceparent"])

	limited := newClient(t, ingress.Config{URL: silent(t), HTTPClient: &http.Client{Timeout: 20 * time.Millisecond}})
	_, err = ingress.Call(testkit.Context(t), ingress.NewService[*Greeter](limited), (*Greeter).Greet, "Ada")
	var broken *ingress.ConnectionError
	require.ErrorAs(t, err, &broken)
}

// tracing is what otelhttp's transport is.
type tracing struct{ next http.RoundTripper }

func (t *tracing) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	return t.next.RoundTrip(r)
}

func (t *tracing) CloseIdleConnections() {
	t.next.(interface{ CloseIdleConnections() }).CloseIdleConnections()
}

package admin_test

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

func TestErrorsOfTheServer(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})

	t.Run("an endpoint that is not there is META0003", func(t *testing.T) {
		t.Parallel()
		_, err := client.RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{URI: "http://127.0.0.1:1", Force: true})
		failed := requireError(t, err, http.StatusInternalServerError, "META0003")
		require.Contains(t, failed.Message, "http://127.0.0.1:1/")
		require.NotContains(t, failed.Message, "[META", "the code stands in Code")
		require.ErrorContains(t, err, "admin: POST "+client.URL()+"/deployments: status 500 META0003: ")
		require.ErrorContains(t, err, "from where the server runs")
		require.True(t, admin.Retryable(err))
	})
	t.Run("a listener without HTTP/2 is META0014", func(t *testing.T) {
		t.Parallel()
		_, err := client.RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{URI: oldServer(t), Force: true})
		requireError(t, err, http.StatusInternalServerError, "META0014")
		require.ErrorContains(t, err, "register with HTTP/1.1")
		require.False(t, admin.Retryable(err))
	})
	t.Run("a web site is META0013", func(t *testing.T) {
		t.Parallel()
		site := "http://" + testkit.Listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "welcome") }))
		_, err := client.RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{URI: site, Force: true})
		requireError(t, err, http.StatusInternalServerError, "META0013")
		require.False(t, admin.Retryable(err))
	})
	t.Run("a service of another kind is META0006", func(t *testing.T) {
		t.Parallel()
		register(t, client, serve(t, echoService("Kind")))
		_, err := client.RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{URI: serve(t, counterObject("Kind"))})
		failed := requireError(t, err, http.StatusConflict, "META0006")
		require.Contains(t, failed.Message, "'Kind'")
		require.False(t, admin.Retryable(err))
	})
	t.Run("plain text keeps its status", func(t *testing.T) {
		t.Parallel()
		_, err := client.Deployment(testkit.Context(t), "nope")
		failed := requireError(t, err, http.StatusBadRequest, "")
		require.Contains(t, failed.Message, "bad format")
		require.False(t, admin.Retryable(err))
	})
	t.Run("an empty body gets the status' name", func(t *testing.T) {
		t.Parallel()
		url := testkit.Server().AdminURL() + "/nothing"
		err := newClient(t, admin.Config{URL: url}).Health(testkit.Context(t))
		requireError(t, err, http.StatusNotFound, "")
		require.EqualError(t, err, "admin: GET "+url+"/health: status 404: Not Found (this may not be an admin API, which is on port 9070 of the server by default)")
	})
}

// oldServer speaks HTTP/1.1 only.
func oldServer(t testing.TB) string {
	srv := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	return strings.Replace(srv.URL, "127.0.0.1", testkit.Server().EndpointHost(), 1)
}

func TestEachCodeOfTheDocumentationHasAHint(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17} {
		t.Run(fmt.Sprintf("META%04d", n), func(t *testing.T) {
			failed := &admin.Error{Status: http.StatusInternalServerError, Code: fmt.Sprintf("META%04d", n)}
			require.NotEmpty(t, failed.Hint(), failed.Code)
			require.Equal(t, n == 3 || n == 5, failed.Retryable(), failed.Code)
		})
	}
}

func TestRetryableByStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{
		400: false, 401: false, 403: false, 404: false, 409: false, 422: false, 501: false, 302: false,
		408: true, 425: true, 429: true, 500: true, 502: true, 503: true, 504: true,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			err := fmt.Errorf("wrapped: %w", &admin.Error{Status: status})
			require.Equal(t, want, admin.Retryable(err), status)
		})
	}
	require.False(t, admin.Retryable(nil))
	require.False(t, admin.Retryable(io.EOF))
}

func TestErrorBodiesOfGateways(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"a page with control characters": {502, "<html>\r\n\tbad\x00 \x1b[31mgateway\u202e</html>", "<html> bad [31mgateway </html>"},
		"not UTF-8":                      {502, "bad\xff\xfegateway", "bad gateway"},
		"JSON of another shape":          {503, `{"error":"busy"}`, `{"error":"busy"}`},
		"JSON that is not an object":     {503, `["busy"]`, `["busy"]`},
		"a message of another type":      {503, `{"message":1}`, `{"message":1}`},
		"only white space":               {503, " \n ", ""},
		"a very long one":                {503, strings.Repeat("x", 1<<20), strings.Repeat("x", 1000) + "…"},
		"a token that is repeated":       {401, "no entry for t0ken-t0ken!", "no entry for [redacted]!"},
		"a header that is repeated":      {403, `{"message":"unknown key abcdef"}`, "unknown key [redacted]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gate := newGateway(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			})
			err := newClient(t, admin.Config{
				URL:       gate.url,
				AuthToken: "t0ken-t0ken",
				Headers:   map[string]string{"X-Key": "abcdef"},
			}).Health(testkit.Context(t))
			require.Equal(t, test.want, requireError(t, err, test.status, "").Message)
		})
	}
}

// An error is one short line, whatever the response and the requested id are.
func TestErrorsSayLittleOfWhatIsLong(t *testing.T) {
	t.Parallel()
	const big = 200_000
	long, digits := strings.Repeat("x", big), strings.Repeat("9", big)
	for name, test := range map[string]struct {
		status   int
		body, id string
	}{
		"a number without an end":               {status: 200, body: `{"revision":` + digits + `}`},
		"a number without an end for a boolean": {status: 200, body: `{"public":` + digits + `}`},
		"a text that is not JSON":               {status: 200, body: long},
		"a code without an end":                 {status: 500, body: `{"message":"x","restate_code":"` + long + `"}`},
		"an id without an end, unknown":         {status: 404, id: long},
		"an id without an end, not decoded":     {status: 200, body: "{", id: long},
		"an id without an end, and no answer":   {id: long},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gate := newGateway(t, func(w http.ResponseWriter, _ *http.Request) {
				if test.status == 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			})
			_, err := newClient(t, admin.Config{URL: gate.url}).Service(testkit.Context(t), cmp.Or(test.id, "name"))
			require.Error(t, err)
			text := err.Error()
			require.LessOrEqual(t, len(text), 4000)
			for _, r := range text {
				require.True(t, unicode.IsPrint(r), "%q", r)
			}
		})
	}
}

func TestRejectedTokenSaysSo(t *testing.T) {
	t.Parallel()
	gate := newGateway(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	err := newClient(t, admin.Config{URL: gate.url}).Health(testkit.Context(t))
	require.EqualError(t, err, "admin: GET "+gate.url+"/health: status 401: Unauthorized (check the admin API's auth token)")
}

func TestAnEndpointThatRejectsTheServerIsNotCalledUnreachable(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			site := "http://" + testkit.Listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
			_, err := newClient(t, admin.Config{}).RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{URI: site, Force: true})
			failed := requireError(t, err, http.StatusInternalServerError, "META0003")
			require.Equal(t, "the endpoint, or a gateway in front of it, rejects the server's requests: if the endpoint has identity keys, "+
				"give the server the private key of one of them; a gateway may need additional headers", failed.Hint())
			require.True(t, admin.Retryable(err))
		})
	}
}

func TestAdditionalHeadersAreRedactedInErrors(t *testing.T) {
	t.Parallel()
	site := "http://" + testkit.Listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "key ", r.Header.Get("X-Key"), " is not known")
	}))
	_, err := newClient(t, admin.Config{}).RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{
		URI: site, Force: true, AdditionalHeaders: map[string]string{"x-key": "hunter2"},
	})
	requireError(t, err, http.StatusInternalServerError, "META0003")
	require.ErrorContains(t, err, "key [redacted] is not known")
}

// FuzzErrorBody gives the client any body of an error response. The error keeps
// the status, and its text is one bounded, printable line without the token.
func FuzzErrorBody(f *testing.F) {
	f.Add(500, []byte(`{"message":"[META0003] [META0003] error when calling","restate_code":"META0003"}`))
	f.Add(404, []byte(`{"message":"The requested service 'nope' does not exist","restate_code":null}`))
	f.Add(400, []byte(`Invalid URL: Cannot parse`))
	f.Add(400, []byte(`{"code":400,"message":"bad path: /health","source":"ingress"}`))
	f.Add(502, []byte("<html>\x00\xff\u202e</html>"))
	f.Add(500, []byte(`{"message":"[META0003]"}`))
	f.Add(500, []byte(`{"message":"x","restate_code":"META0003\n\u001b"}`))
	f.Add(401, []byte("se\x00cret-tok en secret-token"))
	f.Add(503, []byte(""))
	const token = "secret-token"
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 300 || status > 999 {
			t.Skip("no error")
		}
		client, err := admin.New(admin.Config{
			URL: "http://127.0.0.1", AuthToken: token,
			HTTPClient: &http.Client{Transport: answer{status, body}},
		})
		require.NoError(t, err)
		err = client.Health(t.Context())
		var failed *admin.Error
		require.ErrorAs(t, err, &failed)
		require.Equal(t, status, failed.Status)
		require.Regexp(t, `^([A-Z]{2,10}[0-9]{4})?$`, failed.Code)
		text := err.Error()
		require.True(t, utf8.ValidString(text))
		require.LessOrEqual(t, utf8.RuneCountInString(text), 1500)
		require.NotContains(t, text, token)
		for _, r := range text {
			require.True(t, unicode.IsPrint(r), "%q in %q", r, text)
		}
	})
}

// answer is a transport that always returns the same response.
type answer struct {
	status int
	body   []byte
}

func (a answer) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Body: io.NopCloser(strings.NewReader(string(a.body)))}, nil
}

package testkit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
)

// HTTPClient returns the client that the tests make their requests with.
var HTTPClient = sync.OnceValue(func() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: Within}
})

// Answer is what came back through the ingress.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Text returns the body.
func (a Answer) Text() string { return string(a.Body) }

// Failure is the body of an answer that is not a result.
type Failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Source  string `json:"source"` // "ingress" or "invocation"
}

// Path joins segments, such as service, key and handler, to a path of the ingress.
func Path(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

// Post posts a JSON value to a path of the ingress, or no body for nil. For another
// server than the package's the path is a URL.
func Post(t testing.TB, path string, in any, headers ...string) Answer {
	t.Helper()
	a, err := PostJSON(t.Context(), ingressURL(path), in, headers...)
	require.NoError(t, err)
	return a
}

// PostJSON posts a JSON value to a URL, or no body for nil. It may be called from any
// goroutine.
func PostJSON(ctx context.Context, url string, in any, headers ...string) (Answer, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return Answer{}, err
		}
		headers = append([]string{"Content-Type", "application/json"}, headers...)
	}
	return Exchange(ctx, http.MethodPost, url, body, headers...)
}

// ingressURL returns a URL as it is, and that of a path of the package's ingress.
func ingressURL(path string) string {
	if strings.HasPrefix(path, "/") {
		return Server().IngressURL() + path
	}
	return path
}

// PostBytes posts bytes to a path of the ingress.
func PostBytes(t testing.TB, path string, body []byte, headers ...string) Answer {
	t.Helper()
	return Request(t, http.MethodPost, ingressURL(path), body, headers...)
}

// Request makes a request.
func Request(t testing.TB, method, url string, body []byte, headers ...string) Answer {
	t.Helper()
	a, err := Exchange(t.Context(), method, url, body, headers...)
	require.NoError(t, err)
	return a
}

// Exchange makes a request. It may be called from any goroutine.
func Exchange(ctx context.Context, method, url string, body []byte, headers ...string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return Do(req)
}

// Do makes a request. It may be called from any goroutine.
func Do(req *http.Request) (Answer, error) {
	res, err := HTTPClient().Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return Answer{res.StatusCode, res.Header, got}, err
}

// Submit sends an invocation that runs on its own and returns its id.
func Submit(t testing.TB, path string, in any, headers ...string) string {
	t.Helper()
	a := Post(t, path+"/send", in, headers...)
	require.Contains(t, []int{http.StatusOK, http.StatusAccepted}, a.Status, string(a.Body))
	var sent struct {
		ID string `json:"invocationId"`
	}
	require.NoError(t, json.Unmarshal(a.Body, &sent))
	return sent.ID
}

// Attach waits for the result of an invocation. One that a handler has just sent is
// on its way to its partition, and not found for a moment.
func Attach(t testing.TB, id string) Answer {
	t.Helper()
	return AttachOn(t, Server(), id)
}

// AttachOn is [Attach] on another server than the package's.
func AttachOn(t testing.TB, s *devserver.Server, id string) (a Answer) {
	t.Helper()
	Eventually(t, func() error {
		a = Request(t, http.MethodGet, s.IngressURL()+Path("restate", "invocation", id, "attach"), nil)
		if a.Status == http.StatusNotFound && a.Header.Get("X-Restate-Error-Source") != "invocation" {
			return fmt.Errorf("%s is not found: %s", id, a.Body)
		}
		return nil
	})
	return a
}

// Call returns the result of a handler without input.
func Call[T any](t testing.TB, path string) T {
	t.Helper()
	return Decode[T](t, Post(t, path, nil))
}

// Decode reads a successful answer.
func Decode[T any](t testing.TB, a Answer) T {
	t.Helper()
	require.Equal(t, http.StatusOK, a.Status, string(a.Body))
	var out T
	require.NoError(t, json.Unmarshal(a.Body, &out), string(a.Body))
	return out
}

// Failed reads an answer that is not a result.
func Failed(t testing.TB, a Answer) Failure {
	t.Helper()
	var f Failure
	require.NoError(t, json.Unmarshal(a.Body, &f), "%d %s", a.Status, a.Body)
	require.Equal(t, a.Status, f.Code)
	require.Equal(t, a.Header.Get("X-Restate-Error-Source"), f.Source)
	return f
}

// Each runs do for 0 to n-1 at the same time.
func Each(t testing.TB, n int, do func(i int) error) {
	t.Helper()
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- do(i) }()
	}
	for range n {
		require.NoError(t, <-errs)
	}
}

// TryPost posts a JSON value to a path of the ingress and reports an answer that is
// no success. It may be called from any goroutine.
func TryPost(t testing.TB, path string, in any) (Answer, error) {
	a, err := PostJSON(t.Context(), ingressURL(path), in)
	if err == nil && a.Status != http.StatusOK {
		err = fmt.Errorf("%s answers %d: %s", path, a.Status, a.Body)
	}
	return a, err
}

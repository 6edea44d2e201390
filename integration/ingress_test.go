package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/devserver"
)

// answer is what came back through the ingress.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// failure is the body of an answer that is not a result.
type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Source  string `json:"source"` // "ingress" or "invocation"
}

// path joins segments, such as service, key and handler, to a path of the ingress.
func path(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

// call posts a JSON value to a path of the ingress, or no body for nil. For another
// server than the suite's the path is a URL.
func call(t *testing.T, path string, in any, headers ...string) answer {
	t.Helper()
	var body []byte
	if in != nil {
		var err error
		body, err = json.Marshal(in)
		require.NoError(t, err)
		headers = append([]string{"Content-Type", "application/json"}, headers...)
	}
	return send(t, path, body, headers...)
}

// send posts bytes to a path of the ingress.
func send(t *testing.T, path string, body []byte, headers ...string) answer {
	t.Helper()
	if strings.HasPrefix(path, "/") {
		path = server.IngressURL() + path
	}
	return request(t, http.MethodPost, path, body, headers...)
}

func request(t *testing.T, method, url string, body []byte, headers ...string) answer {
	t.Helper()
	a, err := exchange(t.Context(), method, url, body, headers...)
	require.NoError(t, err)
	return a
}

// exchange makes a request. It may be called from any goroutine.
func exchange(ctx context.Context, method, url string, body []byte, headers ...string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := httpClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, got}, err
}

// submit sends an invocation that runs on its own and returns its id.
func submit(t *testing.T, path string, in any, headers ...string) string {
	t.Helper()
	a := call(t, path+"/send", in, headers...)
	require.Contains(t, []int{http.StatusOK, http.StatusAccepted}, a.status, string(a.body))
	var sent struct {
		ID string `json:"invocationId"`
	}
	require.NoError(t, json.Unmarshal(a.body, &sent))
	return sent.ID
}

// attach waits for the result of an invocation. One that a handler has just sent is
// on its way to its partition, and not found for a moment.
func attach(t *testing.T, id string) answer {
	t.Helper()
	return attachOn(t, server, id)
}

func attachOn(t *testing.T, s *devserver.Server, id string) (a answer) {
	t.Helper()
	eventually(t, func() error {
		a = request(t, http.MethodGet, s.IngressURL()+path("restate", "invocation", id, "attach"), nil)
		if a.status == http.StatusNotFound && a.header.Get("X-Restate-Error-Source") != "invocation" {
			return fmt.Errorf("%s is not found: %s", id, a.body)
		}
		return nil
	})
	return a
}

// decode reads a successful answer.
func decode[T any](t *testing.T, a answer) T {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, string(a.body))
	var out T
	require.NoError(t, json.Unmarshal(a.body, &out), string(a.body))
	return out
}

// failed reads an answer that is not a result.
func failed(t *testing.T, a answer) failure {
	t.Helper()
	var f failure
	require.NoError(t, json.Unmarshal(a.body, &f), "%d %s", a.status, a.body)
	require.Equal(t, a.status, f.Code)
	require.Equal(t, a.header.Get("X-Restate-Error-Source"), f.Source)
	return f
}

// each runs do for 0 to n-1 at the same time.
func each(t *testing.T, n int, do func(i int) error) {
	t.Helper()
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- do(i) }()
	}
	for range n {
		require.NoError(t, <-errs)
	}
}

// try posts a JSON value and reports an answer that is no success. It may be
// called from any goroutine.
func try(t *testing.T, path string, in any) (answer, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return answer{}, err
	}
	var headers []string
	if in == nil {
		body = nil
	} else {
		headers = []string{"Content-Type", "application/json"}
	}
	a, err := exchange(t.Context(), http.MethodPost, server.IngressURL()+path, body, headers...)
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("%s answers %d: %s", path, a.status, a.body)
	}
	return a, err
}

package integration_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy stands in front of an API of the server and remembers the requests.
type proxy struct {
	*httptest.Server
	// token that the proxy asks for, if not empty.
	token string
	// busy is how many requests it turns away before it lets the others pass.
	busy atomic.Int32

	mu       sync.Mutex
	requests []recorded
}

type recorded struct {
	method, path string
	header       http.Header
	body         []byte
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	to, err := url.Parse(target)
	require.NoError(t, err)
	transport := &http.Transport{}
	p := &proxy{}
	forward := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: transport,
	}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		p.mu.Lock()
		p.requests = append(p.requests, recorded{r.Method, r.URL.Path, r.Header.Clone(), body})
		p.mu.Unlock()
		if p.token != "" && r.Header.Get("Authorization") != "Bearer "+p.token {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if p.busy.Add(-1) >= 0 {
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		p.Close()
		transport.CloseIdleConnections()
	})
	return p
}

// seen returns the requests with a method and a path, or all for "".
func (p *proxy) seen(method, path string) []recorded {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []recorded
	for _, r := range p.requests {
		if (method == "" || r.method == method) && (path == "" || r.path == path) {
			found = append(found, r)
		}
	}
	return found
}

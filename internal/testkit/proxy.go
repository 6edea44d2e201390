package testkit

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

// Proxy stands in front of an API of the server and remembers the requests.
type Proxy struct {
	*httptest.Server
	// Token that the proxy asks for, if not empty.
	Token string
	// Busy is how many requests it turns away before it lets the others pass.
	Busy atomic.Int32

	mu       sync.Mutex
	requests []Recorded
}

// Recorded is a request that passed.
type Recorded struct {
	Method, Path string
	Header       http.Header
	Body         []byte
}

// NewProxy starts a proxy that is stopped with the test.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	to, err := url.Parse(target)
	require.NoError(t, err)
	transport := &http.Transport{}
	p := &Proxy{}
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
		p.requests = append(p.requests, Recorded{r.Method, r.URL.Path, r.Header.Clone(), body})
		p.mu.Unlock()
		if p.Token != "" && r.Header.Get("Authorization") != "Bearer "+p.Token {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if p.Busy.Add(-1) >= 0 {
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

// Seen returns the requests with a method and a path, or all for "".
func (p *Proxy) Seen(method, path string) []Recorded {
	p.mu.Lock()
	defer p.mu.Unlock()
	var found []Recorded
	for _, r := range p.requests {
		if (method == "" || r.Method == method) && (path == "" || r.Path == path) {
			found = append(found, r)
		}
	}
	return found
}

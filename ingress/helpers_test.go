package ingress_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"sync"
	"testing"

	"github.com/restatedev/sdk-go/encoding"
	sdkingress "github.com/restatedev/sdk-go/ingress"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

var restateBinary = encoding.BinaryCodec

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

func rawGreet(ctx context.Context, client *ingress.Client) (string, error) {
	return sdkingress.Service[string, string](client.Raw(), "Greeter", "Greet").Request(ctx, "Ada")
}

// idOf returns the id of a handle.
func idOf[O any](t testing.TB, h ingress.Handle[O]) string {
	t.Helper()
	id, err := h.ID(testkit.Context(t))
	require.NoError(t, err)
	return id
}

// recorder is a gateway in front of the server that remembers what it passed on.
type recorder struct {
	url  string
	mu   sync.Mutex
	seen []*http.Request
}

func newRecorder(t testing.TB, target string) *recorder {
	r := &recorder{}
	r.url = gateway(t, target, func(w http.ResponseWriter, req *http.Request, pass http.Handler) {
		r.mu.Lock()
		r.seen = append(r.seen, req.Clone(context.WithoutCancel(req.Context())))
		r.mu.Unlock()
		pass.ServeHTTP(w, req)
	})
	return r
}

func (r *recorder) all() []*http.Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*http.Request(nil), r.seen...)
}

// gateway serves a handler in front of the server, which it may pass requests to,
// and returns its URL.
func gateway(t testing.TB, target string, handle func(w http.ResponseWriter, r *http.Request, pass http.Handler)) string {
	t.Helper()
	to, err := url.Parse(target)
	require.NoError(t, err)
	// A proxy writes header and body apart, and then the server closes the
	// connection of what it refuses, possibly under the proxy's next request.
	transport := &http.Transport{DisableKeepAlives: true}
	proxy := &httputil.ReverseProxy{
		Transport:    transport,
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, proxy) }))
	t.Cleanup(srv.Close)
	return srv.URL
}

package ingress

import (
	"net"
	"net/http"
	"time"

	"github.com/fxrestate/go/ingress/internal/http1"
)

const (
	// maxIdleConnections bounds the connections kept for calls to come. It is
	// how many callers at a time reuse connections instead of opening new ones:
	// with the two that net/http keeps by default, others open one per call.
	maxIdleConnections = 512
	// idleTimeout is shorter than the limit of usual load balancers, which
	// close connections under a request that was just written.
	idleTimeout = 30 * time.Second
)

// NewTransport returns the transport of a client without one of its own, for
// wrapping it in another:
//
//	ingress.Config{HTTPClient: &http.Client{
//		Transport: otelhttp.NewTransport(ingress.NewTransport()),
//	}}
//
// It is made for many callers of one server. It keeps up to 512 idle connections
// for 30 s, and sets no limit on how long an answer takes, since that is as long
// as a handler runs. To http URLs it speaks HTTP/1.1, at about two thirds of the
// CPU per call of net/http's own transport. Through that go https URLs, with
// HTTP/2 where the server has it, URLs for which the environment names a proxy,
// and all URLs on systems that are not Unix. Each call returns a new transport.
func NewTransport() http.RoundTripper {
	dial := (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	return &transport{
		plain: &http1.Transport{
			DialContext: dial,
			MaxIdle:     maxIdleConnections,
			IdleTimeout: idleTimeout,
		},
		other: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         dial,
			ForceAttemptHTTP2:   true,
			TLSHandshakeTimeout: 5 * time.Second,
			MaxIdleConnsPerHost: maxIdleConnections,
			IdleConnTimeout:     idleTimeout,
			// The server does not compress. Asking for it costs a header that
			// is kept with each invocation.
			DisableCompression: true,
		},
	}
}

type transport struct {
	plain *http1.Transport
	other *http.Transport
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if http1.Available && req.URL.Scheme == "http" {
		if proxy, err := http.ProxyFromEnvironment(req); err == nil && proxy == nil {
			return t.plain.RoundTrip(req)
		}
	}
	return t.other.RoundTrip(req)
}

// CloseIdleConnections serves http.Client.CloseIdleConnections.
func (t *transport) CloseIdleConnections() {
	t.plain.CloseIdleConnections()
	t.other.CloseIdleConnections()
}

// noRedirects is a CheckRedirect: a redirect would turn a POST into a GET and
// carry Headers to another host.
func noRedirects(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

package httpclient

import (
	"context"
	"net"
	"net/http"
	"time"
)

const (
	connectTimeout = 5 * time.Second
	// idleTimeout is shorter than the limit of usual load balancers, which close
	// connections under a request that was just written.
	idleTimeout = 30 * time.Second
	// maxHeader bounds the header of an answer, in bytes.
	maxHeader = 1 << 20
)

// NewTransport returns a transport for one server, with HTTP/1.1 and without a limit on
// how long an answer takes. It keeps a number of idle connections.
func NewTransport(idle int) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial,
		TLSHandshakeTimeout:    connectTimeout,
		MaxIdleConnsPerHost:    idle,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
	}
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: connectTimeout}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &patientConn{Conn: conn, closed: make(chan struct{})}, nil
}

// New returns a client that is like the given one, which may be nil. It has the
// transport where that has none, and does not follow redirects unless that says so: a
// redirect would turn a POST into a GET and carry headers to another host.
func New(given *http.Client, transport func() *http.Transport) *http.Client {
	client := new(http.Client)
	if given != nil {
		*client = *given
	}
	if client.Transport == nil {
		client.Transport = transport()
	}
	if client.CheckRedirect == nil {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return client
}

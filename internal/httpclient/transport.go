package httpclient

import (
	"context"
	"net"
	"net/http"
	"time"
)

const (
	connectTimeout = 5 * time.Second
	// idleTimeout is shorter than that of common load balancers, so that they do not
	// close a connection on which a request was just written.
	idleTimeout = 30 * time.Second
	// maxHeader limits the header of a response, in bytes.
	maxHeader = 1 << 20
)

// NewTransport returns a transport for one server. It uses HTTP/1.1, keeps up to idle
// idle connections, and does not limit the time of a response.
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

// New returns a copy of the given client, which may be nil. If that has no transport,
// the copy gets the one from the function. It follows redirects only if the given client
// has a CheckRedirect, because a redirect could turn a POST into a GET and send headers
// to another host.
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

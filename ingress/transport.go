package ingress

import (
	"net/http"

	"github.com/fxrestate/go/internal/httpclient"
)

// maxIdleConnections bounds the connections kept for calls to come. It is how many
// callers at a time reuse connections instead of opening new ones: with the two that
// net/http keeps by default, others open one per call.
const maxIdleConnections = 512

// NewTransport returns the transport of a client without one of its own, for changing it
// or wrapping it in another:
//
//	ingress.Config{HTTPClient: &http.Client{
//		Transport: otelhttp.NewTransport(ingress.NewTransport()),
//	}}
//
// It is made for many callers of one server. It keeps up to 512 idle connections
// for 30 s, and sets no limit on how long an answer takes, since that is as long
// as a handler runs. It speaks HTTP/1.1, which serves many callers best, unless
// ForceAttemptHTTP2 is set, and goes through the proxy that the environment names.
// Each call returns a new transport.
func NewTransport() *http.Transport {
	transport := httpclient.NewTransport(maxIdleConnections)
	// The server does not compress. Asking for it costs a header that is kept with
	// each invocation.
	transport.DisableCompression = true
	return transport
}

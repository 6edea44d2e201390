package telemetry

import (
	"net/http"

	"go.opentelemetry.io/otel/propagation"
)

const traceparent = "Traceparent"

// Transport returns a transport for the ingress client that sends the trace context of a
// request's context as the header traceparent, so that the invocation is part of the
// caller's trace. A request that has the header keeps it. It makes no span: the server has
// one of each request. For a client span wrap base in otelhttp.NewTransport.
//
// Without a TracerProvider it returns base.
func (t *Telemetry) Transport(base http.RoundTripper) http.RoundTripper {
	if t.spans == nil {
		return base
	}
	return transport{base}
}

type transport struct{ next http.RoundTripper }

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get(traceparent) != "" {
		return t.next.RoundTrip(req)
	}
	traced := req.WithContext(req.Context()) // a copy: the caller's stays as it is
	if traced.Header = req.Header.Clone(); traced.Header == nil {
		traced.Header = http.Header{}
	}
	propagation.TraceContext{}.Inject(req.Context(), propagation.HeaderCarrier(traced.Header))
	return t.next.RoundTrip(traced)
}

// CloseIdleConnections closes those of the transport below.
func (t transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

package telemetry_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/fxrestate/go/telemetry"
)

func TestTheTransportSendsTheTraceOfARequestsContext(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Get("traceparent") }))
	defer s.Close()
	provider := sdktrace.NewTracerProvider()
	tel, err := telemetry.New(telemetry.Config{TracerProvider: provider})
	require.NoError(t, err)
	client := &http.Client{Transport: tel.Transport(&http.Transport{})}
	defer client.CloseIdleConnections()

	const own = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	ctx, span := provider.Tracer("").Start(t.Context(), "caller")
	defer span.End()
	sc := span.SpanContext()
	tests := map[string]struct {
		header http.Header
		want   string
	}{
		"as traceparent":                       {http.Header{}, "00-" + sc.TraceID().String() + "-" + sc.SpanID().String() + "-01"},
		"without a header":                     {nil, "00-" + sc.TraceID().String() + "-" + sc.SpanID().String() + "-01"},
		"unless the request has one by itself": {http.Header{"Traceparent": {own}}, own},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, http.NoBody)
			require.NoError(t, err)
			req.Header = tt.header
			before := tt.header.Clone()
			res, err := client.Do(req)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, tt.want, <-got)
			require.Equal(t, before, req.Header, "a transport must not change the request")
		})
	}
}

package telemetry_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/fxrestate/go/internal/testkit"
)

// collector receives the spans of the restate-server over OTLP/HTTP.
type collector struct {
	*httptest.Server

	mu    sync.Mutex
	spans []serverSpan
}

// serverSpan is a span of the restate-server.
type serverSpan struct {
	id, parent trace.SpanID
	name       string
}

func newCollector() *collector {
	c := &collector{}
	c.Server = httptest.NewServer(c)
	return c
}

// env turns the tracing of a restate-server on.
func (c *collector) env() map[string]string {
	return map[string]string{
		"RESTATE_TRACING_ENDPOINT": "otlp+" + c.URL + "/v1/traces",
		"OTEL_BSP_SCHEDULE_DELAY":  "100",
	}
}

// ServeHTTP takes an ExportTraceServiceRequest.
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unzipped
	}
	request, err := io.ReadAll(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range fields(request, 1) {
		for _, scope := range fields(resource, 2) {
			for _, span := range fields(scope, 2) {
				c.spans = append(c.spans, decodeSpan(span))
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// wait returns a span, when it has arrived. The server sends them every few seconds.
func (c *collector) wait(t *testing.T, id trace.SpanID) (span serverSpan) {
	t.Helper()
	testkit.Until(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		i := slices.IndexFunc(c.spans, func(s serverSpan) bool { return s.id == id })
		if i >= 0 {
			span = c.spans[i]
		}
		return i >= 0
	}, "the server sends no span %s", id)
	return span
}

func decodeSpan(b []byte) (s serverSpan) {
	copy(s.id[:], first(b, 2))
	copy(s.parent[:], first(b, 4))
	s.name = string(first(b, 5))
	return s
}

func first(b []byte, number protowire.Number) []byte {
	if all := fields(b, number); len(all) > 0 {
		return all[0]
	}
	return nil
}

// fields returns the fields of a message that have the number and a length.
func fields(b []byte, number protowire.Number) (values [][]byte) {
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return values
		}
		b = b[n:]
		size := protowire.ConsumeFieldValue(num, kind, b)
		if size < 0 {
			return values
		}
		if num == number && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(b)
			values = append(values, value)
		}
		b = b[size:]
	}
	return values
}

package telemetry_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/fxrestate/go/internal/testkit"
)

// collector receives spans: those of the restate-server over OTLP/HTTP, and those of
// applications in processes of their own from a [forwarder].
type collector struct {
	*httptest.Server

	mu    sync.Mutex
	spans []collected
}

// collected is a span.
type collected struct {
	Trace, ID, Parent string // in hex; Parent may be empty
	Name              string
	Start, End        uint64            // in nanoseconds
	Of                string            // what made it: "server" or "application"
	Kind              string            // in an application
	Attributes        map[string]string // in an application
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

// ServeHTTP takes an ExportTraceServiceRequest of the server, or spans of a forwarder.
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	spans, err := receive(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.add(spans...)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func receive(r *http.Request) (spans []collected, err error) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			return nil, err
		}
	}
	if r.URL.Path == forwarded {
		return spans, json.NewDecoder(body).Decode(&spans)
	}
	request, err := io.ReadAll(body)
	for _, resource := range fields(request, 1) {
		for _, scope := range fields(resource, 2) {
			for _, span := range fields(scope, 2) {
				spans = append(spans, decodeSpan(span))
			}
		}
	}
	return spans, err
}

func (c *collector) add(spans ...collected) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans = append(c.spans, spans...)
}

// wait returns a span of the server, when it has arrived. The server sends them every few
// seconds.
func (c *collector) wait(t *testing.T, id trace.SpanID) (span collected) {
	t.Helper()
	testkit.Until(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		i := slices.IndexFunc(c.spans, func(s collected) bool { return s.ID == id.String() })
		if i >= 0 {
			span = c.spans[i]
		}
		return i >= 0
	}, "the server sends no span %s", id)
	return span
}

// of returns the spans of a trace that have arrived, as they began.
func (c *collector) of(id trace.TraceID) (spans []collected) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.Trace == id.String() {
			spans = append(spans, s)
		}
	}
	slices.SortStableFunc(spans, func(a, b collected) int { return cmp.Compare(a.Start, b.Start) })
	return spans
}

// spanID returns the id of a span of ours that was written in hex.
func spanID(t *testing.T, hex string) trace.SpanID {
	t.Helper()
	id, err := trace.SpanIDFromHex(hex)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func decodeSpan(b []byte) collected {
	hex := func(number protowire.Number) string { return fmt.Sprintf("%x", first(b, number)) }
	return collected{Trace: hex(1), ID: hex(2), Parent: hex(4), Name: string(first(b, 5)), Start: fixed(b, 7), End: fixed(b, 8), Of: "server"}
}

func first(b []byte, number protowire.Number) []byte {
	if all := fields(b, number); len(all) > 0 {
		return all[0]
	}
	return nil
}

// fields returns the fields of a message that have the number and a length.
func fields(b []byte, number protowire.Number) (values [][]byte) {
	each(b, func(num protowire.Number, kind protowire.Type, b []byte) {
		if num == number && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(b)
			values = append(values, value)
		}
	})
	return values
}

// fixed returns the field of a message that has the number and eight bytes.
func fixed(b []byte, number protowire.Number) (value uint64) {
	each(b, func(num protowire.Number, kind protowire.Type, b []byte) {
		if num == number && kind == protowire.Fixed64Type {
			value, _ = protowire.ConsumeFixed64(b)
		}
	})
	return value
}

func each(b []byte, field func(number protowire.Number, kind protowire.Type, b []byte)) {
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return
		}
		b = b[n:]
		size := protowire.ConsumeFieldValue(num, kind, b)
		if size < 0 {
			return
		}
		field(num, kind, b)
		b = b[size:]
	}
}

// forwarded is the path for the spans of a forwarder.
const forwarded = "/forwarded"

// forwarder exports the spans of an application to the collector at a URL.
type forwarder string

func (url forwarder) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	body, err := json.Marshal(ofApplication(spans))
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, string(url)+forwarded, bytes.NewReader(body))
	if err != nil {
		return err
	}
	_, err = testkit.Do(req)
	return err
}

func (forwarder) Shutdown(context.Context) error { return nil }

func ofApplication(spans []sdktrace.ReadOnlySpan) []collected {
	made := make([]collected, len(spans))
	for i, s := range spans {
		made[i] = collected{
			Trace: s.SpanContext().TraceID().String(), ID: s.SpanContext().SpanID().String(),
			Name: s.Name(), Start: uint64(s.StartTime().UnixNano()), End: uint64(s.EndTime().UnixNano()),
			Of: "application", Kind: s.SpanKind().String(), Attributes: map[string]string{},
		}
		if s.Parent().HasSpanID() {
			made[i].Parent = s.Parent().SpanID().String()
		}
		for _, kv := range s.Attributes() {
			made[i].Attributes[string(kv.Key)] = kv.Value.String()
		}
	}
	return made
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/httpserver"
)

var tour = []requests.Request{{Title: "an order", Path: "/orders/tea"}}

// demo runs the shop on a server of its own, without Jaeger and Prometheus, and writes
// what they would get.
func demo(out io.Writer) error {
	var api *httpserver.Server
	var provider *sdktrace.TracerProvider
	var registry *prometheus.Registry
	spans := tracetest.NewInMemoryExporter()
	return fxrestate.RunWith(
		func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
			defer cancel()
			if err := requests.Send(ctx, out, api.URL(), tour); err != nil {
				return err
			}
			if err := provider.ForceFlush(ctx); err != nil {
				return err
			}
			fmt.Fprintln(out, "# of what Prometheus scrapes, the counters")
			if err := writeCounters(out, registry); err != nil {
				return err
			}
			fmt.Fprintln(out, "# what Jaeger gets")
			writeTree(out, spans.GetSpans(), trace.SpanID{}, 1)
			return nil
		},
		shop,
		fxrestate.DevServer(devserver.Config{Progress: os.Stderr}),
		fx.Decorate(func(c fxrestate.Config) fxrestate.Config { c.HTTP.Addr = "127.0.0.1:0"; return c }),
		fx.Provide(func() sdktrace.SpanExporter { return spans }),
		fx.Populate(&api, &provider, &registry),
	)
}

func writeCounters(out io.Writer, registry *prometheus.Registry) error {
	families, err := registry.Gather()
	if err != nil {
		return err
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if m.GetCounter() == nil {
				continue
			}
			var labels []string
			for _, l := range m.GetLabel() {
				if !strings.HasPrefix(l.GetName(), "otel_scope_") {
					labels = append(labels, l.GetName()+"="+l.GetValue())
				}
			}
			fmt.Fprintf(out, "  %s{%s} %g\n", f.GetName(), strings.Join(labels, ","), m.GetCounter().GetValue())
		}
	}
	return nil
}

// writeTree writes the spans below a parent, in the order of time. The server's spans are
// not among them: a span whose parent it has stands beside the root.
func writeTree(out io.Writer, all tracetest.SpanStubs, parent trace.SpanID, depth int) {
	var below tracetest.SpanStubs
	for _, s := range all {
		known := slices.ContainsFunc(all, func(p tracetest.SpanStub) bool { return p.SpanContext.SpanID() == s.Parent.SpanID() })
		if s.Parent.SpanID() == parent || depth == 1 && !known {
			below = append(below, s)
		}
	}
	slices.SortStableFunc(below, func(a, b tracetest.SpanStub) int { return cmp.Compare(a.StartTime.UnixNano(), b.StartTime.UnixNano()) })
	for _, s := range below {
		fmt.Fprintf(out, "%s%s, %s\n", strings.Repeat("  ", depth), s.Name, s.EndTime.Sub(s.StartTime).Round(time.Millisecond))
		writeTree(out, all, s.SpanContext.SpanID(), depth+1)
	}
}

// Command observability is a shop whose handlers are seen in Jaeger, Prometheus and
// Grafana. Start those and a restate-server, then the shop, then buy something:
//
//	docker compose up --wait
//	go run .
//	curl localhost:3000/orders/tea -X POST
//
// Traces are at http://localhost:16686, and the dashboard at http://localhost:3001. The shop
// serves its metrics at http://localhost:3000/metrics.
//
// Without docker, the demonstration runs on a server of its own, and writes the metrics and
// the spans of an order:
//
//	go run . -demo
//
// The folder is a module of its own, so that applications with fxrestate do not get the
// exporters as dependencies.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	restate "github.com/restatedev/sdk-go"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	promexporter "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/rpc"
	"github.com/fxrestate/go/telemetry"
)

func main() {
	runDemo := flag.Bool("demo", false, "run on a server of its own, show what is measured, and exit")
	flag.Parse()
	if *runDemo {
		if err := demo(os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "observability:", err)
			os.Exit(1)
		}
		return
	}
	fxrestate.Run(
		shop,
		fx.Supply(fxrestate.Config{
			// Where the server, in its container, reaches this machine.
			Register: &deployment.Config{URL: "http://host.docker.internal:{{port}}", Required: true},
		}),
		fx.Provide(newSpanExporter),
	)
}

// shop is the application without what differs in its test.
var shop = fx.Options(
	fxrestate.Module,
	fxrestate.Telemetry(func(tp *sdktrace.TracerProvider, mp *sdkmetric.MeterProvider) telemetry.Config {
		return telemetry.Config{TracerProvider: tp, MeterProvider: mp}
	}),
	fx.Provide(newTracerProvider, newMeterProvider, prometheus.NewRegistry),
	fxrestate.Service[*Orders](NewOrders),
	fxrestate.Object[*Stock](func() *Stock { return &Stock{} }),
	fxrestate.HTTPServer(routes),
)

// newSpanExporter sends spans to Jaeger, or where OTEL_EXPORTER_OTLP_ENDPOINT says.
func newSpanExporter() (sdktrace.SpanExporter, error) {
	return otlptracegrpc.New(context.Background(), otlptracegrpc.WithInsecure())
}

var ofShop = resource.NewSchemaless(semconv.ServiceName("shop"))

// newTracerProvider makes the spans of the application. It sends the last ones when the
// handlers have ended.
func newTracerProvider(lc fx.Lifecycle, exporter sdktrace.SpanExporter) *sdktrace.TracerProvider {
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(ofShop))
	lc.Append(fx.StopHook(provider.Shutdown))
	return provider
}

// newMeterProvider makes the metrics of the application, for Prometheus to scrape.
func newMeterProvider(lc fx.Lifecycle, registry *prometheus.Registry) (*sdkmetric.MeterProvider, error) {
	exporter, err := promexporter.New(promexporter.WithRegisterer(registry))
	if err != nil {
		return nil, err
	}
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithResource(ofShop))
	lc.Append(fx.StopHook(provider.Shutdown))
	return provider, nil
}

// routes is the API of the shop. The request's span is the root of the trace.
func routes(client *ingress.Client, provider *sdktrace.TracerProvider, registry *prometheus.Registry) chi.Router {
	orders, tracer := ingress.NewService[*Orders](client), provider.Tracer("shop")
	r := chi.NewRouter()
	r.Method(http.MethodGet, "/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	r.Post("/orders/{item}", func(w http.ResponseWriter, r *http.Request) {
		ctx, span := tracer.Start(r.Context(), "POST /orders/{item}", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		receipt, err := ingress.Call(ctx, orders, (*Orders).Place, chi.URLParam(r, "item"))
		if err != nil {
			span.RecordError(err)
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		_, _ = w.Write([]byte(receipt + "\n"))
	})
	return r
}

// Orders places orders.
type Orders struct{ stock rpc.Object[*Stock] }

// NewOrders is its constructor.
func NewOrders(stock rpc.Object[*Stock]) *Orders { return &Orders{stock} }

// Place takes an item from the stock and charges it, in a step.
func (o *Orders) Place(ctx restate.Context, item string) (string, error) {
	left, err := rpc.Call0(ctx, o.stock.Key(item), (*Stock).Take)
	if err != nil {
		return "", err
	}
	if left < 0 {
		return "", restate.TerminalErrorf("%s is sold out", item)
	}
	return restate.Run(ctx, func(ctx restate.RunContext) (string, error) {
		select { // a payment provider takes its time
		case <-time.After(50 * time.Millisecond):
			return item + " is paid", nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}, restate.WithName("charge"))
}

// Stock counts what is left of an item.
type Stock struct{}

const delivered = 3 // of each item

// Take takes one, and returns how many are left, or -1.
func (*Stock) Take(ctx restate.ObjectContext) (int, error) {
	taken, err := restate.Get[int](ctx, "taken")
	if err != nil {
		return 0, err
	}
	if taken == delivered {
		return -1, nil
	}
	restate.Set(ctx, "taken", taken+1)
	return delivered - taken - 1, nil
}

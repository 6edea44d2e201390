package telemetry_test

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/logging"
	"github.com/fxrestate/go/rpc"
	"github.com/fxrestate/go/telemetry"
)

// checkout is a handler that does what handlers do: it logs in all ways there are, has
// steps, sleeps, and calls another handler.
type checkout struct {
	log       *slog.Logger
	outside   testkit.Outside
	warehouse rpc.Object[*warehouse]
}

func newCheckout(log *slog.Logger, o testkit.Outside, w rpc.Object[*warehouse]) *checkout {
	return &checkout{log, o, w}
}

// Buy logs 1 to 9.
func (c *checkout) Buy(ctx restate.Context, item string) (string, error) {
	c.log.InfoContext(ctx, "1 begins")
	if err := restate.RunVoid(ctx, func(run restate.RunContext) error {
		c.log.InfoContext(run, "2 charges")
		return nil
	}, restate.WithName("charge")); err != nil {
		return "", err
	}
	logging.From(ctx).Info("3 has charged", zap.String("item", item))
	if err := restate.Sleep(ctx, 50*time.Millisecond); err != nil {
		return "", err
	}
	ctx.Log().Info("4 has slept")
	if _, err := rpc.Call0(ctx, c.warehouse.Key(item), (*warehouse).Pick); err != nil {
		return "", err
	}
	if err := c.deep(ctx); err != nil {
		return "", err
	}
	logging.From(ctx).Info("9 ends")
	return "bought " + item, nil
}

// deep gets a plain context, as code does that knows nothing of Restate.
func (c *checkout) deep(ctx context.Context) error {
	return func() error {
		c.log.InfoContext(ctx, "6 has it in hand")
		logging.From(ctx).Info("7 packs")
		rc, err := durable.Context(ctx)
		if err != nil {
			return err
		}
		return restate.RunVoid(rc, func(run restate.RunContext) error {
			if err := c.outside.Effect(run, "ship"); err != nil {
				return err
			}
			logging.From(run).Info("8 ships")
			return nil
		}, restate.WithName("ship"))
	}()
}

type warehouse struct{ log *slog.Logger }

// Pick logs 5.
func (w *warehouse) Pick(ctx restate.ObjectContext) (string, error) {
	w.log.InfoContext(ctx, "5 picks")
	return "picked", nil
}

// collectorEnv has the URL of the collector for an application in a process of its own.
const collectorEnv = "FXRESTATE_TEST_COLLECTOR"

// children are the applications that a test kills.
var children = map[string]func(name string) fx.Option{"checkout": func(string) fx.Option {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(forwarder(os.Getenv(collectorEnv))))
	return fx.Options(
		fx.Decorate(func(*zap.Logger) *zap.Logger {
			encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
			return zap.New(zapcore.NewCore(encoder, zapcore.Lock(os.Stderr), zap.InfoLevel))
		}),
		fxrestate.Telemetry(telemetry.Config{TracerProvider: provider}),
		fxrestate.Service[*checkout](newCheckout, fxrestate.Name("Checkout"), restate.WithInvocationRetryPolicy(
			restate.WithInitialRetryInterval(200*time.Millisecond), restate.WithRetryIntervalFactor(1), restate.WithMaxRetryAttempts(10_000))),
		fxrestate.Object[*warehouse](func(log *slog.Logger) *warehouse { return &warehouse{log} }, fxrestate.Name("Warehouse")),
	)
}}

func TestStory(t *testing.T) {
	for mode, alwaysReplay := range map[string]bool{"normal": false, "always-replay": true} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			cfg := testkit.ServerConfig()
			for name, value := range server.env() {
				cfg.Env[name] = value
			}
			if alwaysReplay {
				cfg = testkit.AlwaysReplaying(cfg)
			}
			on := testkit.StartServer(t, cfg)
			a, err := admin.New(admin.Config{URL: on.AdminURL()})
			require.NoError(t, err)
			t.Cleanup(a.CloseIdleConnections)
			w := testkit.NewWorld(t)
			reached := w.Block("ship")
			p := testkit.SpawnOn(t, on, "checkout", "Checkout", w, collectorEnv+"="+server.URL)

			provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(forwarder(server.URL)))
			ctx, request := provider.Tracer("shop").Start(t.Context(), "POST /orders", trace.WithSpanKind(trace.SpanKindServer))
			answer := make(chan testkit.Answer, 1)
			go func() {
				sc := request.SpanContext()
				a, _ := testkit.PostJSON(ctx, on.IngressURL()+"/Checkout/Buy", "book",
					"traceparent", "00-"+sc.TraceID().String()+"-"+sc.SpanID().String()+"-01")
				answer <- a
				request.End()
			}()
			testkit.Receive(t, reached, "the last step")
			<-time.After(time.Second)
			p.Kill()
			w.Release("ship")
			p.Start()
			require.Equal(t, http.StatusOK, testkit.Receive(t, answer).Status)
			p.Stop()
			t.Log(p.Log())
			<-time.After(4 * time.Second)
			for _, s := range server.of(request.SpanContext().TraceID()) {
				t.Logf("%s %s<-%s %s %s %v", s.Of, s.ID, s.Parent, s.Name, s.Kind, s.Attributes)
			}
		})
	}
}

package telemetry_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/propagation"
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
		rc, err := durable.FromContext(ctx)
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

// update has the trace of this run written into the documentation.
var update = flag.Bool("update", false, "write the trace of a checkout, and its picture, into docs")

// What the log and the trace of a checkout are, whatever becomes of its attempts.
var (
	checkoutLog = []string{
		"1 begins", "2 charges", "3 has charged", "4 has slept", "5 picks", "6 has it in hand", "7 packs", "8 ships", "9 ends",
	}
	checkoutTree = strings.TrimLeft(`
POST /orders |  | application
  ingress Checkout/Buy |  | server
    invocation-start Checkout/Buy |  | server
      invocation-attempt Checkout/Buy |  | server
        Checkout/Buy |  | application
          charge |  | application
          Warehouse/Pick | call | application
          ship |  | application
        invocation-start Warehouse/{key}/Pick |  | server
          invocation-attempt Warehouse/{key}/Pick |  | server
            Warehouse/Pick |  | application
          invocation-end Warehouse/{key}/Pick |  | server
      invocation-end Checkout/Buy |  | server
`, "\n")
)

func TestAHandlerThatCrashesLeavesALogAndATraceOfOneRun(t *testing.T) {
	t.Parallel()
	for mode, alwaysReplay := range map[string]bool{"normal": false, "always-replay": true} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			run := crashCheckout(t, alwaysReplay)

			var messages []string
			ids := map[string]bool{}
			for _, line := range run.lines {
				messages = append(messages, line.Message)
				require.Equal(t, run.trace.String(), line.Trace, line.Message)
				if line.Message == "5 picks" {
					require.Equal(t, "Warehouse/Pick", line.Method)
					continue
				}
				require.Equal(t, "Checkout/Buy", line.Method, line.Message)
				ids[line.Invocation] = true
			}
			require.Equal(t, checkoutLog, messages, "each line once, in order")
			require.Len(t, ids, 1, "all of one invocation")

			// The server sends its spans every few seconds.
			var tree *node
			testkit.Eventually(t, func() error {
				tree = treeOf(server.of(run.trace))
				if got := tree.merged().text(false); got != checkoutTree {
					return fmt.Errorf("the trace is\n%s", got)
				}
				return nil
			})
			outcomes := map[string]int{}
			tree.walk(func(n *node) {
				if n.name == "Checkout/Buy" && n.of != "server" {
					what, _, _ := strings.Cut(n.note, ",")
					outcomes[what]++
				}
			})
			const lost = "lost: its process was killed"
			require.Equal(t, 1, outcomes["completed"])
			if alwaysReplay {
				// The attempt that was killed leaves nothing unless the server let it
				// go on where it waited.
				require.LessOrEqual(t, outcomes[lost], 1)
				require.Positive(t, outcomes["suspended"])
				require.Equal(t, len(outcomes), 2+outcomes[lost])
				return
			}
			require.Equal(t, map[string]int{"completed": 1, lost: 1}, outcomes)
			if *update {
				require.NoError(t, os.WriteFile(traceText, []byte(tree.text(true)), 0o644))
				require.NoError(t, os.WriteFile(tracePicture, []byte(draw(readTrace(t))), 0o644))
			}
			var documented strings.Builder
			for _, b := range readTrace(t) {
				fmt.Fprintf(&documented, "%s%s | %s | %s\n", strings.Repeat("  ", b.depth), b.name, b.note, b.of)
			}
			require.Equal(t, documented.String(), tree.text(false), "draw it again: go test ./telemetry -run TestAHandlerThatCrashes -update")
		})
	}
}

// line is a line of the log that belongs to an invocation.
type line struct {
	Message    string `json:"msg"`
	Method     string `json:"method"`
	Invocation string `json:"invocationID"`
	Trace      string `json:"traceID"`
}

// story is what is left of a checkout.
type story struct {
	lines []line
	trace trace.TraceID
}

// crashCheckout runs a checkout whose process is killed in its last step.
func crashCheckout(t *testing.T, alwaysReplay bool) (s story) {
	t.Helper()
	cfg := testkit.ServerConfig()
	maps.Copy(cfg.Env, server.env())
	if alwaysReplay {
		cfg = testkit.AlwaysReplaying(cfg)
	}
	on := testkit.StartServer(t, cfg)
	w := testkit.NewWorld(t)
	reached := w.Block("ship")
	p := testkit.SpawnOn(t, on, "checkout", "Checkout", w, collectorEnv+"="+server.URL)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(forwarder(server.URL)))
	ctx, request := provider.Tracer("shop").Start(t.Context(), "POST /orders", trace.WithSpanKind(trace.SpanKindServer))
	s.trace = request.SpanContext().TraceID()
	headers := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, headers)
	type answer struct {
		testkit.Answer
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		a, err := testkit.PostJSON(ctx, on.IngressURL()+"/Checkout/Buy", "book", "traceparent", headers.Get("traceparent"))
		request.End()
		answered <- answer{a, err}
	}()
	testkit.Receive(t, reached, "the last step")
	a, err := admin.New(admin.Config{URL: on.AdminURL()})
	require.NoError(t, err)
	t.Cleanup(a.CloseIdleConnections)
	ids, err := admin.Query[struct{ ID string }](t.Context(), a, "SELECT id FROM sys_invocation WHERE target_service_name = 'Checkout'")
	require.NoError(t, err)
	require.Len(t, ids, 1)
	testkit.AwaitEntry(t, a, ids[0].ID, "Run ship")

	p.Kill()
	w.Release("ship")
	p.Start()

	end := testkit.Receive(t, answered, "the answer")
	require.NoError(t, end.err)
	require.Equal(t, "bought book", testkit.Decode[string](t, end.Answer))
	require.Equal(t, 2, w.Count("ship"), "the step was under way, and is executed again")
	p.Stop()
	for text := range strings.Lines(p.Log()) {
		var l line
		if json.Unmarshal([]byte(text), &l) == nil && l.Invocation != "" {
			s.lines = append(s.lines, l)
		}
	}
	return s
}

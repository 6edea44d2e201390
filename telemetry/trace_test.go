package telemetry_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-chi/chi/v5"
	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/telemetry"
)

// A trace that a person can read: from the request of a router through the server into a
// handler, its step, its call and the handler that it calls.
func TestOneTraceRunsFromTheRequestIntoNestedHandlers(t *testing.T) {
	t.Parallel()
	a := start(t)
	router := chi.NewRouter()
	router.Post("/orders", func(w http.ResponseWriter, r *http.Request) {
		ctx, span := a.provider.Tracer("router").Start(r.Context(), "POST /orders", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		if _, err := a.buy(ctx, order{}); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})
	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/orders", http.NoBody))
	require.Equal(t, http.StatusOK, w.Code, w.Body)

	request := a.ended(t, "POST /orders", 1)[0]
	id := request.SpanContext.TraceID()
	buy := a.ended(t, a.shop+"/Buy", 1)[0]
	require.Equal(t, trace.SpanKindServer, buy.SpanKind)
	require.Equal(t, id, buy.SpanContext.TraceID())
	require.Equal(t, "completed", value(buy, "restate.outcome"))
	require.Equal(t, "service", value(buy, "restate.service.kind"))
	require.Equal(t, a.shop, value(buy, "rpc.service"))
	require.Equal(t, "Buy", value(buy, "rpc.method"))
	require.Regexp(t, "^inv_", value(buy, "restate.invocation.id"))

	charge := a.ended(t, "charge", 1)[0]
	require.Equal(t, buy.SpanContext.SpanID(), charge.Parent.SpanID())
	require.Equal(t, charge.SpanContext.SpanID(), a.ended(t, "card API", 1)[0].Parent.SpanID(), "the closure has the span of its step")

	takes := a.ended(t, a.stock+"/Take", 2)
	call, take := takes[0], takes[1]
	if call.SpanKind != trace.SpanKindClient {
		call, take = take, call
	}
	require.Equal(t, trace.SpanKindClient, call.SpanKind)
	require.Equal(t, buy.SpanContext.SpanID(), call.Parent.SpanID())
	require.Equal(t, "call", value(call, "restate.call.verb"))
	require.Equal(t, trace.SpanKindServer, take.SpanKind)
	require.Equal(t, id, take.SpanContext.TraceID())
	require.Equal(t, "virtual object", value(take, "restate.service.kind"))
	require.Equal(t, "a", value(take, "restate.invocation.key"))

	// The server's own spans stand between these.
	attempt := server.wait(t, buy.Parent.SpanID())
	require.Equal(t, "invocation-attempt "+a.shop+"/Buy", attempt.Name)
	ingressSpan := server.wait(t, spanID(t, server.wait(t, spanID(t, attempt.Parent)).Parent))
	require.Equal(t, "ingress "+a.shop+"/Buy", ingressSpan.Name)
	require.Equal(t, request.SpanContext.SpanID().String(), ingressSpan.Parent)
	nested := server.wait(t, take.Parent.SpanID())
	require.Equal(t, "invocation-attempt "+a.stock+"/{key}/Take", nested.Name)
	require.Equal(t, attempt.ID, server.wait(t, spanID(t, nested.Parent)).Parent, "the called handler stands below its caller's attempt")

	// A send begins a trace of its own.
	counts := a.ended(t, a.stock+"/Count", 2)
	for _, count := range counts {
		require.Equal(t, count.SpanKind == trace.SpanKindProducer, count.SpanContext.TraceID() == id, count.SpanKind)
	}
}

// Such a server sends no trace context, so that it is the caller's that counts. What the
// handler calls begins a trace of its own.
func TestAServerThatDoesNotTraceLeavesTheTraceOfTheCaller(t *testing.T) {
	t.Parallel()
	a := startOn(t, testkit.StartServer(t, testkit.ServerConfig()))
	ctx, caller := a.provider.Tracer("job").Start(t.Context(), "caller")
	_, err := a.buy(ctx, order{Fail: "retry"})
	require.NoError(t, err)
	caller.End()
	for _, attempt := range a.ended(t, a.shop+"/Buy", 2) {
		require.Equal(t, caller.SpanContext().TraceID(), attempt.SpanContext.TraceID())
		require.Equal(t, caller.SpanContext().SpanID(), attempt.Parent.SpanID())
	}
	for _, span := range a.ended(t, a.stock+"/Take", 2) {
		own := span.SpanContext.TraceID() == caller.SpanContext().TraceID()
		require.Equal(t, span.SpanKind == trace.SpanKindClient, own, span.SpanKind)
	}
}

func TestEachAttemptHasASpanAndReplayedPartsHaveNone(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fail  string
		first string // outcome
		kind  string // of the error
	}{
		"an error that is retried": {"retry", "retryable", "retryable"},
		"a panic":                  {"panic", "retryable", "panic"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t)
			_, err := a.buy(t.Context(), order{Fail: tt.fail})
			require.NoError(t, err)
			attempts := a.ended(t, a.shop+"/Buy", 2)
			first, second := attempts[0], attempts[1]
			require.Equal(t, tt.first, value(first, "restate.outcome"))
			require.Equal(t, tt.kind, value(first, "error.type"))
			require.Equal(t, codes.Error, first.Status.Code)
			require.Empty(t, value(first, "restate.attempt.replaying"))
			require.Empty(t, value(first, "restate.attempt.replayed_steps"))
			require.Equal(t, "completed", value(second, "restate.outcome"))
			require.Equal(t, codes.Unset, second.Status.Code)
			require.Equal(t, "true", value(second, "restate.attempt.replaying"))
			require.Equal(t, "1", value(second, "restate.attempt.replayed_steps"))
			require.Equal(t, value(first, "restate.invocation.id"), value(second, "restate.invocation.id"))
			require.Equal(t, first.SpanContext.TraceID(), second.SpanContext.TraceID())
			require.Equal(t, first.SpanContext.SpanID(), a.ended(t, "charge", 1)[0].Parent.SpanID())
			if tt.fail == "panic" {
				require.Len(t, first.Events, 1)
				require.Equal(t, "exception", first.Events[0].Name)
			}
		})
	}
}

func TestATerminalErrorIsOnTheSpanWithItsCode(t *testing.T) {
	t.Parallel()
	a := start(t)
	_, err := a.buy(t.Context(), order{Fail: "terminal"})
	require.ErrorContains(t, err, "sold out")
	span := a.ended(t, a.shop+"/Buy", 1)[0]
	require.Equal(t, "terminal", value(span, "restate.outcome"))
	require.Equal(t, "409", value(span, "error.type"))
	require.Equal(t, codes.Error, span.Status.Code)
	require.Equal(t, "sold out", span.Status.Description)
}

// With an inactivity timeout of zero, the server suspends the attempt that waits for its
// call.
func TestASuspensionIsNoError(t *testing.T) {
	t.Parallel()
	a := start(t, restate.WithInactivityTimeout(0))
	_, err := a.buy(t.Context(), order{})
	require.NoError(t, err)
	testkit.Until(t, func() bool {
		attempts := a.named(a.shop + "/Buy")
		return len(attempts) > 1 && value(attempts[len(attempts)-1], "restate.outcome") == "completed"
	}, "the invocation does not end")
	for _, attempt := range a.named(a.shop + "/Buy") {
		require.Contains(t, []string{"suspended", "completed"}, value(attempt, "restate.outcome"))
		require.Equal(t, codes.Unset, attempt.Status.Code)
	}
	a.ended(t, "charge", 1)
	calls := 0
	for _, s := range a.named(a.stock + "/Take") {
		if s.SpanKind == trace.SpanKindClient {
			calls++
			require.Equal(t, "false", value(s, "restate.call.answered"))
			require.Equal(t, codes.Unset, s.Status.Code)
		}
	}
	require.Equal(t, 1, calls, "the attempts that replay a call make no span of it")
}

func TestCallsOfADefinitionWithTheClientsOfTheSDKAreSpansOnce(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	front, back := testkit.Unique("front"), testkit.Unique("stock")
	cfg := testkit.Config()
	cfg.Defaults = []restate.ServiceDefinitionOption{restate.WithInactivityTimeout(0)}
	testkit.StartWith(t, cfg,
		fxrestate.Telemetry(telemetry.Config{TracerProvider: provider}),
		fxrestate.Object[*stock](func() *stock { return &stock{} }, fxrestate.Name(back)),
		fxrestate.Definition(restate.NewService(front).Handler("Take", restate.NewServiceHandler(
			func(ctx restate.Context, _ restate.Void) (string, error) {
				return restate.Object[string](ctx, back, "a", "Take").Request(restate.Void{})
			}))))
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(front, "Take"), nil).Status)
	a := &app{spans: spans}
	testkit.Until(t, func() bool {
		attempts := a.named(front + "/Take")
		return len(attempts) > 1 && value(attempts[len(attempts)-1], "restate.outcome") == "completed"
	}, "the invocation does not end")
	a.ended(t, back+"/Take", 2) // the call, and the handler that it calls
}

func TestExecutionsOfAFailingStepAreSpansOfTheirAttempts(t *testing.T) {
	t.Parallel()
	a := start(t)
	testkit.Post(t, testkit.Path(a.shop, "Flaky"), nil)
	executions := a.ended(t, "flaky", 2)
	require.Equal(t, "retryable", value(executions[0], "restate.outcome"))
	require.Equal(t, "not yet", executions[0].Status.Description)
	require.Equal(t, "completed", value(executions[1], "restate.outcome"))
	require.Empty(t, value(executions[0], "restate.step.retry"))
	require.Equal(t, "true", value(executions[1], "restate.step.retry"))
	attempts := a.ended(t, a.shop+"/Flaky", 2)
	for i, e := range executions {
		require.Equal(t, attempts[i].SpanContext.SpanID(), e.Parent.SpanID())
	}
}

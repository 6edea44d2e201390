package telemetry

import (
	"context"
	"strconv"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/pipeline"
)

// Attributes of spans and metrics. Those that the server's own spans have are named as
// there.
const (
	systemKey       = attribute.Key("rpc.system")
	serviceKey      = attribute.Key("rpc.service")
	methodKey       = attribute.Key("rpc.method")
	invocationIDKey = attribute.Key("restate.invocation.id")
	keyKey          = attribute.Key("restate.invocation.key")
	kindKey         = attribute.Key("restate.service.kind")
	replayingKey    = attribute.Key("restate.attempt.replaying")
	replayedKey     = attribute.Key("restate.attempt.replayed_steps")
	outcomeKey      = attribute.Key("restate.outcome")
	stepKey         = attribute.Key("restate.step.name")
	retryKey        = attribute.Key("restate.step.retry")
	verbKey         = attribute.Key("restate.call.verb")
	answeredKey     = attribute.Key("restate.call.answered")
	errorTypeKey    = attribute.Key("error.type")
	refusalKey      = attribute.Key("restate.refusal.reason")
	stackKey        = attribute.Key("exception.stacktrace")
)

// spans makes spans.
type spans struct {
	tracer   trace.Tracer
	keys     bool
	handlers sync.Map // of *handler.Target: its *handlerSpans
}

// attempt is the context of an attempt with its span. Observers and interceptors may put
// other spans into the contexts below it.
type attempt struct {
	context.Context
	spans *spans
	span  trace.Span
}

// Value finds the attempt by the spans that it is one of.
func (a *attempt) Value(key any) any {
	if key == any(a.spans) {
		return a
	}
	return a.Context.Value(key)
}

// of returns the span of the attempt that ctx is in.
func (s *spans) of(ctx context.Context) trace.Span {
	if a, ok := ctx.Value(s).(*attempt); ok {
		return a.span
	}
	return trace.SpanFromContext(context.Background()) // one that records nothing
}

// handlerSpans is what the spans of a handler have in common.
type handlerSpans struct {
	name  string
	start []trace.SpanStartOption
}

func (s *spans) common(target *handler.Target) *handlerSpans {
	if c, ok := s.handlers.Load(target); ok {
		return c.(*handlerSpans)
	}
	c := &handlerSpans{target.String(), []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindServer),
		// Samplers see these.
		trace.WithAttributes(systemKey.String("restate"), serviceKey.String(target.Service), methodKey.String(target.Handler), kindKey.String(target.Kind.String())),
	}}
	made, _ := s.handlers.LoadOrStore(target, c)
	return made.(*handlerSpans)
}

// started begins the span of an attempt. The SDK has put what the attempt's headers say
// of the trace into ctx. A server that does not trace sends none, and then what the caller
// sent is the next best.
func (s *spans) started(ctx context.Context, inv *pipeline.Invocation) context.Context {
	common := s.common(inv.Target())
	if !trace.SpanContextFromContext(ctx).IsValid() {
		ctx = propagation.TraceContext{}.Extract(ctx, ofCaller{inv})
	}
	ctx, span := s.tracer.Start(ctx, common.name, common.start...)
	if span.IsRecording() {
		attributes := make([]attribute.KeyValue, 0, 3)
		attributes = append(attributes, invocationIDKey.String(inv.ID()))
		if inv.Replaying() {
			attributes = append(attributes, replayingKey.Bool(true))
		}
		if s.keys && inv.Kind().Keyed() {
			attributes = append(attributes, keyKey.String(inv.Key()))
		}
		span.SetAttributes(attributes...)
	}
	return &attempt{ctx, s, span}
}

// ofCaller reads the headers of the caller.
type ofCaller struct{ inv *pipeline.Invocation }

func (c ofCaller) Get(name string) string { return c.inv.Header(name) }
func (ofCaller) Set(string, string)       {}
func (ofCaller) Keys() []string           { return nil }

func (s *spans) panicked(ctx context.Context, err *pipeline.PanicError) {
	if span := s.of(ctx); span.IsRecording() {
		span.RecordError(err, trace.WithAttributes(stackKey.String(string(err.Stack))))
	}
}

func (s *spans) ended(ctx context.Context, end pipeline.Ending) {
	span := s.of(ctx)
	if span.IsRecording() {
		span.SetAttributes(outcomeKey.String(end.Outcome.String()))
		if end.ReplayedSteps > 0 {
			span.SetAttributes(replayedKey.Int(end.ReplayedSteps))
		}
		fail(span, end.Err)
	}
	span.End()
}

// fail marks a span as that of something that failed.
func fail(span trace.Span, err error) {
	if err == nil {
		return
	}
	span.SetStatus(codes.Error, safeerr.Text(err))
	span.SetAttributes(errorTypeKey.String(errorType(err)))
}

// errorType is the code of a terminal error, or else a word for the kind of error.
func errorType(err error) string {
	if _, panicked := safeerr.As[*pipeline.PanicError](err); panicked {
		return "panic"
	}
	if safeerr.Is(err, pipeline.ErrAborted) {
		return "aborted"
	}
	if terminal := safeerr.Terminal(err); terminal != nil {
		return strconv.Itoa(int(terminal.Code()))
	}
	return "retryable"
}

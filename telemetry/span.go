package telemetry

import (
	"context"
	"strconv"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
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
	verbKey         = attribute.Key("restate.call.verb")
	answeredKey     = attribute.Key("restate.call.answered")
	errorTypeKey    = attribute.Key("error.type")
	stackKey        = attribute.Key("exception.stacktrace")
)

// spans makes spans.
type spans struct {
	tracer trace.Tracer
	keys   bool
	names  sync.Map // of *handler.Target: its string
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

// name returns the name of a handler's spans.
func (s *spans) name(target *handler.Target) string {
	if name, ok := s.names.Load(target); ok {
		return name.(string)
	}
	name := target.String()
	s.names.Store(target, name)
	return name
}

// started begins the span of an attempt. The SDK has put what the attempt's headers say
// of the trace into ctx.
func (s *spans) started(ctx context.Context, inv *pipeline.Invocation) context.Context {
	target := inv.Target()
	var span trace.Span
	ctx, span = s.tracer.Start(ctx, s.name(target), trace.WithSpanKind(trace.SpanKindServer))
	if span.IsRecording() {
		attributes := make([]attribute.KeyValue, 0, 7)
		attributes = append(attributes,
			systemKey.String("restate"),
			serviceKey.String(target.Service), methodKey.String(target.Handler),
			kindKey.String(target.Kind.String()),
			invocationIDKey.String(inv.ID()),
			replayingKey.Bool(inv.Replaying()))
		if s.keys && target.Kind.Keyed() {
			attributes = append(attributes, keyKey.String(inv.Key()))
		}
		span.SetAttributes(attributes...)
	}
	return &attempt{ctx, s, span}
}

func (s *spans) panicked(ctx context.Context, err *pipeline.PanicError) {
	if span := s.of(ctx); span.IsRecording() {
		span.RecordError(err, trace.WithAttributes(stackKey.String(string(err.Stack))))
	}
}

func (s *spans) ended(ctx context.Context, end pipeline.Ending) {
	span := s.of(ctx)
	if span.IsRecording() {
		span.SetAttributes(outcomeKey.String(end.Outcome.String()), replayedKey.Int(end.ReplayedSteps))
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

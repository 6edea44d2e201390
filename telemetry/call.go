package telemetry

import (
	restate "github.com/restatedev/sdk-go"
	"go.opentelemetry.io/otel/trace"

	"github.com/fxrestate/go/pipeline"
)

// InterceptCall makes a span of a call or send to another handler, in the attempt that
// makes it. The attempts that replay it have none.
//
// It adds no header to the call: the trace is not the same in each attempt, and headers
// are journaled. The server itself continues the trace of a call.
func (t *Telemetry) InterceptCall(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) (err error) {
	if t.spans == nil || call.Invocation().Replaying() {
		return next(ctx, call)
	}
	kind := trace.SpanKindClient
	if call.Verb == pipeline.VerbSend {
		kind = trace.SpanKindProducer
	}
	inner, span := t.spans.tracer.Start(ctx, call.Service+"/"+call.Handler, trace.WithSpanKind(kind))
	if !span.IsRecording() {
		return next(ctx, call)
	}
	span.SetAttributes(systemKey.String("restate"), serviceKey.String(call.Service), methodKey.String(call.Handler), verbKey.String(string(call.Verb)))
	if t.spans.keys && call.Key != "" {
		span.SetAttributes(keyKey.String(call.Key))
	}
	returned := false
	defer func() {
		if call.Verb == pipeline.VerbCall {
			span.SetAttributes(answeredKey.Bool(returned)) // else the attempt was suspended
		}
		fail(span, err)
		span.End()
	}()
	err = next(restate.WrapContext(ctx, inner), call)
	returned = true
	return err
}

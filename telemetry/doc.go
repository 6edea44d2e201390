// Package telemetry makes OpenTelemetry spans and metrics of what handlers do. It uses the
// API of OpenTelemetry alone: the application brings the SDK and its exporters.
//
// With fx, one option turns it on:
//
//	fxrestate.Telemetry(func(tp *sdktrace.TracerProvider, mp *sdkmetric.MeterProvider) telemetry.Config {
//		return telemetry.Config{TracerProvider: tp, MeterProvider: mp}
//	})
//
// Without fx, attach [Telemetry.Stages] to a pipeline and wrap the transport of the
// ingress client with [Telemetry.Transport].
//
// # Spans
//
// Each attempt has a span of kind server, named "service/handler". Its parent is the
// restate-server's span of that attempt. An invocation that is retried or suspended has several,
// and restate.outcome tells how each ended: completed, terminal, retryable, suspended or
// aborted. A suspension is no error.
//
// Each executed step has a child span with the name of the step. The closure has it in its
// context, so that what it calls is part of the trace. A step whose result is in the
// journal has none: restate.attempt.replayed_steps counts those. With restate.step.retry, an
// earlier attempt had begun the step and not finished it.
//
// A span is exported when it ends. A process that is killed takes with it the spans of the
// attempts and steps that it was in. What they had done before is in the trace, with a
// parent that is not, and the restate-server has a span of the attempt.
//
// Each call and send of a handler has a child span in the attempt that makes it. It ends
// with that attempt at the latest: restate.call.answered is false when the attempt was
// suspended meanwhile. In the handlers of a struct these are the calls with package rpc.
//
// With its own tracing on (RESTATE_TRACING_ENDPOINT), the server continues the trace from
// the request at its ingress to the attempts and to the handlers that they call, and its
// spans stand between these. A send begins a trace of its own: that is how the server does
// it. With its tracing off, the trace of the caller reaches the handler that it calls at
// the ingress, and handlers that this one calls begin traces of their own. No header is
// added to calls between handlers, since headers are journaled and the trace differs from
// attempt to attempt.
//
// # Metrics
//
//	restate.attempt.duration         s             by outcome; its count is that of attempts
//	restate.attempt.active           {attempt}     attempts that run
//	restate.attempt.refused          {attempt}     refused, by restate.refusal.reason: guard,
//	                                               or a cause of event.Refused
//	restate.invocation.completed     {invocation}  ended, by outcome: completed or terminal
//	restate.invocation.input.size    By            of those
//	restate.invocation.output.size   By            of those that are completed
//	restate.step.duration            s             executed steps, by outcome; retryable ones
//	                                               are executed again
//	restate.step.replayed            {step}        not executed, and their results taken from
//	                                               the journal
//	restate.step.retried             {execution}   of steps that an earlier attempt had begun
//	                                               and not finished
//	restate.application.ready        {application} 1 while registered and serving, with fx
//
// They have the attributes rpc.system, rpc.service and rpc.method, and restate.outcome
// where it says so. What the endpoint refuses has no service: nobody has looked who sent
// it. No attribute has a key, an id or a text of the application. An invocation whose end
// did not reach the server is counted again by the next attempt. How long invocations take
// from their start to their end, only the server knows.
package telemetry

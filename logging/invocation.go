package logging

import (
	"context"
	"log/slog"
	"strings"

	restate "github.com/restatedev/sdk-go"
	sdklog "github.com/restatedev/sdk-go/logging"

	"github.com/fxrestate/go/internal/scope"
)

// The names of attributes of an invocation: those of the SDK, and ours.
const (
	methodKey     = "method"
	invocationKey = "invocationID"
	objectKey     = "key"
	traceKey      = "traceID"
)

// replaying tells whether ctx belongs to an attempt that replays. The SDK's own
// logger puts that into the log context. For a line logged with the handler's ctx,
// the scope knows it.
func replaying(ctx context.Context, lc *sdklog.LogContext) bool {
	if lc != nil {
		return lc.IsReplaying
	}
	s, err := scope.Find(ctx)
	return err == nil && s.Replaying()
}

func isInvocationID(a slog.Attr) bool { return a.Key == invocationKey }

// names reports whether a line says itself which invocation it is about.
func names(record slog.Record) (names bool) {
	record.Attrs(func(a slog.Attr) bool {
		names = isInvocationID(a)
		return !names
	})
	return names
}

// attributes are those of the lines of one attempt.
type attributes struct{ all, own []slog.Attr }

type attributesKey struct{}

// ofInvocation returns the attributes that lines of an attempt have, without those of the
// SDK if they have them already.
func (s *sink) ofInvocation(of *scope.Scope, bySDK bool) []slog.Attr {
	kept, ok := of.Load(attributesKey{})
	if !ok {
		kept = of.LoadOrStore(attributesKey{}, s.attributesOf(of))
	}
	if bySDK {
		return kept.(*attributes).own
	}
	return kept.(*attributes).all
}

func (s *sink) attributesOf(of *scope.Scope) *attributes {
	request := of.Request()
	all := []slog.Attr{slog.String(methodKey, of.String()), slog.String(invocationKey, request.ID)}
	if s.cfg.Keys && of.Target().Kind.Keyed() {
		all = append(all, slog.String(objectKey, of.Key()))
	}
	if id := traceID(request); id != "" {
		all = append(all, slog.String(traceKey, id))
	}
	return &attributes{all, all[2:]}
}

// traceID is that of the header traceparent of an attempt, which a server has that traces
// (https://www.w3.org/TR/trace-context/).
func traceID(request *restate.Request) string {
	for name, values := range request.AttemptHeaders {
		if len(values) > 0 && strings.EqualFold(name, "traceparent") {
			if parts := strings.Split(values[0], "-"); len(parts) >= 4 && isTraceID(parts[1]) {
				return parts[1]
			}
		}
	}
	return ""
}

// isTraceID reports whether id is as the specification of traceparent has it. Anybody may
// send the header to an endpoint that asks for no signatures.
func isTraceID(id string) bool {
	return len(id) == 32 && strings.Trim(id, "0123456789abcdef") == "" && strings.Trim(id, "0") != ""
}

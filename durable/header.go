package durable

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/header"
	"github.com/fxrestate/go/internal/scope"
)

// Header returns a header that the caller of the handler sent, or "". It is the same in
// every attempt.
//
//	tenant := durable.Header(ctx, "x-tenant")
//
// It takes every context that descends from the handler's: in code that a handler calls
// with a plain context.Context, inside a [Step] and restate.Run, and in members of the
// pipeline. Outside a handler it returns "".
//
// The case of the name does not matter. The ingress sends names in lower case, and a
// handler that calls another one sends them as it writes them: Headers.Get of the SDK's
// request finds a name in its own case only. If several names differ in case only, the
// one written like name is taken, then the one in lower case, then the first in order.
// An empty header is like none. The header tags of handler.In and
// pipeline.Invocation.Header follow the same rule.
func Header(ctx context.Context, name string) string {
	request := requestOf(ctx)
	if request == nil {
		return ""
	}
	return header.Find(request.Headers, name)
}

// requestOf returns the request of the invocation that ctx descends from, or nil.
func requestOf(ctx context.Context) *restate.Request {
	// A handler that this framework does not serve has no scope.
	if own, ok := ctx.(restate.RunContext); ok {
		return own.Request()
	}
	if s := scope.Of(ctx); s != nil {
		return s.Request()
	}
	return nil
}

package ingress

import (
	"context"

	restate "github.com/restatedev/sdk-go"
	sdklog "github.com/restatedev/sdk-go/logging"

	"github.com/fxrestate/go/internal/scope"
)

// warnInside says, once per subject, that a request was made with the context of
// a handler. It is not journaled there: it is made again whenever the handler is
// replayed, and the invocations are not linked. Inside the closure of a
// restate.Run it is a step like any other.
func (c *Client) warnInside(ctx context.Context, subject string) {
	if ctx == nil {
		return // net/http has an error for that
	}
	if _, err := scope.Find(ctx); err != nil {
		// A handler of the SDK's own is recognised by its very context.
		if _, ok := ctx.(restate.Context); !ok {
			return
		}
	}
	if _, warned := c.warned.LoadOrStore(subject, true); !warned {
		c.log.WarnContext(asIfLive(ctx), "ingress: the ingress client was used inside a handler, where each replay repeats the request; "+
			"use rpc.Call and its kin with the handler's context", "target", subject)
	}
}

// asIfLive returns ctx for a logger that drops what is written while an attempt
// replays: the request is not a repetition only, it is made.
func asIfLive(ctx context.Context) context.Context {
	live := sdklog.LogContext{Source: sdklog.LogSourceUser}
	if now := sdklog.LogContextFrom(ctx); now != nil {
		live = *now
		live.IsReplaying = false
	}
	return sdklog.WithLogContext(ctx, &live)
}

package ingress

import (
	"context"

	restate "github.com/restatedev/sdk-go"
	sdklog "github.com/restatedev/sdk-go/logging"

	"github.com/fxrestate/go/internal/scope"
)

// warnInside warns, once for each subject, of a request that was made with the context
// of a handler. The request is not journaled: each replay makes it again, and the
// invocations are not linked. Inside the closure of a restate.Run it is a step like any
// other.
func (c *Client) warnInside(ctx context.Context, subject string) {
	if ctx == nil {
		return // net/http has an error for that
	}
	if _, err := scope.Find(ctx); err != nil {
		// A handler of the SDK's own has the SDK's context.
		if _, ok := ctx.(restate.Context); !ok {
			return
		}
	}
	if _, warned := c.warned.LoadOrStore(subject, true); !warned {
		c.log.WarnContext(asIfLive(ctx), "ingress: the ingress client was used inside a handler, where each replay repeats the request; "+
			"use rpc.Call, Start or Send with the handler's context", "target", subject)
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

package ingress

import (
	"context"
	"errors"
	"fmt"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/httpclient"
	"github.com/fxrestate/go/internal/sdk"
)

// ResolveAwakeable completes the awakeable with the given id, which a handler got
// from restate.Awakeable and gave away: the handler goes on with the value. It is
// JSON unless restate.WithCodec says otherwise; the handler's type must fit.
//
// The first completion counts. The server takes later ones, and those for an
// invocation that is gone, without an error. An id that is none is an [*Error]
// with status 400. See
// https://docs.restate.dev/develop/go/external-events.
func (c *Client) ResolveAwakeable(ctx context.Context, id string, value any, opts ...restate.ResolveAwakeableOption) error {
	o := sdk.Options(restate.ResolveAwakeableOption.BeforeResolveAwakeable, opts)
	codec := codecOr(o.Codec, encoding.JSONCodec)
	body, err := encoding.Marshal(codec, value)
	if err != nil {
		return fmt.Errorf("ingress: resolve awakeable: encode the value: %w", err)
	}
	return c.completeAwakeable(ctx, id, "resolve", body, contentType(codec, value))
}

// RejectAwakeable completes the awakeable with the given id with a failure: the
// handler gets a terminal error with the reason's text and code 500. See
// [Client.ResolveAwakeable].
func (c *Client) RejectAwakeable(ctx context.Context, id string, reason error) error {
	if reason == nil {
		return errors.New("ingress: reject awakeable: there is no reason; use ResolveAwakeable if it succeeded")
	}
	return c.completeAwakeable(ctx, id, "reject", []byte(reason.Error()), "text/plain; charset=utf-8")
}

func (c *Client) completeAwakeable(ctx context.Context, id, verb string, body []byte, contentType string) error {
	if id == "" {
		return fmt.Errorf("ingress: %s awakeable: the id is empty", verb)
	}
	_, err := c.do(ctx, request{
		name:        verb + " awakeable " + httpclient.OneLine(id, maxExcerpt),
		subject:     verb + " awakeable",
		path:        newPath("restate", "awakeables", id, verb),
		body:        body,
		contentType: contentType,
	})
	return err
}

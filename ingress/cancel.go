package ingress

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/fxrestate/go/internal/httpclient"
)

// Canceller cancels invocations for [Handle.Cancel]. *admin.Client is one.
//
// Another implementation should return an error that wraps [ErrNotFound] for an
// invocation that the server does not know.
type Canceller interface {
	// CancelInvocation asks the invocation with the given id to stop. It does not
	// wait for that.
	CancelInvocation(ctx context.Context, id string) error
}

var errNoCanceller = errors.New("the ingress of the server cannot cancel, its admin API can; set Config.Canceller to an *admin.Client")

func (c *Client) cancel(ctx context.Context, name, id string) error {
	name = verbCancel + " " + name
	if c.canceller == nil {
		return fmt.Errorf("ingress: %s: %w", name, errNoCanceller)
	}
	c.warnInside(ctx, verbCancel)
	switch err := c.canceller.CancelInvocation(ctx, id); {
	case err == nil, errors.Is(err, httpclient.ErrEnded):
		return nil
	case errors.Is(err, httpclient.ErrUnknown):
		return &Error{
			Status: http.StatusNotFound, Code: http.StatusNotFound, Message: unknownInvocation,
			Source: SourceIngress, Target: name, InvocationID: id,
		}
	default:
		return fmt.Errorf("ingress: %s: %w", name, err)
	}
}

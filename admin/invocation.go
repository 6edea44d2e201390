package admin

import (
	"context"
	"net/http"
	"net/url"
)

// Values for ResumeInvocation beside the id of a deployment.
const (
	// ResumeOnPinned continues on the deployment that the invocation began on.
	ResumeOnPinned = ""
	// ResumeOnLatest moves the invocation to the latest deployment of its
	// service.
	ResumeOnLatest = "latest"
)

// CancelInvocation asks an invocation, and all that it called, to stop and to
// compensate. It returns when the request is accepted; the invocation ends
// later, or not at all if its handler never waits for anything. An invocation
// that has ended gives an [*Error] with status 409, an unknown one 404.
func (c *Client) CancelInvocation(ctx context.Context, id string) error {
	return c.changeInvocation(ctx, id, "cancel", nil)
}

// KillInvocation ends an invocation at once, without compensation: state may
// be left half changed. Errors are those of CancelInvocation.
func (c *Client) KillInvocation(ctx context.Context, id string) error {
	return c.changeInvocation(ctx, id, "kill", nil)
}

// PauseInvocation stops a running invocation, aborting its current attempt,
// until it is resumed. One that does not run gives an [*Error] with status 409.
func (c *Client) PauseInvocation(ctx context.Context, id string) error {
	return c.changeInvocation(ctx, id, "pause", nil)
}

// ResumeInvocation continues a paused or suspended invocation, or retries at
// once one that waits for its next attempt. The deployment is [ResumeOnPinned],
// [ResumeOnLatest] or the id of one; only a paused or suspended invocation can
// change it.
func (c *Client) ResumeInvocation(ctx context.Context, id, deployment string) error {
	var query url.Values
	if deployment != ResumeOnPinned {
		query = url.Values{"deployment": {deployment}}
	}
	return c.changeInvocation(ctx, id, "resume", query)
}

func (c *Client) changeInvocation(ctx context.Context, id, verb string, query url.Values) error {
	_, err := c.do(ctx, call{
		method: http.MethodPatch,
		path:   []string{"invocations", id, verb},
		query:  query,
	}, nil)
	return err
}

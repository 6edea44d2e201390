package admin

import (
	"context"
	"net/http"
	"net/url"
)

// Values for the deployment of ResumeInvocation, other than a deployment id.
const (
	// ResumeOnPinned continues on the deployment that the invocation started on.
	ResumeOnPinned = ""
	// ResumeOnLatest moves the invocation to the latest deployment of its
	// service.
	ResumeOnLatest = "latest"
)

// CancelInvocation asks an invocation and the invocations that it called to stop
// and to compensate. It returns when the request is accepted. The invocation
// ends later, or not at all if its handler never waits for anything. The error
// is an [*Error] with status 409 for an invocation that has ended, and with 404
// for an unknown one.
func (c *Client) CancelInvocation(ctx context.Context, id string) error {
	return c.changeInvocation(ctx, id, "cancel", nil)
}

// KillInvocation ends an invocation at once, without compensation, so state may
// be left half changed. Errors are those of CancelInvocation.
func (c *Client) KillInvocation(ctx context.Context, id string) error {
	return c.changeInvocation(ctx, id, "kill", nil)
}

// PauseInvocation aborts the current attempt of a running invocation and stops
// the invocation until it is resumed. The error is an [*Error] with status 409
// for an invocation that does not run.
func (c *Client) PauseInvocation(ctx context.Context, id string) error {
	return c.changeInvocation(ctx, id, "pause", nil)
}

// ResumeInvocation continues a paused or suspended invocation. An invocation that
// waits for its next attempt is retried at once. The deployment is
// [ResumeOnPinned], [ResumeOnLatest] or a deployment id; only a paused or
// suspended invocation can change it.
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

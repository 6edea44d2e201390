package admin

import (
	"context"
	"fmt"
	"net/http"
)

// DryRun returns what RegisterDeployment would register, with the settings and schemas
// that the server would give it, and registers nothing. The server calls the endpoint.
func (c *Client) DryRun(ctx context.Context, req RegisterDeploymentRequest) (Deployment, error) {
	var planned Deployment
	if err := req.check(); err != nil {
		return planned, fmt.Errorf("admin: RegisterDeploymentRequest: %w", err)
	}
	req.DryRun = true
	_, err := c.do(ctx, call{
		method:  http.MethodPost,
		path:    []string{"deployments"},
		body:    req,
		secrets: req.AdditionalHeaders,
	}, &planned)
	return planned, err
}

package admin

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// DeploymentInfo is what the server knows about a deployment itself.
type DeploymentInfo struct {
	ID string `json:"id"`
	// URI at which the server reaches the deployment, as it was registered but
	// with a slash in place of an empty path. Empty for AWS Lambda.
	URI string `json:"uri"`
	// ARN of the function, on AWS Lambda only.
	ARN string `json:"arn"`
	// ProtocolType is "BidiStream" or "RequestResponse".
	ProtocolType string `json:"protocol_type"`
	// HTTPVersion is "HTTP/1.1" or "HTTP/2.0".
	HTTPVersion        string    `json:"http_version"`
	CreatedAt          time.Time `json:"created_at"`
	MinProtocolVersion int       `json:"min_protocol_version"`
	MaxProtocolVersion int       `json:"max_protocol_version"`
	// SDKVersion as the endpoint announced it, such as restate-sdk-go/v1.2.0.
	SDKVersion string            `json:"sdk_version"`
	Metadata   map[string]string `json:"metadata"`
	// AdditionalHeaders are sent with each request to the deployment. The
	// server reports their values in the clear: take care where they are shown.
	AdditionalHeaders map[string]string `json:"additional_headers"`
}

// DeploymentSummary is a deployment in the list of all.
type DeploymentSummary struct {
	DeploymentInfo
	Services []ServiceRevision `json:"services"`
}

// ServiceRevision names one revision of a service.
type ServiceRevision struct {
	Name     string `json:"name"`
	Revision int    `json:"revision"`
}

// Deployment is a deployment with the services that it serves, as they were
// when it was registered.
type Deployment struct {
	DeploymentInfo
	Services []Service `json:"services"`
}

// RegisterDeploymentRequest makes the server discover the services of an
// endpoint and route their invocations there.
type RegisterDeploymentRequest struct {
	// URI of the endpoint as the server reaches it, absolute.
	URI string `json:"uri"`

	// Force replaces a deployment that has this URI already, and allows what
	// Breaking allows. The replaced deployment's metadata and headers go with
	// it, and its invocations in flight may be unable to continue. Without it
	// a known URI is left as it is, new services included. It is always sent.
	Force bool `json:"force"`

	// Breaking allows new revisions that do not fit the previous ones, such
	// as a service of another type.
	Breaking bool `json:"breaking,omitempty"`

	// DryRun answers what would be registered, and registers nothing.
	DryRun bool `json:"dry_run,omitempty"`

	// Metadata is kept with the deployment.
	Metadata map[string]string `json:"metadata,omitempty"`

	// AdditionalHeaders are sent by the server with each request to the
	// endpoint, discovery included.
	AdditionalHeaders map[string]string `json:"additional_headers,omitempty"`

	// UseHTTP11 is for endpoints without HTTP/2.
	UseHTTP11 bool `json:"use_http_11,omitempty"`
}

// RegisteredDeployment is the outcome of a registration.
type RegisteredDeployment struct {
	ID string `json:"id"`
	// Created is true for a new deployment and false for a URI that the
	// server knew.
	Created bool `json:"-"`
	// Services as they are registered now. [Client.Deployment] has their handlers
	// and settings, which take tens of milliseconds to decode where there are many.
	Services           []ServiceRevision `json:"services"`
	MinProtocolVersion int               `json:"min_protocol_version"`
	MaxProtocolVersion int               `json:"max_protocol_version"`
	SDKVersion         string            `json:"sdk_version"`
}

// RegisterDeployment registers an endpoint. The server calls the endpoint
// before it answers, so the endpoint must be serving.
func (c *Client) RegisterDeployment(ctx context.Context, req RegisterDeploymentRequest) (RegisteredDeployment, error) {
	var registered RegisteredDeployment
	status, err := c.do(ctx, call{
		method:  http.MethodPost,
		path:    []string{"deployments"},
		body:    req,
		secrets: req.AdditionalHeaders,
	}, &registered)
	registered.Created = status == http.StatusCreated
	return registered, err
}

// Deployments lists all deployments.
func (c *Client) Deployments(ctx context.Context) ([]DeploymentSummary, error) {
	var list struct {
		Deployments []DeploymentSummary `json:"deployments"`
	}
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"deployments"}}, &list)
	return list.Deployments, err
}

// Deployment returns one deployment, or an [*Error] with status 404 if there
// is none of this id, and 400 if it is no deployment id at all.
func (c *Client) Deployment(ctx context.Context, id string) (Deployment, error) {
	var deployment Deployment
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"deployments", id}}, &deployment)
	return deployment, err
}

// DeleteDeployment removes a deployment. Only force is supported by servers up
// to now, without it they answer 501; it takes no heed of invocations that are
// pinned to the deployment.
func (c *Client) DeleteDeployment(ctx context.Context, id string, force bool) error {
	in := call{method: http.MethodDelete, path: []string{"deployments", id}}
	if force {
		in.query = url.Values{"force": {"true"}}
	}
	_, err := c.do(ctx, in, nil)
	return err
}

// UpdateDeploymentRequest changes a deployment in place. What is not set stays
// as it is. (The API's description has use_http_11 too; restate-server 1.7.12
// ignores it in an update, so it is not here.)
type UpdateDeploymentRequest struct {
	// URI moves the deployment, and with it all invocations that are pinned
	// to it.
	URI string `json:"uri,omitempty"`

	// AdditionalHeaders replace all that are set. An empty map that is not nil
	// removes them.
	AdditionalHeaders map[string]string `json:"additional_headers,omitzero"`

	// Overwrite discovers the services anew and lets them replace the old
	// ones, breaking changes included.
	Overwrite bool `json:"overwrite,omitempty"`

	// DryRun answers what would change, and changes nothing.
	DryRun bool `json:"dry_run,omitempty"`
}

// UpdateDeployment changes a deployment in place, for instance to a new
// address of the same code.
func (c *Client) UpdateDeployment(ctx context.Context, id string, req UpdateDeploymentRequest) (Deployment, error) {
	var deployment Deployment
	_, err := c.do(ctx, call{
		method:  http.MethodPatch,
		path:    []string{"deployments", id},
		body:    req,
		secrets: req.AdditionalHeaders,
	}, &deployment)
	return deployment, err
}

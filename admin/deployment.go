package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// DeploymentInfo describes a deployment without its services.
type DeploymentInfo struct {
	ID string `json:"id"`
	// URI at which the server reaches the deployment. It is the registered URI,
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
	// AdditionalHeaders are sent with each request to the deployment. The server
	// reports their values in plain text, so do not log them.
	AdditionalHeaders map[string]string `json:"additional_headers"`
}

// DeploymentSummary is an entry in the list of deployments.
type DeploymentSummary struct {
	DeploymentInfo
	Services []ServiceRevision `json:"services"`
}

// ServiceRevision names one revision of a service.
type ServiceRevision struct {
	Name     string `json:"name"`
	Revision int    `json:"revision"`
}

// Deployment is a deployment with its services, as they were when it was
// registered.
type Deployment struct {
	DeploymentInfo
	Services []Service `json:"services"`
}

func (d *Deployment) empty() bool { return d.ID == "" }

// RegisterDeploymentRequest makes the server discover the services of an
// endpoint and route their invocations there. It needs a URI or an ARN, not both.
type RegisterDeploymentRequest struct {
	// URI of the endpoint as the server reaches it, absolute.
	URI string `json:"uri,omitempty"`

	// ARN of an AWS Lambda function with its version, such as
	// arn:aws:lambda:eu-central-1:123456789012:function:orders:7.
	ARN string `json:"arn,omitempty"`

	// AssumeRoleARN is the role that the server assumes to invoke the function. Only
	// with ARN.
	AssumeRoleARN string `json:"assume_role_arn,omitempty"`

	// Force replaces a deployment that already has this URI or ARN, and implies
	// Breaking. The metadata and headers of the replaced deployment are lost, and
	// its invocations in flight may be unable to continue. Without Force, the
	// server keeps a known deployment as it is and ignores even new services. The
	// field is always sent.
	Force bool `json:"force"`

	// Breaking allows revisions that are incompatible with the previous ones, such
	// as a service of another type.
	Breaking bool `json:"breaking,omitempty"`

	// DryRun returns what would be registered, and registers nothing.
	DryRun bool `json:"dry_run,omitempty"`

	// Metadata is kept with the deployment.
	Metadata map[string]string `json:"metadata,omitempty"`

	// AdditionalHeaders are the headers that the server sends with each request to
	// the endpoint, discovery included.
	AdditionalHeaders map[string]string `json:"additional_headers,omitempty"`

	// UseHTTP11 is for endpoints without HTTP/2. Only with URI.
	UseHTTP11 bool `json:"use_http_11,omitempty"`
}

// check rejects what the server rejects without saying why, or ignores.
func (r RegisterDeploymentRequest) check() error {
	switch {
	case (r.URI == "") == (r.ARN == ""):
		return errors.New("set either URI or ARN")
	case r.AssumeRoleARN != "" && r.ARN == "":
		return errors.New("AssumeRoleARN is for AWS Lambda: set ARN in place of URI")
	case r.UseHTTP11 && r.URI == "":
		return errors.New("UseHTTP11 does not go with ARN")
	default:
		return nil
	}
}

// RegisteredDeployment is the outcome of a registration.
type RegisteredDeployment struct {
	ID string `json:"id"`
	// Created is true for a new deployment and false for a URI or ARN that the server
	// already knew.
	Created bool `json:"-"`
	// Services as they are registered now. Use [Client.Deployment] for their settings
	// and schemas.
	Services           []RegisteredService `json:"services"`
	MinProtocolVersion int                 `json:"min_protocol_version"`
	MaxProtocolVersion int                 `json:"max_protocol_version"`
	SDKVersion         string              `json:"sdk_version"`
}

func (d *RegisteredDeployment) empty() bool { return d.ID == "" }

// RegisteredService is a service in the outcome of a registration.
type RegisteredService struct {
	Name     string              `json:"name"`
	Type     ServiceType         `json:"ty"`
	Revision int                 `json:"revision"`
	Handlers []RegisteredHandler `json:"handlers"`
}

// RegisteredHandler is a handler in the outcome of a registration.
type RegisteredHandler struct {
	Name string `json:"name"`
	// Type is empty for the handlers of plain services.
	Type HandlerType `json:"ty"`
}

// RegisterDeployment registers an endpoint. The server calls the endpoint
// before it responds, so the endpoint must be serving.
func (c *Client) RegisterDeployment(ctx context.Context, req RegisterDeploymentRequest) (RegisteredDeployment, error) {
	var registered RegisteredDeployment
	if err := req.check(); err != nil {
		return registered, fmt.Errorf("admin: RegisterDeploymentRequest: %w", err)
	}
	status, err := c.do(ctx, call{
		method:  http.MethodPost,
		path:    []string{"deployments"},
		body:    req,
		secrets: req.AdditionalHeaders,
	}, &registered)
	registered.Created = status == http.StatusCreated
	return registered, err
}

type deploymentList struct {
	Deployments []DeploymentSummary `json:"deployments"`
}

func (l *deploymentList) empty() bool { return l.Deployments == nil }

// Deployments lists all deployments.
func (c *Client) Deployments(ctx context.Context) ([]DeploymentSummary, error) {
	var list deploymentList
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"deployments"}}, &list)
	return list.Deployments, err
}

// Deployment returns one deployment. The error is an [*Error] with status 404
// for an unknown id, and with status 400 if id is not a deployment id.
func (c *Client) Deployment(ctx context.Context, id string) (Deployment, error) {
	var deployment Deployment
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"deployments", id}}, &deployment)
	return deployment, err
}

// DeleteDeployment removes a deployment. Servers support only force so far, and
// respond with 501 without it. A forced deletion ignores invocations that are
// pinned to the deployment.
func (c *Client) DeleteDeployment(ctx context.Context, id string, force bool) error {
	in := call{method: http.MethodDelete, path: []string{"deployments", id}}
	if force {
		in.query = url.Values{"force": {"true"}}
	}
	_, err := c.do(ctx, in, nil)
	return err
}

// UpdateDeploymentRequest changes a deployment in place. Fields that are not set
// stay as they are. (The API's description also has use_http_11, but
// restate-server 1.7.12 ignores it in an update.)
type UpdateDeploymentRequest struct {
	// URI moves the deployment and all invocations that are pinned to it.
	URI string `json:"uri,omitempty"`

	// AdditionalHeaders replace all headers of the deployment. An empty map that is
	// not nil removes them.
	AdditionalHeaders map[string]string `json:"additional_headers,omitzero"`

	// Overwrite discovers the services again and replaces the old ones, breaking
	// changes included.
	Overwrite bool `json:"overwrite,omitempty"`

	// DryRun returns what would change, and changes nothing.
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

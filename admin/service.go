package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// ServiceType is the kind of a service.
type ServiceType string

// The kinds of services.
const (
	TypeService       ServiceType = "Service"
	TypeVirtualObject ServiceType = "VirtualObject"
	TypeWorkflow      ServiceType = "Workflow"
)

// HandlerType says how invocations of a handler share a key. It is empty for the
// handlers of plain services.
type HandlerType string

// The kinds of handlers.
const (
	HandlerExclusive HandlerType = "Exclusive"
	HandlerShared    HandlerType = "Shared"
	HandlerWorkflow  HandlerType = "Workflow"
)

// Options are the settings of a service or of a handler. A field that is empty
// on a handler is taken from its service. Durations are in the server's own
// notation, such as "1m", "1d" or "1h 30m".
type Options struct {
	IdempotencyRetention string       `json:"idempotency_retention"`
	JournalRetention     string       `json:"journal_retention"`
	InactivityTimeout    string       `json:"inactivity_timeout"`
	AbortTimeout         string       `json:"abort_timeout"`
	EnableLazyState      *bool        `json:"enable_lazy_state"`
	RetryPolicy          *RetryPolicy `json:"retry_policy"`
}

// RetryPolicy says how failed attempts of an invocation are retried.
type RetryPolicy struct {
	InitialInterval      string  `json:"initial_interval"`
	ExponentiationFactor float64 `json:"exponentiation_factor"`
	MaxInterval          string  `json:"max_interval"`
	// MaxAttempts includes the first attempt. Nil means no limit on a service, and
	// the limit of the service on a handler.
	MaxAttempts *int `json:"max_attempts"`
	// OnMaxAttempts is "Pause" or "Kill".
	OnMaxAttempts string `json:"on_max_attempts"`
}

// Service is the latest revision of a service.
type Service struct {
	Name string      `json:"name"`
	Type ServiceType `json:"ty"`
	// DeploymentID is the deployment that receives new invocations.
	DeploymentID  string            `json:"deployment_id"`
	Revision      int               `json:"revision"`
	Public        bool              `json:"public"`
	Documentation string            `json:"documentation"`
	Metadata      map[string]string `json:"metadata"`
	Handlers      []Handler         `json:"handlers"`
	Options
	// WorkflowCompletionRetention is set for workflows only.
	WorkflowCompletionRetention string `json:"workflow_completion_retention"`
}

func (s *Service) empty() bool { return s.Name == "" }

// Handler is a handler of a service.
type Handler struct {
	Name          string            `json:"name"`
	Type          HandlerType       `json:"ty"`
	Public        bool              `json:"public"`
	Documentation string            `json:"documentation"`
	Metadata      map[string]string `json:"metadata"`
	// InputDescription and OutputDescription are for people: "JSON string",
	// "none".
	InputDescription  string `json:"input_description"`
	OutputDescription string `json:"output_description"`
	// InputSchema and OutputSchema are JSON Schemas, or nil.
	InputSchema  json.RawMessage `json:"input_json_schema"`
	OutputSchema json.RawMessage `json:"output_json_schema"`
	Options
}

type serviceList struct {
	Services []Service `json:"services"`
}

func (l *serviceList) empty() bool { return l.Services == nil }

// Services lists all services, each in its latest revision.
func (c *Client) Services(ctx context.Context) ([]Service, error) {
	var list serviceList
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"services"}}, &list)
	return list.Services, err
}

// Service returns the latest revision of a service, or an [*Error] with
// status 404.
func (c *Client) Service(ctx context.Context, name string) (Service, error) {
	var service Service
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"services", name}}, &service)
	return service, err
}

func (h *Handler) empty() bool { return h.Name == "" }

type handlerList struct {
	Handlers []Handler `json:"handlers"`
}

func (l *handlerList) empty() bool { return l.Handlers == nil }

// Handlers lists the handlers of the latest revision of a service. For an unknown service
// the error is an [*Error] with status 404.
func (c *Client) Handlers(ctx context.Context, service string) ([]Handler, error) {
	var list handlerList
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"services", service, "handlers"}}, &list)
	return list.Handlers, err
}

// Handler returns one handler of the latest revision of a service, or an [*Error] with
// status 404.
func (c *Client) Handler(ctx context.Context, service, name string) (Handler, error) {
	var handler Handler
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"services", service, "handlers", name}}, &handler)
	return handler, err
}

// ModifyServiceRequest changes settings of the latest revision of a service, which hold
// for all of its handlers. Fields that are nil stay as they are.
type ModifyServiceRequest struct {
	// Public is whether the service can be called through the ingress.
	Public *bool
	// IdempotencyRetention is how long the result of a call with an idempotency key is
	// kept.
	IdempotencyRetention *time.Duration
	// JournalRetention is how long the journal of a completed invocation is kept.
	JournalRetention *time.Duration
	// WorkflowCompletionRetention is how long the result of a workflow is kept. Only
	// for workflows.
	WorkflowCompletionRetention *time.Duration
	// InactivityTimeout is how long an attempt may wait before it is suspended.
	InactivityTimeout *time.Duration
	// AbortTimeout is how long an attempt that is asked to suspend may take before it
	// is cut.
	AbortTimeout *time.Duration
}

// MarshalJSON encodes the request as the API has it.
func (r ModifyServiceRequest) MarshalJSON() ([]byte, error) {
	text := func(d *time.Duration) string {
		if d == nil {
			return ""
		}
		return d.String()
	}
	return json.Marshal(struct {
		Public                      *bool  `json:"public,omitempty"`
		IdempotencyRetention        string `json:"idempotency_retention,omitempty"`
		JournalRetention            string `json:"journal_retention,omitempty"`
		WorkflowCompletionRetention string `json:"workflow_completion_retention,omitempty"`
		InactivityTimeout           string `json:"inactivity_timeout,omitempty"`
		AbortTimeout                string `json:"abort_timeout,omitempty"`
	}{
		r.Public, text(r.IdempotencyRetention), text(r.JournalRetention), text(r.WorkflowCompletionRetention),
		text(r.InactivityTimeout), text(r.AbortTimeout),
	})
}

// ModifyService changes settings of a service at run time and returns the service. They
// hold until the next revision of the service is registered: that has the settings of
// its code again. The error is an [*Error] with status 404 for an unknown service, with
// status 400 for a setting that its type does not have, and with status 422 for a value
// that is no setting, such as a negative duration.
func (c *Client) ModifyService(ctx context.Context, name string, req ModifyServiceRequest) (Service, error) {
	var service Service
	_, err := c.do(ctx, call{method: http.MethodPatch, path: []string{"services", name}, body: req}, &service)
	return service, err
}

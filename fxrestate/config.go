package fxrestate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/logging"
)

// Config configures [Module]. Give it to the application with fx.Supply or with a
// constructor that returns Config or (Config, error), such as [ConfigFromEnv].
// Without one the zero value is in force: the application listens on port 9080
// and is not registered.
type Config struct {
	// Ingress says where handlers are called from outside, for the injectable
	// *ingress.Client. Default: http://localhost:8080.
	Ingress ingress.Config
	// Admin says where the admin API is. Default: http://localhost:9070.
	Admin admin.Config
	// Endpoint says how handlers are served to Restate. Default: on port 9080.
	Endpoint endpoint.Config
	// Register registers the endpoint with the admin API when the application
	// starts. Default: nil, nothing calls the admin API.
	Register *deployment.Config
	// Defaults are options of the SDK for all services. Options of a service
	// override them, a retry policy field by field; those of a handler override
	// both. An option that does not fit a kind of service, such as
	// restate.WithWorkflowRetention, applies to the others.
	Defaults []restate.ServiceDefinitionOption
	// Steps is how the steps of all handlers are retried that were declared with
	// durable.NewStep and without a durable.Retry. It does not apply to restate.Run.
	// Default: the zero value, steps are retried with their invocations.
	Steps durable.Retry
	// Pipeline switches stages off.
	Pipeline PipelineConfig
	// Logging says how the SDK's lines and those of handlers are written.
	Logging logging.Config
}

// PipelineConfig switches stages of the pipeline off, at all levels. The zero value
// has all of them on.
type PipelineConfig struct {
	// WithoutGuards lets everything in.
	WithoutGuards bool
	// WithoutInterceptors runs handlers, steps and calls without interceptors.
	WithoutInterceptors bool
	// WithoutFilters leaves errors as they are.
	WithoutFilters bool
}

// Validate reports all fields out of their bounds.
func (c Config) Validate() error {
	_, adminErr := admin.New(c.Admin)
	errs := []error{c.Ingress.Validate(), adminErr, c.Endpoint.Validate()}
	if err := c.Steps.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("fxrestate: Steps: %w", err))
	}
	if c.Register != nil {
		errs = append(errs, c.Register.Validate())
		switch port := strings.Contains(c.Register.URL, "{{port}}"); {
		case c.Endpoint.Mode == endpoint.Lambda:
			errs = append(errs, errors.New("fxrestate: Register is set, and a Lambda function is registered by its ARN when it is published: leave it nil"))
		case c.Endpoint.Mode == endpoint.Mounted && port:
			errs = append(errs, fmt.Errorf("fxrestate: Register.URL is %q, and a mounted endpoint has no port of its own: write the port of your server", c.Register.URL))
		}
		if c.Endpoint.Mode == endpoint.Mounted && c.Register.Required {
			errs = append(errs, errors.New("fxrestate: Register.Required is true, and a mounted endpoint is registered after the start, when your server serves: watch Health instead"))
		}
	}
	return errors.Join(errs...)
}

// endpoint is Endpoint with what Steps asks of it.
func (c Config) endpoint() endpoint.Config {
	cfg := c.Endpoint
	if c.Steps == (durable.Retry{}) {
		return cfg
	}
	own := cfg.Context
	cfg.Context = func(ctx context.Context) context.Context {
		if own != nil {
			ctx = own(ctx)
		}
		return durable.WithStepRetry(ctx, c.Steps)
	}
	return cfg
}

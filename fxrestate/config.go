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
	"github.com/fxrestate/go/httpserver"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/logging"
)

// Config configures [Module]. Provide it with fx.Supply or with a constructor that
// returns Config or (Config, error), such as [ConfigFromEnv]. A pointer to a Config is an
// error of fx.New, and so is a constructor that lacks a dependency. Default: the zero
// value, with which the application listens on port 9080 and is not registered.
//
// There is one Config for the application. To change it with fx.Decorate or fx.Replace,
// list these in fx.New: inside an fx.Module they have no effect, and the log says so at the
// start. If the module has no services, only the events of fx tell, so that the log is
// silent where the application has an fx.WithLogger or fx.NopLogger of its own.
//
// The constructor cannot take the *slog.Logger or anything else that [Module] makes from the
// Config.
type Config struct {
	// Cloud is the environment of Restate Cloud that the application belongs to. It fills
	// in what Ingress, Admin, Endpoint and Register leave open. Default: nil, a server of
	// your own.
	Cloud *Cloud
	// Ingress configures the injectable *ingress.Client, which calls handlers from
	// outside. Default: http://localhost:8080.
	Ingress ingress.Config
	// Admin configures the client of the admin API. Default: http://localhost:9070.
	Admin admin.Config
	// Endpoint configures how handlers are served to Restate. Default: on port 9080.
	Endpoint endpoint.Config
	// Register registers the endpoint with the admin API when the application
	// starts. Default: nil, and the admin API is not called, unless Cloud has a tunnel. The
	// log says so at the start.
	Register *deployment.Config
	// Defaults are options of the SDK for all services. Options of a service
	// override them, a retry policy field by field; those of a handler override
	// both. An option that does not fit a kind of service, such as
	// restate.WithWorkflowRetention, applies to the others. A [Definition] keeps its
	// codec, and has the others where it leaves them open.
	//
	// A retry policy with few attempts, by restate.WithInvocationRetryPolicy here or on a
	// service, pauses invocations while the application restarts: attempts at a URL where
	// nobody listens count. The caller of a paused invocation waits until somebody resumes
	// it. With restate.KillOnMaxAttempts it gets an error instead, and nothing is
	// compensated. Without a policy the server tries 70 times, for about an hour, and then
	// pauses. The application names paused invocations at its start: see [Health.Stuck].
	Defaults []restate.ServiceDefinitionOption
	// Steps is how steps that were declared with durable.NewStep, and without a
	// durable.Retry, are retried. It does not apply to restate.Run. Default: the zero
	// value, with which steps are retried with their invocations.
	Steps durable.Retry
	// Pipeline disables stages. Default: all are enabled.
	Pipeline PipelineConfig
	// HTTP configures the server of [HTTPServer]. Default: on port 3000.
	HTTP httpserver.Config
	// Logging configures how lines of the SDK and of handlers are written.
	Logging logging.Config
}

// PipelineConfig disables stages of the pipeline at all levels. The zero value disables
// none.
type PipelineConfig struct {
	// WithoutGuards admits every invocation.
	WithoutGuards bool
	// WithoutInterceptors runs handlers, steps and calls without interceptors.
	WithoutInterceptors bool
	// WithoutFilters passes errors on unchanged.
	WithoutFilters bool
}

// Validate returns an error that names all fields with wrong values.
func (c Config) Validate() error {
	_, adminErr := admin.New(c.Admin)
	errs := []error{c.Ingress.Validate(), adminErr, c.Endpoint.Validate(), c.HTTP.Validate()}
	if err := c.Steps.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("fxrestate: Steps: %w", err))
	}
	errs = append(errs, c.checkCloud(func(field string) string { return field })...)
	if c.Register = c.registration(); c.Register != nil {
		errs = append(errs, c.Register.Validate())
		if version := "/v/" + c.Endpoint.Version.Name; c.Endpoint.Version.Name != "" && strings.HasSuffix(strings.TrimRight(c.Register.URL, "/"), version) {
			errs = append(errs, fmt.Errorf("fxrestate: Register.URL is %q, and the path of Endpoint.Version is appended to it: leave %q out", c.Register.URL, version))
		}
		switch port := strings.Contains(c.Register.URL, "{{port}}"); {
		case c.Register.Mode == deployment.Manual:
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

// endpoint returns Endpoint with the default of steps in the context of each attempt.
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

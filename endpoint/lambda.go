package endpoint

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/restatedev/sdk-go/server"
)

// LambdaHandler returns the endpoint as an AWS Lambda function, for
// lambda.Start. It is an error in another mode than Lambda
// (https://docs.restate.dev/services/deploy/lambda).
func (e *Endpoint) LambdaHandler() (server.LambdaHandlerFunc, error) {
	if e.cfg.Mode != Lambda {
		return nil, fmt.Errorf("endpoint: the Lambda handler needs mode %q, and Mode is %q", Lambda, e.cfg.Mode)
	}
	h, err := e.sdk.LambdaHandler()
	if err != nil {
		return nil, fmt.Errorf("endpoint: IdentityKeys: %w", err)
	}
	return func(ctx context.Context, event server.LambdaRequest) (server.LambdaResponse, error) {
		if path := cmp.Or(event.Path, event.RawPath); strings.HasPrefix(path, "/invoke/") && !e.known[path] {
			return server.LambdaResponse{StatusCode: http.StatusNotFound}, nil
		}
		return h(ctx, event)
	}, nil
}

package endpoint

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"github.com/restatedev/sdk-go/server"
)

// LambdaHandler returns the endpoint as an AWS Lambda function, for
// lambda.Start. It is an error in another mode than Lambda
// (https://docs.restate.dev/services/deploy/lambda).
func (e *Endpoint) LambdaHandler() (server.LambdaHandlerFunc, error) {
	if e.cfg.Mode != Lambda {
		return nil, fmt.Errorf("endpoint: the Lambda handler needs mode %q, and Mode is %q", Lambda, e.cfg.Mode)
	}
	return func(ctx context.Context, event server.LambdaRequest) (server.LambdaResponse, error) {
		path := cmp.Or(event.Path, event.RawPath)
		headers := make(http.Header, len(event.Headers))
		for name, value := range event.Headers {
			headers.Set(name, value)
		}
		if !e.known[path] && path != healthURI && e.identity.proven(path, headers) {
			return server.LambdaResponse{StatusCode: http.StatusNotFound}, nil
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		hint := &hint{abort: cancel}
		response, err := e.lambda(context.WithValue(ctx, hintKey{}, hint), event)
		if delay, ok := hint.delay(); ok && err == nil {
			addRetryDelay(&response, delay)
		}
		return response, err
	}, nil
}

// addRetryDelay adds the delay to the error message of a response.
func addRetryDelay(r *server.LambdaResponse, delay time.Duration) {
	body, err := base64.StdEncoding.DecodeString(r.Body)
	if err != nil {
		return
	}
	if hinted, ok := withRetryDelay(body, delay); ok {
		r.Body = base64.StdEncoding.EncodeToString(hinted)
	}
}

package endpoint

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/restatedev/sdk-go/server"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/sdk"
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
		if e.identity.verify(path, headers) == nil {
			if refused := e.misfitEvent(path, headers, event); refused != nil {
				return server.LambdaResponse{StatusCode: refused.status}, nil
			}
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		x := &sdk.Exchange{Abort: cancel, PauseOnMismatch: e.cfg.OnMismatch == Pause}
		response, err := e.lambda(e.attemptContext(ctx, x), event)
		if err == nil {
			amendResponse(&response, x)
		}
		return response, err
	}, nil
}

// misfitEvent says why an event is none of the requests that the SDK takes, or nil.
// The SDK reads a body that is not there, and believes any length.
func (e *Endpoint) misfitEvent(path string, headers http.Header, event server.LambdaRequest) *refusal {
	if path == healthURI {
		return nil
	}
	r := &http.Request{Method: http.MethodPost, RequestURI: path, Header: headers}
	if path == discoverURI {
		r.Method = http.MethodGet // events tell none
	}
	if misfit := e.misfit(r, nil); misfit != nil || path == discoverURI {
		return misfit
	}
	body := []byte(event.Body)
	if event.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(event.Body); err != nil {
			return &refusal{status: http.StatusBadRequest, reason: "the body is no base64"}
		}
	}
	if _, _, err := readJournal(nil, bytes.NewReader(body), &protocol.Follower{Max: int(e.gate.maxMessage)}, func(int) error { return nil }); err != nil {
		return refusalOf(err, e.gate.complain)
	}
	return nil
}

// amendResponse amends the error message of a response.
func amendResponse(r *server.LambdaResponse, x *sdk.Exchange) {
	body, err := base64.StdEncoding.DecodeString(r.Body)
	if err != nil {
		return
	}
	if amended, ok := x.Amend(body); ok {
		r.Body = base64.StdEncoding.EncodeToString(amended)
	}
}

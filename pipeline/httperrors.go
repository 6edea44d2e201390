package pipeline

import (
	"context"
	"errors"

	restate "github.com/restatedev/sdk-go"
)

// HTTPErrors returns a filter for errors that know an HTTP status: those with a
// method StatusCode, HTTPStatus or GetStatus that returns an int, themselves or in
// their chain.
//
// A status from 400 to 499 makes a terminal error with that code and the error's
// text. It leaves alone, to be retried unless another filter or the error mapping
// decides otherwise, all other statuses and errors that know none, and errors
// that ask for another attempt with [RetryAfter].
func HTTPErrors() Filter { return httpErrors{} }

type httpErrors struct{}

func (httpErrors) String() string { return "pipeline.HTTPErrors" }

func (httpErrors) Catch(_ context.Context, _ *Invocation, err error) error {
	if restate.IsTerminalError(err) {
		return nil
	}
	if _, ok := RetryDelay(err); ok {
		return nil
	}
	status := httpStatus(err)
	if status < 400 || status > 499 {
		return nil
	}
	return restate.ToTerminalError(err, restate.WithErrorCode(restate.Code(status)))
}

// httpStatus finds the outermost status in an error's chain.
func httpStatus(err error) int {
	var (
		statusCode interface{ StatusCode() int }
		httpStatus interface{ HTTPStatus() int }
		getStatus  interface{ GetStatus() int }
	)
	switch {
	case errors.As(err, &statusCode):
		return statusCode.StatusCode()
	case errors.As(err, &httpStatus):
		return httpStatus.HTTPStatus()
	case errors.As(err, &getStatus):
		return getStatus.GetStatus()
	default:
		return 0
	}
}

// Package httperror has a filter for errors that know an HTTP status.
package httperror

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/pipeline"
)

// Filter returns a filter for errors that know an HTTP status: those with a
// method StatusCode, HTTPStatus or GetStatus that returns an int, themselves or in
// their chain. The outermost that has one of them counts. The status becomes the code of
// the error, in handlers and in the closures of steps alike:
//
//   - From 400 to 499 the error is terminal: nobody repeats such a request. An error that
//     asks for another attempt, as [pipeline.RetryAfter] and [pipeline.Pause] say, is
//     retried instead. That is mostly 429.
//   - From 500 on the error is retried, and keeps the status as its code. When a step has
//     no retries left, its terminal error has that code.
//
// The filter leaves all other errors alone, and those that are terminal already. Codes
// from 570 on belong to Restate itself, so an error with such a status is left alone too.
// [pipeline.Stages.AsTerminalError] may still make a retried error terminal; other
// filters do not see it.
func Filter() pipeline.Filter { return filter{} }

type filter struct{}

func (filter) String() string { return "httperror.Filter" }

func (filter) Catch(_ context.Context, _ *pipeline.Invocation, err error) error {
	if safeerr.Terminal(err) != nil {
		return nil
	}
	status, _ := httpStatus(err)
	_, again := pipeline.RetryDelay(err)
	again = again || pipeline.Pauses(err)
	code := restate.WithErrorCode(restate.Code(status))
	switch {
	case status < 400 || status >= codesOfRestate:
		return nil
	case status < 500 && !again:
		return restate.ToTerminalError(err, code)
	case safeerr.Retryable(err) != nil:
		return nil // it has a code
	default:
		return restate.ToRetryableError(err, code)
	}
}

// codesOfRestate is the first of the codes by which the service protocol tells failures
// of its own, such as 570 for a journal that does not match.
const codesOfRestate = 570

// httpStatus finds the outermost status in an error's chain, in the order in
// which [errors.As] goes through it.
func httpStatus(err error) (status int, ok bool) {
	ok = safeerr.Chain(err, func(err error) bool {
		switch e := err.(type) {
		case interface{ StatusCode() int }:
			status = e.StatusCode()
		case interface{ HTTPStatus() int }:
			status = e.HTTPStatus()
		case interface{ GetStatus() int }:
			status = e.GetStatus()
		default:
			return false
		}
		return true
	})
	return status, ok
}

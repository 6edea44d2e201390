package restatetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/runner"
)

// StubCall is a call that a [Stub] answers.
type StubCall struct {
	Service, Handler string
	// Key of the object or workflow, or empty.
	Key string
	// Headers of the call.
	Headers map[string]string
}

// Stub answers the calls of a handler of a service that the application does not have, for
// [InProcess]: another application serves it. Input and result are JSON. It runs on a
// goroutine of its own. A terminal error is the result of the call; after any other error
// the stub is called again, as the retry policy of the server says.
//
//	restatetest.Stub("warehouse", "Reserve", func(_ context.Context, _ restatetest.StubCall, item Item) (Reservation, error) {
//		return Reservation{ID: "r1"}, nil
//	})
func Stub[In, Out any](service, handler string, answer func(ctx context.Context, call StubCall, in In) (Out, error)) Option {
	return option(func(s *settings) {
		if s.stubs == nil {
			s.stubs = map[string]runner.Stub{}
		}
		s.stubs[service+"/"+handler] = func(ctx context.Context, q runner.Request) ([]byte, error) {
			var in In
			if len(q.Body) > 0 {
				if err := json.Unmarshal(q.Body, &in); err != nil {
					return nil, &runner.Error{Code: http.StatusBadRequest, Message: fmt.Sprintf("restatetest: the stub of %s/%s takes %T: %v", service, handler, in, err)}
				}
			}
			call := StubCall{q.Service, q.Handler, q.Key, make(map[string]string, len(q.Headers))}
			for _, h := range q.Headers {
				call.Headers[h.Key] = h.Value
			}
			out, err := answer(ctx, call, in)
			if err != nil {
				return nil, stubError(err)
			}
			return json.Marshal(out)
		}
	})
}

// stubError is a terminal error as the runner has it, or err.
func stubError(err error) error {
	var terminal restate.TerminalError
	if !errors.As(err, &terminal) {
		return err
	}
	return &runner.Error{Code: uint32(terminal.Code()), Message: terminal.Error(), Metadata: terminal.Metadata().ToMap()}
}

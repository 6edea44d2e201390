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

// StubRemote answers the calls of a handler that another application serves, for [InProcess].
// Input and result are JSON. The function runs on a goroutine of its own. A terminal error is
// the result of the call. After any other error it is called again, as the retry policy of
// the server says. [ErrNever] leaves the call without an answer. A function that ends its
// goroutine, as a failed require does, fails the call with the code 500.
//
//	restatetest.StubRemote("warehouse", "Reserve", func(_ restatetest.Call, item Item) (Reservation, error) {
//		return Reservation{ID: "r1"}, nil
//	})
//
// On a server, register a service of the test under that name in place of a stub.
func StubRemote[In, Out any](service, handler string, answer func(c Call, in In) (Out, error)) Option {
	return option(func(s *settings) {
		if s.stubs == nil {
			s.stubs = map[string]runner.Stub{}
		}
		s.stubs[service+"/"+handler] = func(ctx context.Context, q runner.Request) ([]byte, error) {
			call := Call{Service: q.Service, Key: q.Key, Handler: q.Handler, Input: q.Body, Headers: make(map[string]string, len(q.Headers)), IdempotencyKey: q.IdempotencyKey}
			for _, h := range q.Headers {
				call.Headers[h.Key] = h.Value
			}
			var in In
			if len(q.Body) > 0 {
				if err := call.Decode(&in); err != nil {
					return nil, &runner.Error{Code: http.StatusBadRequest, Message: fmt.Sprintf("restatetest: the stub of %s/%s takes %T: %v", service, handler, in, err)}
				}
			}
			out, err := answer(call, in)
			switch {
			case errors.Is(err, ErrNever):
				<-ctx.Done()
				return nil, ctx.Err()
			case err != nil:
				return nil, stubError(err)
			default:
				return json.Marshal(out)
			}
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

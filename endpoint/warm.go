package endpoint

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"

	"github.com/fxrestate/go/internal/protocol"
)

// warmUpID has as many bytes as the ids of servers.
const warmUpID = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// warmUpInvocations is how many invocations are played, each in about 0.2 ms.
// Should a later protocol want other messages, the SDK refuses these, which warms
// up most of it all the same.
const warmUpInvocations = 8

// warmUp makes the SDK compile its core, which it does once per process at the
// first invocation: about 0.4 s that no user's first request should pay for. It
// plays invocations with a step to a service that exists nowhere else, so that the
// code on the way of an invocation has run before, some times over.
func warmUp(ctx context.Context) error {
	def := restate.NewService("warm").Handler("up", restate.NewServiceHandler(
		func(ctx restate.Context, in string) (string, error) {
			return restate.Run(ctx, func(restate.RunContext) (string, error) { return in, nil })
		}))
	h, err := server.NewRestate().WithLogger(slog.DiscardHandler, true).Bidirectional(false).Bind(def).Handler()
	if err != nil {
		return err
	}
	const path = "/invoke/warm/up"
	for range warmUpInvocations {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(protocol.FirstAttempt(warmUpID, "inv_warmup", []byte(`"warm"`))))
		if err != nil {
			return err
		}
		r.RequestURI = path
		r.Header.Set("Content-Type", "application/vnd.restate.invocation.v6")
		var answer status
		if h(&answer, r); answer == 0 {
			return errors.New("the SDK's core does not start") // it then answers nothing at all
		}
	}
	return nil
}

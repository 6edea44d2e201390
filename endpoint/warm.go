package endpoint

import (
	"context"
	"log/slog"
	"net/http"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
)

// warmUp makes the SDK compile its core, which it does once per process at the
// first invocation: about 0.4 s that no user's first request should pay for. It
// plays an empty request to a service that exists nowhere else; the SDK refuses
// it, after the core is there.
func warmUp(ctx context.Context) error {
	def := restate.NewService("warm").Handler("up", restate.NewServiceHandler(
		func(restate.Context, restate.Void) (restate.Void, error) { return restate.Void{}, nil }))
	h, err := server.NewRestate().WithLogger(slog.DiscardHandler, true).Bidirectional(false).Bind(def).Handler()
	if err != nil {
		return err
	}
	const path = "/invoke/warm/up"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, path, http.NoBody)
	if err != nil {
		return err
	}
	r.RequestURI = path
	r.Header.Set("Content-Type", "application/vnd.restate.invocation.v5")
	h(discard{}, r)
	return nil
}

// discard is a response that nobody reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

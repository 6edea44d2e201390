package endpoint

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/restatedev/sdk-go/server"
)

const (
	schemeHeader    = "X-Restate-Signature-Scheme"
	signatureHeader = "X-Restate-Jwt-V1"
)

// identity tells requests that one of the keys signed from others, for answers
// that the SDK, which checks every request it gets, does not give. Without keys
// it takes all requests for signed
// (https://docs.restate.dev/services/security#locking-down-service-access).
type identity struct {
	// check is a handler of the SDK without services. It answers 401, or
	// something else if the signature is right.
	check http.Handler
}

func newIdentity(keys []string) (identity, error) {
	if len(keys) == 0 {
		return identity{}, nil
	}
	check, err := server.NewRestate().WithLogger(slog.DiscardHandler, true).Bidirectional(false).WithIdentityV1(keys...).Handler()
	if err != nil {
		return identity{}, fmt.Errorf("endpoint: IdentityKeys: %w", err)
	}
	return identity{check}, nil
}

// claimed reports whether a request says that it is signed.
func (i identity) claimed(h http.Header) bool { return i.check == nil || h.Get(schemeHeader) == "v1" }

// proven reports whether one of the keys signed a request for uri.
func (i identity) proven(uri string, h http.Header) bool {
	if i.check == nil {
		return true
	}
	probe := &http.Request{
		RequestURI: uri,
		Header:     http.Header{schemeHeader: h[schemeHeader], signatureHeader: h[signatureHeader]},
		Body:       http.NoBody,
	}
	var answer status
	i.check.ServeHTTP(&answer, probe)
	return answer != http.StatusUnauthorized
}

// status is a response of which only the status is kept.
type status int

func (*status) Header() http.Header         { return http.Header{} }
func (*status) Write(p []byte) (int, error) { return len(p), nil }
func (s *status) WriteHeader(code int)      { *s = status(code) }

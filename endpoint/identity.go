package endpoint

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/restatedev/sdk-go/server"
)

const (
	schemeHeader    = "X-Restate-Signature-Scheme"
	signatureHeader = "X-Restate-Jwt-V1"
)

// identity tells requests that one of the keys signed from others, before anything
// is spent on them. Without keys it takes all requests for signed
// (https://docs.restate.dev/services/security#locking-down-service-access).
type identity struct {
	// check is a handler of the SDK without services. It answers 401, or
	// something else if the signature is right.
	check http.Handler
}

// newIdentity says once in the log, in the words of the SDK, that requests are
// checked.
func newIdentity(keys []string, log slog.Handler) (identity, error) {
	if len(keys) == 0 {
		return identity{}, nil
	}
	sdk := server.NewRestate().WithLogger(log, true).Bidirectional(false).WithIdentityV1(keys...)
	check, err := sdk.Handler()
	if err != nil {
		return identity{}, fmt.Errorf("endpoint: IdentityKeys: %w", err)
	}
	sdk.WithLogger(slog.DiscardHandler, true) // it has a line for each request that it refuses
	return identity{check}, nil
}

// warnOfOthers says that anybody who reaches the endpoint can call handlers. On a loopback
// address that is nobody else's business, and a Lambda function is reached by those alone
// whom AWS lets invoke it.
func (e *Endpoint) warnOfOthers() {
	level, log := slog.LevelWarn, e.log
	switch e.cfg.Mode {
	case Listen:
		log = log.With("addr", e.cfg.Addr)
		if isLoopback(e.cfg.Addr) {
			level = slog.LevelDebug
		}
	case Lambda:
		level = slog.LevelDebug
	}
	log.Log(context.Background(), level, "anybody who reaches the endpoint can call its handlers; let only Restate reach it, or set IdentityKeys")
}

// isLoopback reports whether only this machine reaches an address.
func isLoopback(addr string) bool {
	host, _, _ := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return host == "localhost" || ip.IsLoopback()
}

var errUnsigned = &refusal{status: http.StatusUnauthorized, reason: "the request is not signed with one of IdentityKeys"}

// verify returns an error unless one of the keys signed a request for uri.
func (i identity) verify(uri string, h http.Header) error {
	if i.check == nil {
		return nil
	}
	if h.Get(schemeHeader) != "v1" {
		return errUnsigned
	}
	probe := &http.Request{
		RequestURI: uri,
		Header:     http.Header{schemeHeader: h[schemeHeader], signatureHeader: h[signatureHeader]},
		Body:       http.NoBody,
	}
	var answer status
	if i.check.ServeHTTP(&answer, probe); answer == http.StatusUnauthorized {
		return errUnsigned
	}
	return nil
}

// status is a response of which only the status is kept.
type status int

func (*status) Header() http.Header         { return http.Header{} }
func (*status) Write(p []byte) (int, error) { return len(p), nil }
func (s *status) WriteHeader(code int)      { *s = status(code) }

package ingress

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
)

// Verify is a middleware for webhooks: check sees the request and its body before
// anything else does, and verifies who signed them. A request that it returns an
// error for is answered with 401, or as a [*RequestError] says. The body, at most
// maxBody bytes or [DefaultMaxBody] if that is zero, is there for the next
// handler to read again.
//
// Without a check, which is logged here, every request is answered with 500.
//
//	r.With(ingress.Verify(0, checkSignature)).Post("/webhooks/payments",
//		ingress.HandlerVoid(payments, (*Payments).OnEvent, &ingress.Route{
//			Send:           true,
//			IdempotencyKey: eventID,
//		}))
func Verify(maxBody int64, check func(r *http.Request, body []byte) error) func(http.Handler) http.Handler {
	if check == nil {
		// It has no client, and so no logger of one's own.
		slog.Error("ingress: Verify has no function that checks requests, and turns all of them away; give it one")
		return func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { WriteProblem(w, r, errNoCheck) })
		}
	}
	if maxBody <= 0 {
		maxBody = DefaultMaxBody
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := readRequestBody(w, r, maxBody)
			if err != nil {
				WriteProblem(w, r, err)
				return
			}
			if err := check(r, body); err != nil {
				var own *RequestError
				if !errors.As(err, &own) {
					// Why a signature is wrong is nobody's business.
					own = &RequestError{Status: http.StatusUnauthorized}
				}
				WriteProblem(w, r, own)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r)
		})
	}
}

var errNoCheck = errors.New("ingress: Verify has no function that checks requests")

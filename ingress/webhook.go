package ingress

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// Verify is a middleware for webhooks. The function check sees the request and its body
// first, and verifies the signature. If it returns an error the response is 401, or what
// a [*RequestError] says. The next handler can read the body again.
//
// The body may have maxBody bytes, by default [DefaultMaxBody]. If check is nil, each request
// is answered 500, with a problem that says so.
//
//	r.With(ingress.Verify(0, checkSignature)).Post("/webhooks/payments",
//		ingress.HandlerVoid(payments, (*Payments).OnEvent, &ingress.Route{
//			Send:           true,
//			IdempotencyKey: eventID,
//		}))
func Verify(maxBody int64, check func(r *http.Request, body []byte) error) func(http.Handler) http.Handler {
	if check == nil {
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
					// The response must not say what is wrong with a signature.
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

var errNoCheck = &RequestError{Status: http.StatusInternalServerError, Detail: "ingress.Verify has no function that checks requests; give it one"}

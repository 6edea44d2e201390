// Package httpguard puts guards of package pipeline in front of HTTP handlers:
// the same instance that guards a Restate handler guards a route, for instance of
// chi.
//
//	r.With(httpguard.Middleware(log, tenants)).Post("/payments", api.Pay)
//
// The guard tells by [pipeline.Invocation.Type] where it stands.
package httpguard

import (
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/pipeline"
)

// Middleware returns a middleware that asks the guards, in order, before each
// request.
//
// The guards see an invocation of the type [pipeline.TypeHTTP] with the request's
// headers; its handler is "METHOD /path", its input is nil and its body is left
// for the HTTP handler to read. Every request is asked about: nothing replays.
//
// A refusal is answered with status 403, a terminal error with its code as
// status, and any other error with 500 and no more than that, while the error
// goes to log, with the context of the request; nil discards it. Durable guards need
// Restate and are such an error. The
// body is JSON, {"code":403,"message":"Forbidden"}, as Restate's ingress has it.
func Middleware(log *slog.Logger, guards ...pipeline.Guard) func(http.Handler) http.Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inv := pipeline.NewInvocation(pipeline.Details{
				Type:    pipeline.TypeHTTP,
				Target:  handler.Target{Handler: r.Method + " " + r.URL.Path},
				Headers: r.Header,
			})
			if err := pipeline.Ask(r.Context(), inv, guards...); err != nil {
				refuse(w, r, err, log)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// refuse answers a request that a guard did not let through.
func refuse(w http.ResponseWriter, r *http.Request, err error, log *slog.Logger) {
	answer := struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError)}
	if terminal := safeerr.Terminal(err); terminal != nil {
		answer.Code, answer.Message = int(terminal.Code()), terminal.Message()
		if answer.Code < 400 || answer.Code > 599 {
			answer.Code = http.StatusInternalServerError
		}
	} else {
		log.ErrorContext(r.Context(), "guard failed", "request", r.Method+" "+r.URL.Path, "err", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.Code)
	_ = json.NewEncoder(w).Encode(answer)
}

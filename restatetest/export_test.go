package restatetest

import "net/http"

// WrapHandler puts a handler around the endpoint's.
func WrapHandler(wrap func(endpoint http.Handler) http.Handler) Option { return wrapHandler(wrap) }

// ServerLog is what the server has written of late, which comes after what it answers.
func ServerLog(e *Env) string { return e.backend.logs() }

package restatetest

import "net/http"

// WrapHandler puts a handler around the endpoint's.
func WrapHandler(wrap func(endpoint http.Handler) http.Handler) Option { return wrapHandler(wrap) }

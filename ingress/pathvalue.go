package ingress

import (
	"net/http"
	"net/url"
	gopath "path"
	"strings"

	"github.com/go-chi/chi/v5"
)

// PathValue is the decoded value of a parameter of the route's pattern, in chi
// and in http.ServeMux. For a path with an escaped slash chi gives it as it was
// written, "a%2Fb", which is another key than "a/b".
func PathValue(r *http.Request, name string) string {
	value := r.PathValue(name)
	route := chi.RouteContext(r.Context())
	if route == nil || r.URL.RawPath == "" || !setBy(route, r, name) || !routedAsWritten(route, r.URL) {
		return value
	}
	if decoded, err := url.PathUnescape(value); err == nil {
		return decoded
	}
	return value
}

// setBy tells whether the value is of chi, and not of a http.ServeMux below it,
// which decodes values itself.
func setBy(route *chi.Context, r *http.Request, name string) bool {
	return route.URLParam(name) == r.PathValue(name) && route.RoutePattern() == r.Pattern
}

// routedAsWritten tells whether chi matched the path as it was written. It does
// where the URL has such a path, unless a middleware such as StripSlashes made it
// go by the decoded one. What it went by is not kept, but for what is left of it
// in a subrouter: so put it together again and see which it is.
func routedAsWritten(route *chi.Context, u *url.URL) bool {
	routed := routedPath(route)
	switch {
	case samePath(routed, u.RawPath):
		return true
	case samePath(routed, u.Path):
		return false
	default:
		// Without a prefix or an extension that a middleware took off.
		return strings.Contains(u.RawPath, routed) && !strings.Contains(u.Path, routed)
	}
}

// samePath compares but for slashes, which middlewares take off or clean.
func samePath(routed, path string) bool {
	return routed == strings.TrimRight(path, "/") || routed == strings.TrimRight(gopath.Clean(path), "/")
}

// routedPath is the route's pattern with the values in their places, without
// slashes at its end.
func routedPath(route *chi.Context) string {
	var path strings.Builder
	params, next := route.URLParams, 0
	for pattern := route.RoutePattern(); pattern != ""; {
		switch pattern[0] {
		case '*':
			path.WriteString(route.URLParam("*"))
			pattern = pattern[1:]
		case '{':
			for next < len(params.Keys) && params.Keys[next] == "*" {
				next++ // where a subrouter is mounted
			}
			if next < len(params.Values) {
				path.WriteString(params.Values[next])
				next++
			}
			pattern = pattern[placeholder(pattern):]
		default:
			path.WriteByte(pattern[0])
			pattern = pattern[1:]
		}
	}
	return strings.TrimRight(path.String(), "/")
}

// placeholder is the length of the "{name}" or "{name:expression}" in front.
func placeholder(pattern string) int {
	depth := 0
	for i := range len(pattern) {
		switch pattern[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(pattern)
}

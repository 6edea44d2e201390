package ingress

import (
	"fmt"
	"net/http"
	"net/url"
	gopath "path"
	"strings"

	"github.com/go-chi/chi/v5"
)

// PathValue returns the decoded value of a parameter of the route's pattern, in chi and
// in http.ServeMux. chi itself does not decode a path with an escaped slash: it returns
// "a%2Fb" for the key "a/b".
//
// The value is empty if a middleware changed the path, since it may differ from what the
// client wrote. With chi's StripSlashes the key of /carts/a%2F would be "a", and with its
// URLFormat that of /carts/order.1 would be "order". Routes of this package respond to
// such a request with 400.
func PathValue(r *http.Request, name string) string {
	value, _ := pathValue(r, name)
	return value
}

// pathValue is [PathValue] with a [*RequestError] for a path that was changed.
func pathValue(r *http.Request, name string) (string, error) {
	value := r.PathValue(name)
	route := chi.RouteContext(r.Context())
	if route == nil || !setBy(route, r, name) {
		// A middleware outside may have changed the one path and not the other.
		if decoded, err := url.PathUnescape(r.URL.RawPath); r.URL.RawPath != "" && (err != nil || decoded != r.URL.Path) {
			return "", changedValue(name)
		}
		return value, nil
	}
	routed := routedPath(route)
	if written := r.URL.RawPath; written != "" && tookPath(routed, written) {
		value, err := url.PathUnescape(value)
		if err != nil {
			return "", changedValue(name)
		}
		return value, nil
	}
	// By the decoded path, as StripSlashes makes it go: that has slashes where the
	// written one has none, and values that are no segments of it.
	if tookPath(routed, r.URL.Path) && !strings.Contains(strings.ToUpper(r.URL.RawPath), "%2F") {
		return value, nil
	}
	return "", changedValue(name)
}

func changedValue(name string) error {
	return badRequest(fmt.Sprintf("path value %q was changed on its way from the path to the route", name))
}

// setBy reports whether the value is of chi, and not of an http.ServeMux below it, which
// decodes values itself.
func setBy(route *chi.Context, r *http.Request, name string) bool {
	return route.URLParam(name) == r.PathValue(name) && route.RoutePattern() == r.Pattern
}

// tookPath tells whether chi routed a request by a path. What it went by is not kept,
// but for what is left of it in a subrouter: so it is put together again. Slashes at the
// end and double ones do not count, which middlewares take off. Either may begin with
// more than the other has, where a prefix was taken off.
func tookPath(routed, path string) bool {
	for _, path := range []string{path, gopath.Clean(path)} {
		path = strings.TrimRight(path, "/")
		if strings.HasSuffix(path, routed) || strings.HasSuffix(routed, path) {
			return true
		}
	}
	return false
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

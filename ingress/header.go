package ingress

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/fxrestate/go/internal/httpclient"
)

// WithHeader returns a context with a header for all requests to the ingress that are
// made with it: calls, sends and routes. It is for what a middleware knows about the
// caller:
//
//	func tenant(next http.Handler) http.Handler {
//		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
//			ctx := ingress.WithHeader(r.Context(), "X-Tenant", tenantOf(r))
//			next.ServeHTTP(w, r.WithContext(ctx))
//		})
//	}
//
// The handler finds it with durable.Header. A header of the same name in [Config] or in
// an outer context is replaced, also by an empty value. The header of a call
// (restate.WithHeaders) replaces it. A route never passes on the client's header of that
// name. A header that cannot be sent is an error of each call: see [Config].
//
// Calls from handler to handler do not have it. A call interceptor can pass it on.
func WithHeader(ctx context.Context, name, value string) context.Context {
	headers := maps.Clone(carriedHeaders(ctx))
	if headers == nil {
		headers = make(map[string]string, 1)
	}
	headers[http.CanonicalHeaderKey(name)] = value
	return context.WithValue(ctx, carriedKey{}, headers)
}

type carriedKey struct{}

// carriedHeaders returns the headers of [WithHeader], by their canonical names.
func carriedHeaders(ctx context.Context) map[string]string {
	if ctx == nil {
		return nil // net/http has an error for that
	}
	headers, _ := ctx.Value(carriedKey{}).(map[string]string)
	return headers
}

// checkCarried reports headers of [WithHeader] that cannot be sent.
func checkCarried(ctx context.Context) error {
	if err := errors.Join(httpclient.CheckHeaders(carriedHeaders(ctx), ownHeaders())...); err != nil {
		return fmt.Errorf("WithHeader: %w", err)
	}
	return nil
}

// ownHeaders are headers that the client sets by itself, with what to do instead.
func ownHeaders() map[string]string {
	return map[string]string{
		contentTypeHeader:    "is that of each call's input; leave it out",
		idempotencyKeyHeader: "would make all calls one; give each call its own with restate.WithIdempotencyKey",
	}
}

// forwarded are the headers of a request that a route passes on, by their canonical
// names.
type forwarded []string

// ofRoute are headers that a route passes on in a way of its own, if at all.
var ofRoute = []string{contentTypeHeader, contentEncodingHeader, idempotencyKeyHeader}

// newForwarded returns the headers that the input declares and those that the route
// names. Both are checked.
func newForwarded(c *Client, declared, more []string) (forwarded, error) {
	var names forwarded
	var errs []error
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range declared {
		name = http.CanonicalHeaderKey(name)
		if slices.Contains(ofRoute, name) {
			continue
		}
		if err := checkForwarded(name); err != nil {
			errs = append(errs, fmt.Errorf("the input takes a header: %w", err))
		}
		if _, configured := c.all.Header[name]; !configured {
			add(name)
		}
	}
	for _, name := range more {
		name = http.CanonicalHeaderKey(name)
		err := checkForwarded(name)
		switch _, configured := c.all.Header[name]; {
		case err != nil:
		case slices.Contains(ofRoute, name):
			err = fmt.Errorf("header %s is passed on where the handler can use it; leave it out", name)
		case configured:
			err = fmt.Errorf("header %s is set for all calls by the client's Config, and a request must not replace it; leave it out of one of them", name)
		}
		if err != nil {
			//lint:ignore ST1005 Headers is the name of a field
			errs = append(errs, fmt.Errorf("Headers: %w", err))
		}
		add(name)
	}
	return names, errors.Join(errs...)
}

func checkForwarded(name string) error {
	if name == httpclient.HostHeader {
		return errors.New("header Host is that of the ingress; leave it out")
	}
	return errors.Join(httpclient.CheckHeaders(map[string]string{name: ""}, nil)...)
}

// maxForwarded bounds the value of a header that is passed on, in bytes.
const maxForwarded = 8 << 10

// of returns the headers of a request that are passed on. What the program says with
// [WithHeader] is not replaced by what the client says.
func (f forwarded) of(r *http.Request) (map[string]string, error) {
	var headers map[string]string
	carried := carriedHeaders(r.Context())
	for _, name := range f {
		value := r.Header.Get(name)
		if _, known := carried[name]; known || value == "" {
			continue
		}
		switch {
		case len(value) > maxForwarded:
			return nil, &RequestError{
				Status: http.StatusRequestHeaderFieldsTooLarge,
				Detail: fmt.Sprintf("the header %s is larger than %d bytes", name, maxForwarded),
			}
		case !isPrintable(value):
			return nil, badRequest(fmt.Sprintf("the header %s has characters other than printable ASCII", name))
		}
		if headers == nil {
			headers = make(map[string]string, len(f))
		}
		headers[name] = value
	}
	return headers, nil
}

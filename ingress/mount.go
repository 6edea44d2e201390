package ingress

import (
	"fmt"
	"net/http"
	"reflect"

	restate "github.com/restatedev/sdk-go"
)

// Mountable is what a route can call: a [Service], an [Object] or a [Workflow], whose key
// the request provides, or a [Keyed] target.
type Mountable[T any] interface {
	// mount returns the address, and the name of the path value that has the
	// key if it is not part of it.
	mount() (to address[T], keyParam string)
}

func (s Service[T]) mount() (address[T], string)  { return s.to, "" }
func (o Object[T]) mount() (address[T], string)   { return o.to, "key" }
func (w Workflow[T]) mount() (address[T], string) { return w.to, "id" }
func (k Keyed[T]) mount() (address[T], string)    { return k.to, "" }

// Handler mounts a handler as a route:
//
//	r.Post("/carts/{key}/items", ingress.Handler(carts, (*Cart).AddItem, nil))
//	r.Get("/carts/{key}/items", ingress.Handler(carts, (*Cart).List, nil))
//	r.Post("/signups/{id}", ingress.Handler(signups, (*Signup).Run, &ingress.Route{Send: true}))
//
// The body must have the content type of the input, or with CurlData of the route that of
// curl -d. The route decodes it into the input
// to check it, and sends the client's own bytes. A handler that takes any bytes
// (fxrestate.Raw) gets the request's own content type and encoding as well.
//
// Fields of the input with a tag path:"name" or query:"name" come from the URL, and only
// from there:
//
//	type ListItems struct {
//		Category string   `path:"category"`
//		Limit    int      `query:"limit"`
//		Tags     []string `query:"tag"`
//	}
//
// Such a field is a string, a number, a bool, an encoding.TextUnmarshaler, or a pointer
// to one, which is nil when the value is absent. A query value may also be a slice of
// them. An input with such fields needs no body.
//
// The route sets the values in the client's own JSON object, or in an empty one if the
// body is absent or null. They replace what the object says about them. An absent query
// value is absent there too, so a parameter object (handler.In) needs omitempty where a
// value is optional. The other members stay as the client wrote them. An input whose
// codec or UnmarshalJSON has other names than its json tags is encoded again instead.
//
// Headers that the input declares (handler.In) are passed on, and those that the route
// names: see [Route].Headers and [WithHeader].
//
// The response to an input that does not fit is 400, 413 or 415, and the handler does not
// run. Otherwise it is 200 with the handler's result as it is, or 204 without a result,
// and X-Restate-Id has the invocation's id. Errors are problem details: see [ProblemOf].
// The invocation goes on when the client closes the connection.
//
// It works with chi and with the patterns of http.ServeMux. A mistake, such as a method
// that is not a handler, is logged here, and the route responds with 500.
//
// Other shapes: [HandlerVoid], [Handler0], [Handler0Void]. [Call] explains what the
// compiler says.
func Handler[T any, C restate.Context, I, O any](to Mountable[T], method func(T, C, I) (O, error), route *Route) http.HandlerFunc {
	return mount(to, method, reflect.TypeFor[I](), route)
}

// HandlerVoid is [Handler] for methods without a result. Other shapes: [Handler],
// [Handler0], [Handler0Void].
func HandlerVoid[T any, C restate.Context, I any](to Mountable[T], method func(T, C, I) error, route *Route) http.HandlerFunc {
	return mount(to, method, reflect.TypeFor[I](), route)
}

// Handler0 is [Handler] for methods without input. The response to a request with a body
// is 400. Other shapes: [Handler], [HandlerVoid], [Handler0Void].
func Handler0[T any, C restate.Context, O any](to Mountable[T], method func(T, C) (O, error), route *Route) http.HandlerFunc {
	return mount(to, method, reflect.TypeFor[restate.Void](), route)
}

// Handler0Void is [Handler] for methods without input and result. Other shapes:
// [Handler], [HandlerVoid], [Handler0].
func Handler0Void[T any, C restate.Context](to Mountable[T], method func(T, C) error, route *Route) http.HandlerFunc {
	return mount(to, method, reflect.TypeFor[restate.Void](), route)
}

func mount[T any](to Mountable[T], method any, input reflect.Type, route *Route) http.HandlerFunc {
	m := mounted{Route: route.withDefaults()}
	err := errNoClient
	if to != nil {
		var a address[T]
		a, m.keyParam = to.mount()
		if m.to, err = a.callee(method); err == nil {
			m.input, err = newBinder(input, m.to.input)
			m.input.curl = m.CurlData
		}
		if err == nil {
			err = m.check()
		}
		if err == nil {
			if m.headers, err = newForwarded(m.to.client, m.input.headers, m.Headers); err != nil {
				err = fmt.Errorf("ingress: %s: %w", m.to.name(), err)
			}
		}
		if err != nil && a.client != nil {
			a.client.log.Error("ingress: a route cannot work", "error", err)
		}
	}
	if err != nil {
		return func(w http.ResponseWriter, r *http.Request) { m.Error(w, r, err) }
	}
	return m.ServeHTTP
}

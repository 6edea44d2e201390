package ingress

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	restate "github.com/restatedev/sdk-go"
)

// DefaultMaxBody is the default of [Route].MaxBody and of [Verify], in bytes.
const DefaultMaxBody = 1 << 20

// Route says how [Handler] mounts a handler. With the zero value, or nil, the route calls
// the handler, and takes the key from the path.
type Route struct {
	// Key returns the key of the virtual object, the id of the workflow, or in
	// [AwakeableHandler] the id of the awakeable. The response to its error is 400
	// with the error's text, or what a [*RequestError] says. Key must be nil for a
	// service, which has no key. Default: the [PathValue] "key" for objects, and
	// "id" for workflows and awakeables.
	Key func(r *http.Request) (string, error)

	// IdempotencyKey returns the idempotency key of the call, or an empty one for
	// a call without. Its error is handled like that of Key. It is not called for
	// the main handler of a workflow, which takes no idempotency key.
	//
	// Default: the request's header Idempotency-Key. Restate tells keys apart by
	// service, object and handler, and not by user: a client that sends another
	// user's key gets that call's result. Where results are private, make the
	// user part of the key.
	IdempotencyKey func(r *http.Request, body []byte) (string, error)

	// Send makes the route respond with 202 and the invocation's id as soon as the
	// server has the call. The route does not wait for the result.
	Send bool

	// StatusPath is where [StatusHandler] is mounted, with {id} for the
	// invocation's id, such as "/invocations/{id}". It becomes the Location of the
	// response to a send. It needs {id} and Send. Default: no Location.
	StatusPath string

	// MaxBody limits the request's body, in bytes. The response to a larger one is
	// 413. Default: [DefaultMaxBody].
	MaxBody int64

	// Error writes the response to a request that failed. Default:
	// [WriteProblem].
	Error func(w http.ResponseWriter, r *http.Request, err error)
}

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
// The body must have the content type of the input. The route decodes it into the input
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
// The response to an input that does not fit is 400, 413 or 415, and the handler does not
// run. Otherwise it is 200 with the handler's result as it is, or 204 without a result,
// and X-Restate-Id has the invocation's id. Errors are problem details: see [ProblemOf].
// The invocation goes on when the client closes the connection.
//
// It works with chi and with the patterns of http.ServeMux. A mistake, such as a method
// that is not a handler, is logged here, and the route responds with 500.
func Handler[T any, C restate.Context, I, O any](to Mountable[T], method func(T, C, I) (O, error), route *Route) http.HandlerFunc {
	return mount(to, method, reflect.TypeFor[I](), route)
}

// HandlerVoid is [Handler] for methods without a result.
func HandlerVoid[T any, C restate.Context, I any](to Mountable[T], method func(T, C, I) error, route *Route) http.HandlerFunc {
	return mount(to, method, reflect.TypeFor[I](), route)
}

// Handler0 is [Handler] for methods without input. The response to a request with a body
// is 400.
func Handler0[T any, C restate.Context, O any](to Mountable[T], method func(T, C) (O, error), route *Route) http.HandlerFunc {
	return mount(to, method, reflect.TypeFor[restate.Void](), route)
}

// Handler0Void is [Handler] for methods without input and result.
func Handler0Void[T any, C restate.Context](to Mountable[T], method func(T, C) error, route *Route) http.HandlerFunc {
	return mount(to, method, reflect.TypeFor[restate.Void](), route)
}

// withDefaults fills in the defaults. A nil route has them all.
func (r *Route) withDefaults() (filled Route) {
	if r != nil {
		filled = *r
	}
	if filled.MaxBody <= 0 {
		filled.MaxBody = DefaultMaxBody
	}
	if filled.Error == nil {
		filled.Error = WriteProblem
	}
	return filled
}

// mounted is a route.
type mounted struct {
	Route
	to       callee
	keyParam string // empty: the callee has its key, or needs none
	input    binder
}

func mount[T any](to Mountable[T], method any, input reflect.Type, route *Route) http.HandlerFunc {
	m := mounted{Route: route.withDefaults()}
	err := errNoClient
	if to != nil {
		var a address[T]
		a, m.keyParam = to.mount()
		if m.to, err = a.callee(method); err == nil {
			m.input, err = newBinder(input, m.to.input)
		}
		if err == nil {
			err = m.check()
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

// check reports fields of the route that do not fit together.
func (m mounted) check() error {
	switch {
	case m.StatusPath != "" && !m.Send:
		return fmt.Errorf("ingress: %s: StatusPath %q is for a route with Send; set that too", m.to.name(), m.StatusPath)
	case m.StatusPath != "" && !strings.Contains(m.StatusPath, "{id}"):
		return fmt.Errorf("ingress: %s: StatusPath %q has no {id} for the invocation's id, as in \"/invocations/{id}\"", m.to.name(), m.StatusPath)
	case m.Key != nil && !m.to.keyed:
		return fmt.Errorf("ingress: %s: Key is for virtual objects and workflows, and this is a service", m.to.name())
	default:
		return nil
	}
}

func (m mounted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := m.serve(w, r); err != nil {
		m.to.client.logFailure(r, m.to.name(), err)
		m.Error(w, r, err)
	}
}

// serve answers the request unless it returns an error.
func (m mounted) serve(w http.ResponseWriter, r *http.Request) error {
	to, err := m.callee(r)
	if err != nil {
		return err
	}
	body, err := readRequestBody(w, r, m.MaxBody)
	if err != nil {
		return err
	}
	in, err := m.input.bind(r, body)
	if err != nil {
		return err
	}
	var o requestOptions
	if o.idempotencyKey, err = m.idempotencyKey(r, body); err != nil {
		return err
	}
	if m.Send {
		return m.send(w, r, to, in, o)
	}
	a, err := to.call(r.Context(), in, o)
	if err != nil {
		return err
	}
	writeAnswer(w, a)
	return nil
}

// callee returns the callee with the key of the request.
func (m mounted) callee(r *http.Request) (callee, error) {
	to := m.to
	switch {
	case m.Key != nil && to.keyed:
		key, err := m.Key(r)
		if err != nil {
			return to, clientError(err)
		}
		to.key = key
	case m.keyParam != "":
		key, err := pathValue(r, m.keyParam)
		if err != nil {
			return to, err
		}
		to.key = key
	}
	if to.keyed {
		if err := checkKey(to.key); err != nil {
			return to, badRequest(err.Error())
		}
	}
	return to, nil
}

func (m mounted) idempotencyKey(r *http.Request, body []byte) (key string, err error) {
	switch {
	case m.to.once:
		return "", nil
	case m.IdempotencyKey != nil:
		if key, err = m.IdempotencyKey(r, body); err != nil {
			return "", clientError(err)
		}
	default:
		key = r.Header.Get(idempotencyKeyHeader)
	}
	if err := checkIdempotencyKey(key); err != nil {
		return "", badRequest(err.Error())
	}
	return key, nil
}

// sent is the body of the answer to a send.
type sent struct {
	InvocationID string `json:"invocationId"`
	Status       Status `json:"status"`
	StatusURL    string `json:"statusUrl,omitempty"`
}

func (m mounted) send(w http.ResponseWriter, r *http.Request, to callee, in payload, o requestOptions) error {
	accepted, err := to.send(r.Context(), in, o)
	if err != nil {
		return err
	}
	out := sent{InvocationID: accepted.InvocationID, Status: accepted.Status}
	if m.StatusPath != "" {
		out.StatusURL = strings.ReplaceAll(m.StatusPath, "{id}", url.PathEscape(accepted.InvocationID))
		w.Header().Set("Location", out.StatusURL)
	}
	w.Header().Set(invocationIDHeader, accepted.InvocationID)
	writeJSON(w, http.StatusAccepted, "application/json", out)
	return nil
}

// writeAnswer passes on the result of an invocation.
func writeAnswer(w http.ResponseWriter, a answer) {
	if a.invocationID != "" {
		w.Header().Set(invocationIDHeader, a.invocationID)
	}
	if len(a.body) == 0 {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set(contentTypeHeader, passedOn(a.contentType))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(a.body) // the client may be gone
}

// maxContentType bounds the content type of a result that a route passes on, in
// bytes.
const maxContentType = 200

// passedOn returns the content type of a result that is passed on. Without one of its
// own, or with none that is one, the result is bytes: net/http would guess, and take a
// text for HTML.
func passedOn(contentType string) string {
	if _, _, err := mime.ParseMediaType(contentType); err != nil || len(contentType) > maxContentType {
		return octetStream
	}
	return contentType
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set(contentTypeHeader, contentType)
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone
}

// readRequestBody reads the body of a request whole.
func readRequestBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &tooLarge):
		return nil, &RequestError{
			Status: http.StatusRequestEntityTooLarge,
			Detail: fmt.Sprintf("the body is larger than %d bytes", limit),
		}
	case r.Context().Err() != nil:
		return nil, r.Context().Err()
	default:
		return nil, badRequest("the body is incomplete")
	}
}

package ingress

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
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
	// user part of the key. A failure is the result of its key as well: see Forget.
	IdempotencyKey func(r *http.Request, body []byte) (string, error)

	// Forget says after which failures of the handler a later request with the same
	// idempotency key runs the handler again. Default: none. A refusal such as a 409
	// then is the response to every request with the key while Restate keeps the
	// result (restate.WithIdempotencyRetention, by default a day), also when its
	// reason is gone:
	//
	//	Forget: func(failed *ingress.CallError) bool { return failed.Code() == http.StatusConflict }
	//
	// Equal requests are still one invocation, and a success ends the tries: after
	// each forgotten failure the route goes on to another key, which it makes of the
	// client's. There are at most 20 of them, and the last failure stays. When the
	// first failure is no longer kept, the key begins anew.
	Forget func(failed *CallError) bool

	// Headers names headers of the request that are passed on to the handler, such
	// as X-Request-Id. Headers that the input declares with a tag header:"name"
	// (handler.In) are passed on anyway. Clients can send what they like: what a
	// middleware has checked goes into the context with [WithHeader], which a
	// request cannot replace. Nor can it replace headers of [Config].
	Headers []string

	// Send makes the route respond with 202 and the invocation's id as soon as the
	// server has the call. The route does not wait for the result.
	Send bool

	// StatusPath is where [StatusHandler] is mounted, with {id} for the
	// invocation's id, such as "/invocations/{id}". It becomes the Location of the
	// response to a send. It needs {id} and Send. Default: no Location.
	StatusPath string

	// CurlData accepts a body that is declared as a form, as curl -d does, and takes
	// it for the content type of the input. A web page of another origin can send
	// such a body in the name of its visitor without being asked whether it may, so
	// what a browser sends from there gets 403: see http.CrossOriginProtection.
	// Default: 415 for each such body.
	CurlData bool

	// MaxBody limits the request's body, in bytes. The response to a larger one is
	// 413. Default: [DefaultMaxBody].
	MaxBody int64

	// Error writes the response to a request that failed. Default:
	// [WriteProblem].
	Error func(w http.ResponseWriter, r *http.Request, err error)
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
	headers  forwarded
}

// check reports fields of the route that do not fit together.
func (m mounted) check() error {
	switch {
	case m.StatusPath != "" && !m.Send:
		return fmt.Errorf("ingress: %s: StatusPath %q is for a route with Send; set that too", m.to.name(), m.StatusPath)
	case m.StatusPath != "" && !strings.Contains(m.StatusPath, "{id}"):
		return fmt.Errorf("ingress: %s: StatusPath %q has no {id} for the invocation's id, as in \"/invocations/{id}\"", m.to.name(), m.StatusPath)
	case m.Forget != nil && m.to.once:
		return fmt.Errorf("ingress: %s: Forget is about idempotency keys, and the main handler of a workflow takes none; leave it out", m.to.name())
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
	if o.headers, err = m.headers.of(r); err != nil {
		return err
	}
	if m.Send {
		return m.send(w, r, to, in, o)
	}
	a, err := m.call(r.Context(), to, in, o)
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
	accepted, err := m.submit(r.Context(), to, in, o)
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

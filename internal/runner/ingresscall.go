package runner

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/fxrestate/go/internal/protocol"
)

// routeService takes /service/handler and /object/key/handler, with a /send behind it or
// without.
func (r *Runner) routeService(w http.ResponseWriter, q *http.Request, service string, rest segments) *refusal {
	call, refused := r.addressed(service, &rest, errServicePath)
	if refused != nil {
		return refused
	}
	verb := "call"
	if last, ok := rest.next(); ok {
		if last != "send" || len(rest) > 0 {
			return errServicePath
		}
		verb = "send"
	}
	return r.invokeFrom(w, q, verb, call)
}

// routeInvoke takes what stands behind /restate/call and /restate/send.
func (r *Runner) routeInvoke(w http.ResponseWriter, q *http.Request, verb string, rest segments) *refusal {
	service, ok := rest.next()
	if !ok {
		return errAPIPath
	}
	call, refused := r.addressed(service, &rest, errAPIPath)
	if refused != nil {
		return refused
	}
	if len(rest) > 0 {
		return errAPIPath
	}
	return r.invokeFrom(w, q, verb, call)
}

// addressed reads the key, where the service has keys, and the handler.
func (r *Runner) addressed(service string, rest *segments, bad *refusal) (call Request, refused *refusal) {
	call.Service = service
	r.mu.Lock()
	s := r.services[service]
	stubbed := r.hasStub(service)
	r.mu.Unlock()
	if s == nil && !stubbed {
		return call, refuse(http.StatusNotFound, "service '%s' not found, make sure to register the service before calling it.", service)
	}
	// What kind of service a stub stands for is told by the number of segments.
	if s != nil && s.kind.keyed() || s == nil && len(*rest) > 1 && (*rest)[1] != "send" {
		key, ok := rest.next()
		if !ok {
			return call, bad
		}
		if call.Key, refused = unescape(key); refused != nil {
			return call, refused
		}
	}
	handler, ok := rest.next()
	if !ok {
		return call, bad
	}
	call.Handler = handler
	return call, nil
}

func (r *Runner) hasStub(service string) bool {
	for name := range r.cfg.Stubs {
		if at, _, _ := strings.Cut(name, "/"); at == service {
			return true
		}
	}
	return false
}

// invokeFrom calls or sends what a request describes.
func (r *Runner) invokeFrom(w http.ResponseWriter, q *http.Request, verb string, call Request) *refusal {
	r.mu.Lock()
	m, stub := r.method(call.Service, call.Handler), r.stub(call.Service, call.Handler)
	r.mu.Unlock()
	call.IdempotencyKey = q.Header.Get(idempotencyKey)
	switch {
	case m == nil && stub == nil:
		return refuse(http.StatusNotFound, "the service '%s' exists, but the handler '%s' was not found, check that the handler exists in the latest registered service version.", call.Service, call.Handler)
	case m != nil && m.private:
		return errPrivate
	case m != nil && m.mode == once && call.IdempotencyKey != "":
		return errRunKey
	case q.Method != http.MethodGet && q.Method != http.MethodPost:
		return errMethod
	}
	var refused *refusal
	if call.Body, refused = readBody(w, q); refused != nil {
		return refused
	}
	if m != nil {
		if err := m.input.check(q.Header.Get(contentTypeHeader), call.Body); err != nil {
			return refuse(http.StatusBadRequest, "input validation error: %v", err)
		}
	}
	delayed, err := readDelay(q.URL.Query(), &call)
	switch {
	case err != nil:
		return refuse(http.StatusBadRequest, "bad delay query parameter, must be a ISO8601 duration: %v", err)
	case cmp.Or(q.Header.Get(limitKeyHeader), q.URL.Query().Get("limit-key")) != "":
		return errLimitKey
	case delayed && verb == "call":
		return errCallDelay
	}
	if call.Headers, refused = headersOf(q); refused != nil {
		return refused
	}
	if verb == "send" {
		return r.answerSend(w, call, delayed)
	}
	o, err := r.call(q.Context(), call)
	if err != nil {
		return refuseFor(err)
	}
	writeOutcome(w, o)
	return nil
}

// refuseFor answers for an error of waiting. If the client is gone it does not matter.
func refuseFor(err error) *refusal {
	if errors.Is(err, ErrNoHandler) {
		return refuse(http.StatusBadRequest, "bad path, cannot decode key: %v", err)
	}
	return refuse(http.StatusServiceUnavailable, "internal routing error: %v", err)
}

func (r *Runner) answerSend(w http.ResponseWriter, call Request, delayed bool) *refusal {
	text, isNew, err := r.Send(call)
	if err != nil {
		return refuseFor(err)
	}
	answer := struct {
		InvocationID  string `json:"invocationId"`
		ExecutionTime string `json:"executionTime,omitempty"`
		Status        string `json:"status"`
	}{InvocationID: text, Status: "Accepted"}
	if !isNew {
		answer.Status = "PreviouslyAccepted"
	}
	if inv, err := r.Invocation(text); err == nil && (delayed || !inv.Scheduled.IsZero()) {
		answer.ExecutionTime = cmp.Or(inv.Scheduled, inv.Created).UTC().Format("2006-01-02T15:04:05.000000000Z")
	}
	w.Header().Set(idHeader, text)
	writeJSON(w, http.StatusAccepted, answer)
	return nil
}

// notPassed are the headers that a handler is not told.
var notPassed = map[string]bool{"Connection": true, "Host": true, idempotencyKey: true, expiresHeader: true}

// headersOf returns the headers that a handler is told, in the order of their names.
func headersOf(q *http.Request) ([]protocol.Header, *refusal) {
	headers := make([]protocol.Header, 1, 1+len(q.Header))
	headers[0] = protocol.Header{Key: ingressPath, Value: pathOf(q)}
	if q.URL.RawQuery != "" {
		headers[0].Value += "?" + q.URL.RawQuery
	}
	for _, name := range slices.Sorted(maps.Keys(q.Header)) {
		if notPassed[name] {
			continue
		}
		for _, value := range q.Header[name] {
			if strings.ContainsFunc(value, func(c rune) bool { return c > '~' }) {
				return nil, refuse(http.StatusBadRequest, "bad header %s: ToStrError { _priv: () }", strings.ToLower(name))
			}
			headers = append(headers, protocol.Header{Key: strings.ToLower(name), Value: value})
		}
	}
	return headers, nil
}

// readDelay reads how long a send is to wait, and reports whether it says so.
func readDelay(query url.Values, call *Request) (delayed bool, err error) {
	for name, values := range query {
		if strings.EqualFold(name, "delay") {
			call.Delay, err = parseDuration(values[0])
			return true, err
		}
	}
	return false, nil
}

// reference names an invocation in the body of a request.
type reference struct {
	Target         string  `json:"target"`
	Scope          *string `json:"scope"`
	InvocationID   string  `json:"invocationId"`
	WorkflowName   string  `json:"workflowName"`
	WorkflowKey    string  `json:"workflowKey"`
	Service        string  `json:"service"`
	Key            *string `json:"key"`
	Handler        string  `json:"handler"`
	IdempotencyKey string  `json:"idempotencyKey"`
}

// readReference reads the body of a request about an invocation, which is of a kind.
func readReference(q *http.Request, what string) (id, *refusal) {
	if q.Method != http.MethodPost {
		return id{}, errMethod
	}
	body, refused := readBody(nil, q)
	if refused != nil {
		return id{}, refused
	}
	var ref reference
	if err := json.Unmarshal(body, &ref); err != nil {
		return id{}, refuse(http.StatusInternalServerError, "cannot read body: invalid %s body: %v", what, err)
	}
	switch ref.Target {
	case "invocation":
		return ingressID(ref.InvocationID)
	case "workflow":
		return idOf("wf", ref.WorkflowName, ref.WorkflowKey), nil
	case "idempotentInvocation":
		if ref.Key != nil {
			return idOf("ik", ref.Service, *ref.Key, ref.Handler, ref.IdempotencyKey), nil
		}
		return idOf("ik", ref.Service, ref.Handler, ref.IdempotencyKey), nil
	default:
		return id{}, refuse(http.StatusInternalServerError, "cannot read body: invalid %s body: unknown variant `%s`", what, ref.Target)
	}
}

// routeInvocation takes what stands behind /restate/invocation: an id, or what an
// idempotency key is for.
func (r *Runner) routeInvocation(w http.ResponseWriter, q *http.Request, rest segments) *refusal {
	if len(rest) < 2 {
		return errInvocations
	}
	verb := rest[len(rest)-1]
	if refused := knownVerb(verb); refused != nil {
		return refused
	}
	var i id
	if len(rest) == 2 {
		var refused *refusal
		if i, refused = ingressID(rest[0]); refused != nil {
			return refused
		}
	} else {
		middle := rest[1 : len(rest)-1]
		call, refused := r.addressed(rest[0], &middle, errInvocations)
		if refused != nil {
			return refused
		}
		call.IdempotencyKey = rest[len(rest)-2]
		i = idempotentID(call)
	}
	return r.answerVerb(w, q, verb, i)
}

// routeWorkflow takes what stands behind /restate/workflow: a name, a key and a verb.
func (r *Runner) routeWorkflow(w http.ResponseWriter, q *http.Request, rest segments) *refusal {
	if len(rest) < 3 {
		return errWorkflows
	}
	key, refused := unescape(rest[1])
	if refused != nil {
		return refused
	}
	return r.answerVerb(w, q, rest[2], idOf("wf", rest[0], key))
}

func (r *Runner) answerVerb(w http.ResponseWriter, q *http.Request, verb string, i id) *refusal {
	switch {
	case knownVerb(verb) != nil:
		return errNotFound
	case q.Method != http.MethodGet:
		return errMethod
	default:
		return r.answerResult(w, q, verb, i)
	}
}

func knownVerb(verb string) *refusal {
	if verb != "attach" && verb != "output" {
		return errNotFound
	}
	return nil
}

// answerResult answers with the result of an invocation: of attach when it is there, of
// output as it is now.
func (r *Runner) answerResult(w http.ResponseWriter, q *http.Request, verb string, i id) *refusal {
	if verb == "attach" {
		o, err := r.attachFrom(q.Context(), i)
		if err != nil {
			return refuseFor(err)
		}
		writeOutcome(w, o)
		return nil
	}
	r.mu.Lock()
	inv := r.lookup(i)
	var o outcome
	if inv != nil && inv.status == Completed {
		o = outcome{inv: inv, result: inv.result, expires: inv.expires()}
	}
	r.mu.Unlock()
	switch {
	case inv == nil:
		return errNoSuch
	case o.inv == nil:
		return errNotReady
	}
	writeOutcome(w, o)
	return nil
}

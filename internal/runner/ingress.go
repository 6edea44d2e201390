package runner

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxrestate/go/internal/invocationid"
	"github.com/fxrestate/go/internal/protocol"
)

// Headers of the ingress.
const (
	contentTypeHeader = "Content-Type"
	idHeader          = "X-Restate-Id"
	sourceHeader      = "X-Restate-Error-Source"
	idempotencyKey    = "Idempotency-Key"
	expiresHeader     = "Idempotency-Expires"
	ingressPath       = "x-restate-ingress-path" // which a handler finds among its headers
	limitKeyHeader    = "X-Restate-Limit-Key"
)

const jsonType = "application/json"

// notReady is the server's status for a result that is not there yet.
const notReady = 470

// maxBody is the server's limit of a message by default, in bytes.
const maxBody = protocol.DefaultMax

// Ingress returns what answers as the ingress of a server does: calls and sends, attach,
// output and lookup, awakeables, and health.
func (r *Runner) Ingress() http.Handler { return http.HandlerFunc(r.serveIngress) }

func (r *Runner) serveIngress(w http.ResponseWriter, q *http.Request) {
	if q.Method == http.MethodOptions {
		return // which asks whether a page of another origin may call; nobody keeps it from that
	}
	if refused := r.route(w, q); refused != nil {
		writeError(w, refused.status, failureBody{Code: uint32(refused.status), Message: refused.message}, "ingress")
	}
}

// refusal is an answer of the ingress's own.
type refusal struct {
	status  int
	message string
}

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// What the server answers.
var (
	errNotFound    = refuse(http.StatusNotFound, "not found")
	errMethod      = refuse(http.StatusMethodNotAllowed, "method not allowed")
	errNotReady    = refuse(notReady, "the invocation exists but has not completed yet")
	errNoSuch      = refuse(http.StatusNotFound, "invocation not found")
	errPrivate     = refuse(http.StatusBadRequest, "the invoked service is not public")
	errServicePath = refuse(http.StatusBadRequest, "bad path, expected either /:service-name/:handler or /:object-name/:object-key/:handler")
	errAPIPath     = refuse(http.StatusBadRequest, "bad path, expected /restate/call/:service/:handler, /restate/send/:service/:handler, /restate/scope/:scope/call/:service/:handler, /restate/attach/:invocation_id, /restate/output/:invocation_id, or /restate/lookup")
	errAwakeables  = refuse(http.StatusBadRequest, "bad path, expected either /restate/awakeables/:id/resolve or /restate/awakeables/:id/reject")
	errInvocations = refuse(http.StatusBadRequest, "bad path, expected either /restate/invocation/:invocation_id/output or /restate/invocation/:invocation_id/attach or /restate/invocation/:invocation_target/:idempotency_key/output or /restate/invocation/:invocation_target/:idempotency_key/attach")
	errWorkflows   = refuse(http.StatusBadRequest, "bad path, expected either /restate/workflow/:workflow_name/:workflow_key/output or /restate/workflow/:workflow_name/:workflow_key/attach")
	errScope       = refuse(http.StatusBadRequest, "scoped invocations require vqueues to be enabled")
	errLimitKey    = refuse(http.StatusBadRequest, "limit-key requires a scope to be set")
	errRunKey      = refuse(http.StatusBadRequest, "cannot use the idempotency key with workflow handlers. The handler invocation will already be idempotent by the workflow key itself.")
	errCallDelay   = refuse(http.StatusBadRequest, "cannot use the delay query parameter with calls. The delay is supported only with sends")
)

// segments are what is left of a path.
type segments []string

func (s *segments) next() (string, bool) {
	if len(*s) == 0 {
		return "", false
	}
	first := (*s)[0]
	*s = (*s)[1:]
	return first, true
}

// route finds what a request is for. The server splits the path before it decodes keys,
// and decodes nothing else.
func (r *Runner) route(w http.ResponseWriter, q *http.Request) *refusal {
	path := pathOf(q)
	if n := strings.Count(path, "/"); n < 2 || n > 7 {
		return refuse(http.StatusBadRequest, "bad path: %s", path)
	}
	rest := segments(strings.Split(path, "/")[1:])
	first, _ := rest.next()
	switch first {
	case "restate":
		verb, _ := rest.next()
		return r.routeVerb(w, q, verb, rest)
	case "openapi":
		return errNotFound
	default:
		return r.routeService(w, q, first, rest)
	}
}

// pathOf returns the path without the slashes at its end.
func pathOf(q *http.Request) string {
	return cmp.Or(strings.TrimRight(q.URL.EscapedPath(), "/"), "/")
}

func (r *Runner) routeVerb(w http.ResponseWriter, q *http.Request, verb string, rest segments) *refusal {
	switch verb {
	case "health":
		return r.health(w, q)
	case "call", "send":
		return r.routeInvoke(w, q, verb, rest)
	case "scope":
		return errScope
	case "awakeables", "a":
		return r.routeAwakeable(w, q, rest)
	case "invocation":
		return r.routeInvocation(w, q, rest)
	case "workflow":
		return r.routeWorkflow(w, q, rest)
	case "attach", "output":
		text, ok := rest.next()
		switch {
		case !ok:
			i, refused := readReference(q, "request")
			if refused != nil {
				return refused
			}
			return r.answerResult(w, q, verb, i)
		case len(rest) > 0:
			return errAPIPath
		}
		i, refused := ingressID(text)
		if refused != nil {
			return refused
		}
		if q.Method != http.MethodGet {
			return errMethod
		}
		return r.answerResult(w, q, verb, i)
	case "lookup":
		if len(rest) > 0 {
			return errAPIPath
		}
		i, refused := readReference(q, "lookup")
		if refused != nil {
			return refused
		}
		writeJSON(w, http.StatusOK, map[string]string{"invocationId": i.String()})
		return nil
	default:
		return errNotFound
	}
}

func (r *Runner) health(w http.ResponseWriter, q *http.Request) *refusal {
	if q.Method != http.MethodGet {
		return errMethod
	}
	r.mu.Lock()
	services := make([]string, 0, len(r.services))
	for name := range r.services {
		services = append(services, name)
	}
	r.mu.Unlock()
	slices.Sort(services)
	writeJSON(w, http.StatusOK, map[string][]string{"services": services})
	return nil
}

func (r *Runner) routeAwakeable(w http.ResponseWriter, q *http.Request, rest segments) *refusal {
	awakeable, _ := rest.next()
	verb, ok := rest.next()
	switch {
	case !ok:
		return errAwakeables
	case verb != "resolve" && verb != "reject":
		return errNotFound
	case q.Method != http.MethodPost:
		return errMethod
	}
	body, refused := readBody(w, q)
	if refused != nil {
		return refused
	}
	if _, _, err := parseAwakeable(awakeable); err != nil {
		return refuse(http.StatusBadRequest, "bad awakeable id '%s': %v", awakeable, err)
	}
	result := protocol.Succeeded(body)
	if verb == "reject" {
		result = failure(http.StatusInternalServerError, strings.ToValidUTF8(string(body), "\uFFFD"))
	}
	if err := r.completeAwakeable(awakeable, result); err != nil {
		return refuseFor(err)
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// ingressID reads an id of a path or a body.
func ingressID(text string) (id, *refusal) {
	i, err := invocationid.Parse(text)
	if err != nil {
		return i, refuse(http.StatusBadRequest, "bad invocation id '%s': %v", text, err)
	}
	return i, nil
}

// unescape decodes a key. The server leaves one as it is that is not escaped as it should
// be, and refuses one that is no text.
func unescape(segment string) (string, *refusal) {
	key, err := url.PathUnescape(segment)
	switch {
	case err != nil:
		return segment, nil
	case !utf8.ValidString(key):
		return "", refuse(http.StatusBadRequest, "bad path, cannot decode key: %s", describeText(key))
	default:
		return key, nil
	}
}

// describeText says what is wrong with a text, in the server's words.
func describeText(text string) string {
	bytes := make([]string, len(text))
	for i := range len(text) {
		bytes[i] = strconv.Itoa(int(text[i]))
	}
	valid, wrong := 0, "Some(1)"
	for valid < len(text) {
		r, size := utf8.DecodeRuneInString(text[valid:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		valid += size
	}
	if !utf8.FullRuneInString(text[valid:]) {
		wrong = "None" // it ends too early
	}
	return fmt.Sprintf("FromUtf8Error { bytes: [%s], error: Utf8Error { valid_up_to: %d, error_len: %s } }", strings.Join(bytes, ", "), valid, wrong)
}

func readBody(w http.ResponseWriter, q *http.Request) ([]byte, *refusal) {
	if q.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxBody))
	if err != nil {
		return nil, refuse(http.StatusRequestEntityTooLarge, "cannot read body: %v", err)
	}
	return body, nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // no value of this package fails to encode
	}
	w.Header().Set(contentTypeHeader, jsonType)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// failureBody is the body of an answer that is an error.
type failureBody struct {
	Code     uint32            `json:"code"`
	Message  string            `json:"message"`
	Metadata map[string]string `json:"metadata,omitempty"`
	Source   string            `json:"source"`
}

func writeError(w http.ResponseWriter, status int, body failureBody, source string) {
	body.Source = source
	w.Header().Set(sourceHeader, source)
	writeJSON(w, status, body)
}

// writeOutcome answers with the result of an invocation.
func writeOutcome(w http.ResponseWriter, o outcome) {
	f := o.result.Failure
	failed := o.result.Kind == protocol.ResultFailure && f != nil
	if failed && f.Code >= 100 && f.Code < 200 {
		w.WriteHeader(http.StatusInternalServerError) // what announces an answer is none
		return
	}
	if o.inv != nil {
		w.Header().Set(idHeader, o.inv.text)
	} else {
		w.Header().Set(idHeader, o.unknown)
	}
	if !o.expires.IsZero() {
		w.Header().Set(expiresHeader, o.expires.UTC().Truncate(time.Millisecond).Format("2006-01-02T15:04:05.999-07:00"))
	}
	if !failed {
		if o.inv != nil && o.inv.method != nil {
			if contentType := o.inv.method.output.of(o.result.Value.Content); contentType != "" {
				w.Header().Set(contentTypeHeader, contentType)
			}
		}
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(o.result.Value.Content) // the client may be gone
		return
	}
	body := failureBody{Code: f.Code, Message: f.Message}
	for _, m := range f.Metadata {
		if body.Metadata == nil {
			body.Metadata = map[string]string{}
		}
		body.Metadata[m.Key] = m.Value
	}
	status := int(f.Code)
	if status < 100 || status > 999 {
		status = http.StatusInternalServerError
	}
	writeError(w, status, body, "invocation")
}

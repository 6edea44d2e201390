package ingress

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/httpclient"
)

const (
	// maxErrorBody bounds what is read of an answer that reports an error.
	maxErrorBody = 1 << 20
	// maxExcerpt bounds the excerpt of a foreign body in an error, and of a
	// message in its text, in runes.
	maxExcerpt = 500
	// statusNotReady is the server's status for an output that is not there yet.
	statusNotReady = 470
)

// What an [*Error] can be, for errors.Is. None of them holds for a handler's own error,
// whatever its code: [handler.CodeOf] returns that.
var (
	// ErrNotFound: the server knows no such service, handler or invocation. A 404
	// of a gateway is not ErrNotFound: it says nothing about what the server
	// knows.
	ErrNotFound = errors.New("ingress: not found")
	// ErrNotReady: the invocation has not completed yet. [Handle.Output]
	// reports it as a result instead.
	ErrNotReady = errors.New("ingress: not ready")
	// ErrUnavailable: the server or a gateway rejected the request for now (429,
	// 502, 503, 504).
	ErrUnavailable = errors.New("ingress: unavailable")
)

// Source says who made an error.
type Source string

// The sources of errors, as the server names them.
const (
	// SourceInvocation: the handler ran, and this terminal error is its result.
	SourceInvocation Source = "invocation"
	// SourceIngress: the server rejected the request.
	SourceIngress Source = "ingress"
)

// Error is an error response: of a handler that failed, of the server, or of a gateway
// in front of it.
//
// If the handler failed it wraps a [*CallError], the same error that a call inside a
// handler returns. That is a restate.TerminalError, so restate.IsTerminalError holds.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Code is Restate's error code, and that of the handler's terminal error. It
	// equals Status unless the code is no HTTP status.
	Code restate.Code
	// Message explains the error. The message of a handler is unchanged. In any
	// other the secrets of [Config] are replaced. A body that is not in the
	// server's format is an excerpt on one line.
	Message string
	// Metadata of a terminal error: see restate.WithMetadata.
	Metadata map[string]string
	// Source says who made the error. It is empty for a gateway, and for a server
	// that does not say.
	Source Source
	// InvocationID of the invocation that failed, or empty.
	InvocationID string
	// Target of the request, such as "payments/Charge" or "attach payments/Charge".
	Target string
	// URL of the server, without credentials. Empty for the admin API's answer to
	// [Handle.Cancel].
	URL string
	// RetryAfter is how long the server or gateway asks to wait, or zero.
	RetryAfter time.Duration
}

// Error says what was called, what the answer was, and who made it.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "ingress: %s: ", e.Target)
	message := cmp.Or(httpclient.OneLine(e.Message, maxExcerpt), http.StatusText(e.Status), "no message")
	switch e.Source {
	case SourceInvocation:
		fmt.Fprintf(&text, "failed with %d: %s", e.Code, message)
	case SourceIngress:
		fmt.Fprintf(&text, "refused with %d: %s", e.Status, message)
	default:
		fmt.Fprintf(&text, "status %d: %s", e.Status, message)
		if e.Status == http.StatusNotFound && e.Message == "" {
			fmt.Fprintf(&text, " (%s may not be an ingress, which is on port 8080 of the server by default; the admin API answers so)", cmp.Or(e.URL, "this"))
		}
	}
	if e.InvocationID != "" {
		fmt.Fprintf(&text, " (%s)", e.InvocationID)
	}
	return text.String()
}

// Is reports whether the error is [ErrNotFound], [ErrNotReady] or [ErrUnavailable].
func (e *Error) Is(target error) bool {
	if e.Source == SourceInvocation {
		return false
	}
	switch target {
	case ErrNotFound:
		return e.Status == http.StatusNotFound && e.Source == SourceIngress
	case ErrNotReady:
		return e.Status == statusNotReady
	case ErrUnavailable:
		return e.unavailable()
	default:
		return false
	}
}

// unavailable reports whether the request was rejected for now.
func (e *Error) unavailable() bool {
	if e.Source == SourceInvocation {
		return false
	}
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// Unwrap returns the handler's failure as a [*CallError], and nil for errors that no
// handler made.
func (e *Error) Unwrap() error {
	if e.Source != SourceInvocation {
		return nil
	}
	return &CallError{
		TerminalError: restate.ToTerminalError(errors.New(e.Message),
			restate.WithErrorCode(e.Code), restate.WithMetadataMap(e.Metadata)),
		Target:       e.handler(),
		InvocationID: e.InvocationID,
	}
}

// handler returns what of the target names a handler: "payments/Charge" of
// "attach payments/Charge", and nothing of "attach inv_1abc".
func (e *Error) handler() string {
	name := e.Target[strings.LastIndexByte(e.Target, ' ')+1:]
	if !strings.Contains(name, "/") {
		return ""
	}
	return name
}

// CallError is the failure of a handler, which an [*Error] with [SourceInvocation]
// wraps. Package rpc has the same inside handlers: see [handler.CallError].
type CallError = handler.CallError

// ConnectionError is a request without a complete response. Whether the server accepted
// the call is not known. With an idempotency key a call is safe to repeat.
type ConnectionError struct {
	// Target of the request, such as "payments/Charge".
	Target string
	// URL of the server, without credentials.
	URL string
	// Err is the cause, for instance a *net.OpError or the context's error.
	Err error
}

// Error says what was called, where, and why there was no response.
func (e *ConnectionError) Error() string {
	text := fmt.Sprintf("ingress: %s: no answer from %s: %s", e.Target, e.URL, httpclient.OneLine(e.Err.Error(), maxExcerpt))
	if errors.Is(e.Err, syscall.ECONNREFUSED) {
		text += " (does a restate-server run there, and is this the address of its ingress?)"
	}
	return text
}

// Unwrap returns the cause.
func (e *ConnectionError) Unwrap() error { return e.Err }

func (c *Client) connectionError(ctx context.Context, r request, err error) error {
	return &ConnectionError{Target: r.name, URL: c.URL(), Err: httpclient.Cause(ctx, err)}
}

// responseError reads an error response.
func (c *Client) responseError(r request, res *http.Response) error {
	// What was read before a connection broke is still worth showing.
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
	e, described := parseErrorBody(body)
	if message, ok := httpclient.Redirected(res); ok {
		e.Message, described = message, false
	}
	e.Status = res.StatusCode
	e.Source = cmp.Or(knownSource(res.Header.Get(errorSourceHeader)), e.Source)
	// Secrets are replaced before the text is cut: half a secret is not recognised.
	if e.Source != SourceInvocation {
		e.Message = c.all.Redact.Replace(e.Message)
	}
	if !described {
		e.Message = httpclient.OneLine(e.Message, maxExcerpt)
	}
	if e.Code == 0 {
		e.Code = restate.Code(res.StatusCode)
	}
	e.InvocationID = idOf(res)
	e.Target = r.name
	e.URL = c.URL()
	e.RetryAfter = parseRetryAfter(res.Header.Get(retryAfterHeader), time.Now())
	return e
}

// knownSource returns the source that the server names, or none.
func knownSource(name string) Source {
	switch source := Source(name); source {
	case SourceInvocation, SourceIngress:
		return source
	default:
		return ""
	}
}

// parseErrorBody reads the body of an error, and reports whether it is in the server's
// format. A gateway's body may be anything, and so may the server's when a request is
// too large.
func parseErrorBody(body []byte) (e *Error, described bool) {
	var parsed struct {
		Code     json.Number       `json:"code"`
		Message  *string           `json:"message"`
		Metadata map[string]string `json:"metadata"`
		Source   string            `json:"source"`
	}
	if json.Unmarshal(body, &parsed) != nil || parsed.Message == nil {
		return &Error{Message: string(body)}, false
	}
	e = &Error{Message: *parsed.Message, Metadata: parsed.Metadata, Source: knownSource(parsed.Source)}
	if code, err := parsed.Code.Int64(); err == nil && code > 0 && code <= 0xffff {
		e.Code = restate.Code(code)
	}
	return e, true
}

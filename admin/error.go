package admin

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"syscall"

	"github.com/fxrestate/go/internal/httpclient"
)

const (
	// maxErrorBody limits the body of an error response, in bytes.
	maxErrorBody = 64 << 10
	// maxMessage limits the message of an error, in runes.
	maxMessage = 1000
	// maxPath limits the path in an error, in runes.
	maxPath = 500
)

// Error is a response with a status other than 2xx, from the admin API or from a
// gateway in front of it.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Code is Restate's own error code, such as META0006, or empty. See
	// https://docs.restate.dev/references/errors.
	Code string
	// Message is the server's explanation on one line. If the body is not in the
	// server's format, it is an excerpt of the body. It may be empty.
	Message string
	// Method and Path of the call. The path is escaped, has no query, and is cut
	// when it is long.
	Method, Path string
	// URL of the API as the client knows it, without credentials.
	URL string

	// origin is who responded, as far as the response tells.
	origin origin
}

// Error returns the call with its URL, the server's message, and the hint if there is
// one.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "admin: %s %s%s: status %d", e.Method, e.URL, e.Path, e.Status)
	if e.Code != "" {
		text.WriteString(" " + e.Code)
	}
	if message := cmp.Or(e.Message, http.StatusText(e.Status)); message != "" {
		text.WriteString(": " + message)
	}
	if hint := e.Hint(); hint != "" {
		text.WriteString(" (" + hint + ")")
	}
	return text.String()
}

// Is tells package ingress what is said of an invocation. By the text, since anybody
// may answer with the same status.
func (e *Error) Is(target error) bool {
	switch target {
	case httpclient.ErrUnknown:
		return e.Status == http.StatusNotFound && strings.HasPrefix(e.Message, "The requested invocation")
	case httpclient.ErrEnded:
		return e.Status == http.StatusConflict && strings.Contains(e.Message, "already completed")
	default:
		return false
	}
}

// Retryable tells whether the same request may succeed later: the server or a
// gateway is overloaded or not ready, or the server could not reach the
// endpoint, which may still be starting.
func (e *Error) Retryable() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented:
		return false
	}
	code, known := e.known()
	return e.Status >= 500 && (code.transient || !known)
}

// ConnectionError is a call that got no complete response.
type ConnectionError struct {
	Method string
	// URL of the call without query and credentials.
	URL string
	// Err is the cause, for instance a *net.OpError or the context's error.
	Err error
}

// Error returns the call and the cause of the failure.
func (e *ConnectionError) Error() string {
	text := fmt.Sprintf("admin: %s %s: %s", e.Method, e.URL, httpclient.OneLine(e.Err.Error(), maxMessage))
	if errors.Is(e.Err, syscall.ECONNREFUSED) {
		text += " (does a restate-server run there, and is this the address of its admin API?)"
	}
	return text
}

// Unwrap returns the cause.
func (e *ConnectionError) Unwrap() error { return e.Err }

// Retryable tells whether the same call may succeed later. That is always so,
// unless the certificate of the peer was rejected.
func (e *ConnectionError) Retryable() bool {
	var certificate *tls.CertificateVerificationError
	return !errors.As(e.Err, &certificate)
}

// Retryable tells whether err comes from a call of this package that may succeed
// later without a change.
func Retryable(err error) bool {
	var failed interface{ Retryable() bool }
	return errors.As(err, &failed) && failed.Retryable()
}

func (c *Client) connectionError(ctx context.Context, method, path string, err error) error {
	return &ConnectionError{Method: method, URL: c.URL() + path, Err: httpclient.Cause(ctx, err)}
}

// responseError reads a response that is not a success.
func (c *Client) responseError(in call, path string, res *http.Response) error {
	// A part is still worth showing if the connection broke.
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
	code, message, from := parseErrorBody(body)
	if res.Header.Get("X-Restate-Error-Source") == string(fromIngress) {
		from = fromIngress
	}
	if redirected, ok := httpclient.Redirected(res); ok {
		message = redirected
	}
	// Redact before the text is cut: half a secret would not be recognised.
	message = c.all.Redact.Replace(message)
	if len(in.secrets) > 0 {
		message = httpclient.HeaderValues(in.secrets).Replace(message)
	}
	return &Error{
		Status:  res.StatusCode,
		Code:    code,
		Message: httpclient.OneLine(message, maxMessage),
		Method:  in.method,
		Path:    path,
		URL:     c.URL(),
		origin:  from,
	}
}

// origin is who made an error response.
type origin string

const (
	// fromStranger: the response is not in the format of a Restate server, which has
	// some responses in plain text too.
	fromStranger origin = ""
	fromServer   origin = "server"
	fromIngress  origin = "ingress"
)

var (
	codePattern  = regexp.MustCompile(`^[A-Z]{2,10}[0-9]{4}$`)
	codePrefixes = regexp.MustCompile(`^(?:\[[A-Z]{2,10}[0-9]{4}\]\s*)+`)
)

// parseErrorBody finds Restate's code and the message in the body of an error, and who
// made it. It accepts any body: some of the server's own errors are plain text, some are
// empty, and a gateway may send anything.
func parseErrorBody(body []byte) (code, message string, from origin) {
	var described struct {
		Message string          `json:"message"`
		Code    json.RawMessage `json:"restate_code"`
		Source  json.RawMessage `json:"source"`
	}
	if json.Unmarshal(body, &described) != nil || described.Message == "" {
		return "", string(body), fromStranger
	}
	if string(described.Source) == `"ingress"` {
		return "", described.Message, fromIngress
	}
	if json.Unmarshal(described.Code, &code) != nil || !codePattern.MatchString(code) {
		code = ""
	}
	// The server repeats the code in front of the message, sometimes twice.
	prefix := codePrefixes.FindString(described.Message)
	if code == "" && prefix != "" {
		code = prefix[1:strings.IndexByte(prefix, ']')]
	}
	if described.Code != nil {
		from = fromServer
	}
	return code, described.Message[len(prefix):], from
}

package ingress

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/fxrestate/go/handler"
)

// ErrEmptyKey is the error of a call of a virtual object or workflow with an empty key,
// for errors.Is. No request is made: the server would take the empty text for the key of
// an object.
var ErrEmptyKey = handler.ErrEmptyKey

// checkKey reports a key that no request can carry as it is.
func checkKey(key string) error {
	if key == "" {
		return ErrEmptyKey
	}
	if !utf8.ValidString(key) {
		return errors.New("the key is not valid UTF-8")
	}
	return nil
}

// checkIdempotencyKey reports an idempotency key that the server would reject or change.
// It is a header, whose surrounding blanks do not count.
func checkIdempotencyKey(key string) error {
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return errors.New("the idempotency key has characters other than printable ASCII; hash or encode it")
		}
	}
	if strings.Trim(key, " ") != key {
		return errors.New("the idempotency key begins or ends with a blank")
	}
	return nil
}

// path is the path of a request: as it is written on the wire, and decoded, both
// of which net/url wants to know.
type path struct{ escaped, plain string }

// newPath escapes each segment, so that no key or id reaches another path than its own.
// The server splits the path before it decodes it.
func newPath(segments ...string) path {
	var escaped, plain strings.Builder
	for _, segment := range segments {
		escaped.WriteByte('/')
		escaped.WriteString(escape(segment))
		plain.WriteByte('/')
		plain.WriteString(segment)
	}
	return path{escaped.String(), plain.String()}
}

// escape is url.PathEscape, but for segments of dots, which gateways resolve as
// directories.
func escape(segment string) string {
	switch segment {
	case ".":
		return "%2E"
	case "..":
		return "%2E%2E"
	default:
		return url.PathEscape(segment)
	}
}

// The verbs of the ingress.
const (
	verbCall   = "call"
	verbSend   = "send"
	verbAttach = "attach"
	verbOutput = "output"
	verbLookup = "lookup"
	verbCancel = "cancel" // of the admin API
)

// invokePath is the path of a call or a send. It begins with the verb and has a fixed
// number of segments. The server also knows /{service}/{key}/{handler} and
// /{service}/{key}/{handler}/send. There a key could name a handler if client and server
// disagree on whether the service has keys.
func (c callee) invokePath(verb string) path {
	segments := make([]string, 0, 7)
	segments = append(segments, "restate")
	if c.scope != "" {
		segments = append(segments, "scope", c.scope)
	}
	segments = append(segments, verb, c.service)
	if c.keyed {
		segments = append(segments, c.key)
	}
	return newPath(append(segments, c.handler)...)
}

// resolve returns the URL of a path below base.
func (p path) resolve(base *url.URL) *url.URL {
	u := *base
	u.Path = base.Path + p.plain
	u.RawPath = base.EscapedPath() + p.escaped
	return &u
}

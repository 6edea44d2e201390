package runner

import (
	"fmt"
	"strings"

	"github.com/fxrestate/go/internal/manifest"
)

// inputRules say which bodies the ingress takes for a handler.
type inputRules struct {
	optional    bool
	contentType *string
	json        bool // has a schema, and so no body is no input
}

func newInputRules(p manifest.Payload) inputRules {
	return inputRules{optional: !p.Required, contentType: p.ContentType, json: len(p.Schema) > 0 && string(p.Schema) != "null"}
}

// inputError is what is wrong with a body, in the server's words.
type inputError string

func (e inputError) Error() string { return string(e) }

// check returns what is wrong with a body. A request without a content type has an empty
// one.
func (r inputRules) check(contentType string, body []byte) error {
	wrong := "Bad configuration of the input validation rules"
	if r.optional {
		if len(body) == 0 && contentType == "" {
			return nil
		}
		given := "None"
		if contentType != "" {
			given = fmt.Sprintf("Some(%q)", contentType)
		}
		wrong = fmt.Sprintf("Expected body and content-type to be empty, but wasn't with content-type '%s'", given)
	}
	if r.contentType == nil {
		return inputError(wrong)
	}
	switch {
	case contentType == "":
		return inputError("Empty content-type")
	case !matches(*r.contentType, contentType):
		return inputError(fmt.Sprintf("Content-type '%s' does not match '%s'", contentType, *r.contentType))
	case r.json && len(body) == 0:
		return inputError("Empty body not allowed")
	}
	return nil
}

// matches reports whether a content type is one that a handler describes, as */* and
// text/* do.
func matches(described, given string) bool {
	if described == "*/*" {
		return true
	}
	given, _, _ = strings.Cut(given, ";")
	kind, sub, ok := strings.Cut(strings.TrimSpace(given), "/")
	wantKind, wantSub, _ := strings.Cut(strings.TrimSpace(described), "/")
	return ok && kind == wantKind && (wantSub == "*" || sub == wantSub)
}

// outputRules say what content type a result has.
type outputRules struct {
	contentType *string
	ifEmpty     bool
}

func newOutputRules(p manifest.Payload) outputRules {
	return outputRules{p.ContentType, p.SetContentTypeIfEmpty}
}

func (r outputRules) of(body []byte) string {
	if r.contentType == nil || len(body) == 0 && !r.ifEmpty {
		return ""
	}
	return *r.contentType
}

package runner

import (
	"errors"
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

// check returns what is wrong with a body, in the server's words. A request without a
// content type has an empty one.
func (r inputRules) check(contentType string, body []byte) error {
	err := errors.New("Bad configuration of the input validation rules") //lint:ignore ST1005 the server's text
	if r.optional {
		if len(body) == 0 && contentType == "" {
			return nil
		}
		given := "None"
		if contentType != "" {
			given = fmt.Sprintf("Some(%q)", contentType)
		}
		err = fmt.Errorf("Expected body and content-type to be empty, but wasn't with content-type '%s'", given) //lint:ignore ST1005 the server's text
	}
	if r.contentType == nil {
		return err
	}
	switch {
	case contentType == "":
		return errors.New("Empty content-type") //lint:ignore ST1005 the server's text
	case !matches(*r.contentType, contentType):
		return fmt.Errorf("Content-type '%s' does not match '%s'", contentType, *r.contentType) //lint:ignore ST1005 the server's text
	case r.json && len(body) == 0:
		return errors.New("Empty body not allowed") //lint:ignore ST1005 the server's text
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

package ingress

import (
	"fmt"
	"mime"
	"net/http"
	"strings"
)

// formContentType is how curl -d declares a body.
const formContentType = "application/x-www-form-urlencoded"

// checkRequest checks how the body of a request is declared.
func (b binder) checkRequest(r *http.Request) error {
	got := r.Header.Get(contentTypeHeader)
	err := b.checkContentType(got)
	if media, _, _ := mime.ParseMediaType(got); err == nil || !b.curl || media != formContentType {
		return err
	}
	// This must not be a way around what the content type keeps out.
	if http.NewCrossOriginProtection().Check(r) != nil {
		return &RequestError{Status: http.StatusForbidden, Detail: "the request comes from a page of another origin"}
	}
	return nil
}

// checkContentType also keeps out what a foreign web page can send without being
// asked whether it may.
func (b binder) checkContentType(got string) error {
	if b.accepts == "" || b.accepts == anyContentType && got == "" {
		return nil
	}
	media, _, err := mime.ParseMediaType(got)
	kind, _, ok := strings.Cut(media, "/")
	switch {
	case err != nil || !ok || !isPlain(got):
	case b.accepts == anyContentType, media == b.accepts, b.accepts == kind+"/*":
		return nil
	case b.accepts == jsonContentType && strings.HasSuffix(media, "+json"):
		return nil
	}
	return &RequestError{
		Status: http.StatusUnsupportedMediaType,
		Detail: fmt.Sprintf("the Content-Type of the body is not %s", b.accepts),
	}
}

// isPlain tells whether a content type or encoding from outside can be sent on. None of
// them is long.
func isPlain(header string) bool { return isPrintable(header) && len(header) <= maxContentType }

// isPrintable tells whether a header from outside can be sent on: the server refuses some
// letters.
func isPrintable(header string) bool {
	for i := range len(header) {
		if header[i] < ' ' || header[i] > '~' {
			return false
		}
	}
	return true
}

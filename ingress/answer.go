package ingress

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

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

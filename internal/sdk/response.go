package sdk

import (
	"net/http"

	"github.com/fxrestate/go/internal/protocol"
)

// Amend amends the error messages among the frames that the SDK writes: see
// [Exchange.amend]. It reports false, and changes nothing, where there are none.
func (x *Exchange) Amend(frames []byte) (amended []byte, ok bool) {
	return protocol.AmendErrors(frames, x.amend)
}

// Response is the response of an attempt, whose error messages are amended. The SDK
// writes whole messages.
type Response struct {
	http.ResponseWriter
	flusher  http.Flusher // nil if the writer has none
	exchange *Exchange
}

// NewResponse returns the response of the attempt in an exchange.
func NewResponse(w http.ResponseWriter, x *Exchange) Response {
	flusher, _ := w.(http.Flusher)
	return Response{w, flusher, x}
}

func (w Response) Write(p []byte) (int, error) {
	if w.exchange.dropped.Load() {
		return len(p), nil
	}
	amended, ok := w.exchange.Amend(p)
	if !ok {
		amended = p
	}
	if _, err := w.ResponseWriter.Write(amended); err != nil {
		return 0, &lostError{err}
	}
	return len(p), nil
}

// lostError is the error of a write of which the other end learns nothing. The SDK panics
// with it, by which it is known again.
type lostError struct{ error }

func (e *lostError) Unwrap() error { return e.error }

// Flush is what the SDK asks the writer itself for.
func (w Response) Flush() {
	if w.flusher != nil {
		w.flusher.Flush()
	} else {
		_ = http.NewResponseController(w.ResponseWriter).Flush() // behind an Unwrap
	}
}

// Unwrap is for http.ResponseController.
func (w Response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

package endpoint

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/pipeline"
)

// hint is what a request and its attempt tell each other: how to end the attempt's
// context, and the delay that its error asks for.
type hint struct {
	abort context.CancelFunc
	inv   atomic.Pointer[pipeline.Invocation]
}

type hintKey struct{}

func hintFrom(ctx context.Context) *hint {
	h, _ := ctx.Value(hintKey{}).(*hint)
	return h
}

func (h *hint) delay() (time.Duration, bool) {
	inv := h.inv.Load()
	if inv == nil {
		return 0, false
	}
	return inv.RetryDelay()
}

// milliseconds is the delay as the server is told it.
func (h *hint) milliseconds() (uint64, bool) {
	delay, ok := h.delay()
	return uint64(delay.Milliseconds()), ok
}

// response is the response of an attempt. It amends an error message: the SDK has no
// way to set the delay before the next attempt, and sends the stack of a panic of its
// own. The SDK writes whole messages.
type response struct {
	http.ResponseWriter
	flusher http.Flusher // nil if the writer has none
	attempt *attempt
}

func newResponse(w http.ResponseWriter, a *attempt) response {
	flusher, _ := w.(http.Flusher)
	return response{w, flusher, a}
}

func (w response) Write(p []byte) (int, error) {
	w.attempt.touch()
	amended, ok := protocol.AmendErrors(p, w.attempt.milliseconds)
	if !ok {
		return w.ResponseWriter.Write(p)
	}
	if _, err := w.ResponseWriter.Write(amended); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush is what the SDK asks the writer itself for.
func (w response) Flush() {
	if w.flusher != nil {
		w.flusher.Flush()
	} else {
		_ = http.NewResponseController(w.ResponseWriter).Flush() // behind an Unwrap
	}
}

// Unwrap is for http.ResponseController.
func (w response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

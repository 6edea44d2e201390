package endpoint

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/fxrestate/go/pipeline"
)

// hint carries the delay that an attempt's error asks for from the pipeline to
// the response.
type hint struct {
	inv atomic.Pointer[pipeline.Invocation]
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

// hintWriter amends the error message of a response. The SDK writes whole messages.
type hintWriter struct {
	http.ResponseWriter
	flusher http.Flusher // nil if the writer has none
	hint    *hint
}

func newHintWriter(w http.ResponseWriter, h *hint) hintWriter {
	flusher, _ := w.(http.Flusher)
	return hintWriter{w, flusher, h}
}

func (w hintWriter) Write(p []byte) (int, error) {
	amended, ok := amendErrors(p, w.hint.delay)
	if !ok {
		return w.ResponseWriter.Write(p)
	}
	if _, err := w.ResponseWriter.Write(amended); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush is what the SDK asks the writer itself for.
func (w hintWriter) Flush() {
	if w.flusher != nil {
		w.flusher.Flush()
	} else {
		_ = http.NewResponseController(w.ResponseWriter).Flush() // behind an Unwrap
	}
}

// Unwrap is for http.ResponseController.
func (w hintWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

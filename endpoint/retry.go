package endpoint

import (
	"context"
	"encoding/binary"
	"net/http"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/fxrestate/go/pipeline"
)

// The service protocol's message that ends a failed attempt, and its field for
// the delay in milliseconds before the next one, which the SDK has no way to set.
const (
	errorMessage        = 0x0002
	nextRetryDelayField = 8
	frameHead           = 8 // type, flags and length
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

// hintWriter adds the delay to the error message of a response. The SDK writes
// whole messages.
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
	delay, ok := w.hint.delay()
	if !ok {
		return w.ResponseWriter.Write(p)
	}
	hinted, ok := withRetryDelay(p, delay)
	if !ok {
		return w.ResponseWriter.Write(p)
	}
	if _, err := w.ResponseWriter.Write(hinted); err != nil {
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

// withRetryDelay adds the delay to the error messages among frames. It reports
// false, and changes nothing, if there is none or p is not made of whole frames.
func withRetryDelay(p []byte, delay time.Duration) (hinted []byte, ok bool) {
	field := protowire.AppendTag(nil, nextRetryDelayField, protowire.VarintType)
	field = protowire.AppendVarint(field, uint64(delay.Milliseconds()))
	for len(p) > 0 {
		if len(p) < frameHead {
			return nil, false
		}
		kind, size := binary.BigEndian.Uint16(p), binary.BigEndian.Uint32(p[4:])
		if uint64(len(p)-frameHead) < uint64(size) {
			return nil, false
		}
		end := frameHead + int(size)
		start := len(hinted)
		hinted = append(hinted, p[:end]...)
		if kind == errorMessage {
			hinted = append(hinted, field...)
			binary.BigEndian.PutUint32(hinted[start+4:], size+uint32(len(field)))
			ok = true
		}
		p = p[end:]
	}
	return hinted, ok
}

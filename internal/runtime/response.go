package runtime

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/fxrestate/go/internal/protocol"
)

// maxExcerpt bounds what is kept of the body of an answer that is no attempt, in bytes.
const maxExcerpt = 500

// response reads what the handler writes, as it writes it.
type response struct {
	attempt *Attempt

	mu       sync.Mutex // of what is below; a goroutine left behind may write late
	header   http.Header
	status   int
	splitter protocol.Splitter
	output   []byte // the last Output message
	ending   Ending // with a kind when the last message was there
	excerpt  []byte
	returned bool
}

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *response) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.setStatus(status)
}

func (w *response) setStatus(status int) {
	if w.status != 0 || status < http.StatusOK {
		return
	}
	w.status = status
	if status == http.StatusOK {
		if got := w.header.Get("Content-Type"); got != ContentType {
			w.violated("the response has the content type %q, and the request %q", got, ContentType)
		}
	}
}

// Write takes a part of the response.
func (w *response) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.setStatus(http.StatusOK)
	switch {
	case w.returned:
		return 0, errReturned
	case w.attempt.cut.Load():
		return 0, errCut
	case w.status != http.StatusOK:
		w.excerpt = append(w.excerpt, p[:min(len(p), maxExcerpt-len(w.excerpt))]...)
		return len(p), nil
	}
	frames, err := w.splitter.Feed(p)
	for _, f := range frames {
		if w.attempt.cut.Load() {
			return 0, errCut
		}
		w.take(f)
	}
	if err != nil {
		w.violated("%v", err)
	}
	if w.attempt.cut.Load() {
		return 0, errCut
	}
	return len(p), nil
}

// Stored reports that what was written is stored: OnMessage has taken it when Write returns.
// An attempt that was cut may have been so for what it wrote.
func (w *response) Stored() bool { return !w.attempt.cut.Load() }

// Flush implements http.Flusher: nothing is held back.
func (w *response) Flush() {}

// EnableFullDuplex is for http.ResponseController: it always is.
func (w *response) EnableFullDuplex() error { return nil }

// SetReadDeadline is for http.ResponseController.
func (w *response) SetReadDeadline(at time.Time) error {
	w.attempt.input.setDeadline(at)
	return nil
}

// SetWriteDeadline is for http.ResponseController: no write waits.
func (w *response) SetWriteDeadline(time.Time) error { return nil }

// take takes a message.
func (w *response) take(f protocol.Frame) {
	if w.ending.Kind != 0 {
		w.violated("a message (%s) behind the last one", f.Type)
		return
	}
	switch {
	case f.Type.IsCommand() && f.Type != protocol.TypeInput, f.Type == protocol.TypeProposeRunCompletion:
		if f.Type == protocol.TypeOutput {
			w.output = f.Body
		}
		w.attempt.request.OnMessage(w.attempt, f)
	case f.Type == protocol.TypeEnd, f.Type == protocol.TypeSuspension, f.Type == protocol.TypeError:
		w.last(f)
	default:
		w.violated("a message (%s) that is not the handler's to send", f.Type)
	}
}

// last takes the message that ends the attempt. The handler then waits for the end of the
// input.
func (w *response) last(f protocol.Frame) {
	m, err := protocol.Decode(f)
	if err != nil {
		w.violated("%v", err)
		return
	}
	switch m := m.(type) {
	case *protocol.End:
		w.ending = w.completed()
	case *protocol.Suspension:
		w.ending = Ending{Kind: Suspended, Suspension: m}
		if len(m.WaitingCompletions)+len(m.WaitingSignals)+len(m.WaitingNamedSignals) == 0 {
			w.violated("a suspension that waits for nothing")
		}
	case *protocol.Error:
		w.ending = Ending{Kind: Failed, Error: m}
	}
	w.attempt.input.end()
}

// completed is the ending of an invocation, with its last output, which may have been
// written by an attempt before.
func (w *response) completed() Ending {
	output := w.output
	for i := len(w.attempt.request.Journal) - 1; i >= 0 && output == nil; i-- {
		if f := w.attempt.request.Journal[i]; f.Type == protocol.TypeOutput {
			output = f.Body
		}
	}
	if output == nil {
		w.violated("the attempt ended without an output")
		return w.ending
	}
	m, err := protocol.Decode(protocol.Frame{Type: protocol.TypeOutput, Body: output})
	if err != nil {
		w.violated("%v", err)
		return w.ending
	}
	return Ending{Kind: Completed, Output: m.(*protocol.Output)}
}

// violated ends the attempt for something that the protocol does not allow.
func (w *response) violated(format string, args ...any) {
	w.ending = Ending{Kind: Violated, Text: fmt.Sprintf(format, args...)}
	w.attempt.Cut()
}

// finish returns how the attempt ended, after the handler has returned.
func (w *response) finish(panicked any) Ending {
	w.mu.Lock()
	defer w.mu.Unlock()
	if panicked == nil {
		w.setStatus(http.StatusOK)
	}
	w.returned = true
	switch {
	case w.ending.Kind == Violated:
		return w.ending
	case w.attempt.cut.Load():
		return Ending{Kind: Cut}
	case w.ending.Kind != 0:
		return w.ending
	case panicked != nil:
		return Ending{Kind: Broken, Text: fmt.Sprintf("the stream was aborted: %v", panicked)}
	case w.status != http.StatusOK:
		return Ending{
			Kind: Refused, Status: w.status, Text: string(w.excerpt),
			RetryAfter: retryAfter(w.status, w.header.Get("Retry-After")),
		}
	default:
		return Ending{Kind: Broken, Text: "the response ended before the attempt did"}
	}
}

// retryAfter reads a header Retry-After, which the server honours in whole seconds and
// with the statuses of those that are too busy.
func retryAfter(status int, header string) time.Duration {
	if status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests {
		return 0
	}
	seconds, err := strconv.ParseUint(header, 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

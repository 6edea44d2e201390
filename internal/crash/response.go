package crash

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/fxrestate/go/internal/protocol"
)

// errDead is what a handler gets that writes in a process that is dead.
var errDead = errors.New("crash: the process is dead")

// ackTimeout bounds how long it may take to store an entry. It is there to end a hang.
const ackTimeout = 10 * time.Second

// response is the response of an attempt.
type response struct {
	http.ResponseWriter

	attempt *attempt
	split   protocol.Splitter

	mu     sync.Mutex
	waits  bool   // for an acknowledgement
	step   uint32 // of the result of a step, else of a command
	isStep bool
	acked  chan struct{} // closed when Restate has acknowledged the entry or says no more
	stored bool          // it was the former; to be read when acked is closed
}

// storing is a response that stores what is written before Write returns.
type storing interface{ Stored() bool }

// Write writes whole frames, as long as the process lives.
func (w *response) Write(p []byte) (int, error) {
	if !isProtocol(w.Header()) {
		return w.ResponseWriter.Write(p)
	}
	frames, err := w.split.Feed(p)
	if err != nil {
		return 0, err
	}
	var out []byte
	for _, f := range frames {
		switch fate, death := w.attempt.process.in.decide(w.attempt, f); fate {
		case forward:
			out = f.Append(out)
		case drop:
			return 0, errDead
		case die:
			w.die(out, f, death)
			return 0, errDead
		}
	}
	if len(out) > 0 {
		if _, err := w.ResponseWriter.Write(out); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// die lets the process die at a frame, behind what is to be written before it.
func (w *response) die(out []byte, f protocol.Frame, d Death) {
	switch d.When {
	case Within:
		frame := f.Append(nil)
		out = append(out, frame[:len(frame)/2]...)
	case After:
		w.expect(&f)
		out = f.Append(out)
	}
	_, _ = w.ResponseWriter.Write(out)
	w.Flush()
	if s, ok := w.ResponseWriter.(storing); ok {
		d.Stored = d.When == After && s.Stored()
	} else if d.When == After && !w.attempt.process.in.plan.Suspend {
		var reader sync.WaitGroup
		reader.Go(w.attempt.receiveAck)
		defer reader.Wait() // the death of the process ends it
		timeout := time.NewTimer(ackTimeout)
		defer timeout.Stop()
		select {
		case <-w.acked:
			d.Stored = w.stored
		case <-timeout.C:
		case <-w.attempt.request.Context().Done():
		}
	}
	w.attempt.process.in.kill(w.attempt.process, d)
}

// expect has Restate tell when an entry is stored.
func (w *response) expect(f *protocol.Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waits = true
	if f.Type.IsCommand() {
		f.Flags |= protocol.FlagRequestedAck
		return
	}
	if m, err := protocol.Decode(*f); err == nil {
		w.isStep, w.step = true, m.(*protocol.ProposeRunCompletion).CompletionID
	}
}

// acks reports whether a notification tells that the entry is stored at which the process
// dies.
func (w *response) acks(f protocol.Frame) bool {
	w.mu.Lock()
	waits, step := w.waits && w.isStep, w.step
	w.mu.Unlock()
	if !waits || f.Type != protocol.TypeRunCompletion && f.Type != protocol.TypeProposeRunCompletionAck {
		return false
	}
	m, err := protocol.Decode(f)
	if err != nil {
		return false
	}
	switch m := m.(type) {
	case *protocol.Notification:
		waits = m.CompletionID == step
	case *protocol.ProposeRunCompletionAck:
		waits = m.CompletionID == step
	}
	if waits {
		w.ack(true)
	}
	return waits
}

// ack ends the wait for an acknowledgement: stored tells that it has come.
func (w *response) ack(stored bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.isAcked() {
		w.stored = stored
		close(w.acked)
	}
}

func (w *response) isAcked() bool {
	select {
	case <-w.acked:
		return true
	default:
		return false
	}
}

// Flush flushes unless the process is dead, which has then flushed what it wrote.
func (w *response) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

package endpoint

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/sdk"
)

// attempt is one attempt of an invocation, from the arrival of its journal to its
// end, and the body of its request.
type attempt struct {
	sdk.Exchange

	gate     *gate
	target   string // service/handler
	body     io.ReadCloser
	pump     *pump // nil over HTTP/2
	control  *http.ResponseController
	frames   protocol.Follower // of the body
	journal  journal
	received atomic.Int64 // bytes of the body
	retries  uint32       // since the last entry, as the Start message counts them

	// Guarded by the gate.
	bytes       int64         // what counts of those that arrived
	began       time.Duration // when it was let in, since the epoch
	suspendedAt time.Duration // since the epoch

	suspended atomic.Bool  // the body is at its end, whatever else arrives
	late      atomic.Bool  // the body did not arrive in time
	active    atomic.Int64 // when something was read or written last
}

func newAttempt(g *gate, w http.ResponseWriter, r *http.Request, cancel context.CancelFunc) *attempt {
	return &attempt{
		Exchange: sdk.Exchange{Abort: cancel}, gate: g, target: strings.TrimPrefix(r.RequestURI, invokeURI),
		body: r.Body, control: http.NewResponseController(w),
		frames: protocol.Follower{Max: int(g.maxMessage)},
	}
}

// epoch is what the times of attempts are counted from.
var epoch = time.Now()

func (a *attempt) touch() { a.active.Store(int64(time.Since(epoch))) }

// begins notes that the attempt is let in. The gate calls it.
func (a *attempt) begins() {
	a.touch()
	a.began = time.Duration(a.active.Load())
}

// idleSince reports since when an attempt does nothing but wait: its handler runs,
// none of its steps does, and it neither reads nor writes. A handler that computes
// outside of a step looks the same. It is suspended where it waits next.
func (a *attempt) idleSince() (time.Duration, bool) {
	running := a.Running()
	if running == nil || running.RunningSteps() > 0 || a.suspended.Load() {
		return 0, false
	}
	return time.Duration(a.active.Load()), true
}

// suspend ends the request's body: an attempt that waits for something then
// suspends instead of holding its stream, and goes on elsewhere or later. One that
// computes goes on to the next place where it waits. The gate calls it.
func (a *attempt) suspend() {
	a.suspendedAt = time.Since(epoch)
	a.suspended.Store(true)
	if a.pump != nil {
		_ = a.pump.Close()
	} else {
		a.interrupt()
	}
}

// begin lets the body be read beside the handler. finish ends that.
func (a *attempt) begin(r *http.Request) {
	if r.ProtoMajor < 2 {
		a.pump = newPump(a.body)
		a.body = a.pump
	}
}

// finish returns when nothing reads the body any more. A connection over HTTP/1.1 with
// the rest of a body on it cannot be used again.
func (a *attempt) finish() {
	if a.pump != nil && !a.pump.finish(a.interrupt) {
		panic(http.ErrAbortHandler)
	}
}

// interrupt lets what reads the body return. A foreign writer may be unable to.
func (a *attempt) interrupt() { _ = a.control.SetReadDeadline(time.Now()) }

// gone cancels an attempt whose request ended before it did.
func (a *attempt) gone() { a.Abort() }

// Read reads the request's body, of which the journal was read before. A body that
// was ended to suspend the attempt is at its end, rather than late, and so is one
// that net/http closed with the first byte of a response in request-response mode
// over HTTP/1.1, of which the SDK would warn each time.
func (a *attempt) Read(p []byte) (int, error) {
	if n := a.journal.read(p); n > 0 {
		return n, nil
	}
	n, err := a.body.Read(p)
	if n > 0 {
		a.touch()
		if beyond := skip(&a.frames, p[:n]); beyond != nil {
			a.gate.complain(beyond)
			a.Abort()
			return 0, beyond
		}
		a.gate.count(a, n)
	}
	switch {
	case err == nil:
	case errors.Is(err, http.ErrBodyReadAfterClose), errors.Is(err, io.ErrClosedPipe),
		(a.suspended.Load() || a.late.Load()) && errors.Is(err, os.ErrDeadlineExceeded):
		err = io.EOF
	}
	return n, err
}

// Close closes the request's body.
func (a *attempt) Close() error { return a.body.Close() }

// response is the response of an attempt.
type response struct {
	sdk.Response
	attempt *attempt
}

func newResponse(w http.ResponseWriter, a *attempt) response {
	return response{sdk.NewResponse(w, &a.Exchange), a}
}

func (w response) Write(p []byte) (int, error) {
	w.attempt.touch()
	return w.Response.Write(p)
}

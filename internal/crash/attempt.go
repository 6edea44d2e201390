package crash

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runtime"
)

const contentType = "application/vnd.restate.invocation."

// attempt is one attempt of an invocation: the body of its request and its response.
type attempt struct {
	process          *process
	service, handler string
	request          *http.Request
	body             io.Reader
	reading          sync.Mutex // of the body
	requests         requests
	response         response

	// invocation is set when the journal has arrived. The injector guards it.
	invocation *Invocation
	twin       *runtime.Attempt // nil: none
	cancel     context.CancelFunc
	gone       atomic.Bool // nothing arrives any more
}

// requests are the frames that arrive.
type requests struct {
	split   protocol.Splitter
	start   *protocol.Start
	known   []protocol.Frame
	left    uint32 // known entries that are still to come
	piece   []byte // what is read at a time, nil at first
	out     []byte // what the handler is to read
	err     error
	passing bool // they are not understood
	ended   bool // the handler is to suspend
}

func (p *process) invoke(w http.ResponseWriter, r *http.Request, service, handler string) {
	a := &attempt{process: p, service: service, handler: handler, request: r, body: r.Body}
	a.response = response{ResponseWriter: w, attempt: a, acked: make(chan struct{})}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	a.cancel = cancel
	if !p.enter(a) {
		return
	}
	defer p.leave(a)
	inner := p.in.watched(r.WithContext(ctx))
	inner.Body = a
	p.next.ServeHTTP(&a.response, inner)
	if a.twin != nil {
		a.twin.EndInput()
	}
	if a.requests.ended && !p.isDead() {
		a.drain()
	}
}

// enter reports whether the process lives. leave follows.
func (p *process) enter(a *attempt) bool {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	if !p.dead {
		p.running[a] = true
	}
	return !p.dead
}

func (p *process) leave(a *attempt) {
	p.in.mu.Lock()
	defer p.in.mu.Unlock()
	delete(p.running, a)
}

// cut ends what the attempt reads. The injector is locked.
func (a *attempt) cut() {
	a.gone.Store(true)
	a.cancel()
	_ = http.NewResponseController(a.response.ResponseWriter).SetReadDeadline(time.Now())
}

// Read reads the body of the request as the handler is to see it.
func (a *attempt) Read(p []byte) (int, error) {
	a.reading.Lock()
	defer a.reading.Unlock()
	r := &a.requests
	for len(r.out) == 0 {
		if a.gone.Load() {
			return 0, errDead
		}
		if r.ended {
			return 0, io.EOF
		}
		if err := a.receive(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.out)
	r.out = r.out[n:]
	return n, nil
}

// pieceSize is how much of a body is read at a time, at most.
const pieceSize = 4 << 10

// receive takes the next piece of the body. Somebody reads it at a time.
func (a *attempt) receive() error {
	r := &a.requests
	if err := r.err; err != nil {
		if !errors.Is(err, io.EOF) {
			r.err = nil // such as a deadline, which may be lifted
		}
		return err
	}
	if r.piece == nil {
		r.piece = make([]byte, pieceSize)
	}
	n, err := a.body.Read(r.piece)
	r.err = err
	a.take(r.piece[:n])
	if errors.Is(err, io.EOF) {
		a.response.ack(false) // Restate says no more
	}
	return nil
}

// receiveAck reads the body until Restate has acknowledged an entry. The SDK does not read
// while it has something that its handler does not take.
func (a *attempt) receiveAck() {
	for !a.response.isAcked() {
		a.reading.Lock()
		var err error
		if !a.response.isAcked() {
			err = a.receive()
		}
		a.reading.Unlock()
		if err != nil {
			return
		}
	}
}

// Close is that of the request's body.
func (a *attempt) Close() error { return a.request.Body.Close() }

// take takes what has arrived.
func (a *attempt) take(piece []byte) {
	r := &a.requests
	if r.passing {
		r.out = append(r.out, piece...)
		return
	}
	frames, err := r.split.Feed(piece)
	for _, f := range frames {
		a.arrive(f)
	}
	if err != nil {
		r.err = err
	}
}

// arrive takes a frame that has arrived.
func (a *attempt) arrive(f protocol.Frame) {
	r := &a.requests
	switch {
	case r.passing:
		r.out = f.Append(r.out)
	case r.start == nil:
		m, err := protocol.Decode(f)
		start, ok := m.(*protocol.Start)
		if err != nil || !ok || start.KnownEntries == 0 {
			r.passing = true // the SDK says what is wrong
			r.out = f.Append(r.out)
			return
		}
		r.start, r.left = start, start.KnownEntries
	case r.left > 0:
		r.known = append(r.known, f)
		if r.left--; r.left == 0 {
			a.begin()
		}
	case f.Type == protocol.TypeCommandAck:
		a.response.ack(true) // nobody else asks for one
	case a.heard(f):
		r.out = f.Append(r.out)
		if a.twin != nil {
			a.twin.Push(f)
		}
	}
}

// begin passes on the journal, which has arrived.
func (a *attempt) begin() {
	in, r := a.process.in, &a.requests
	in.mu.Lock()
	inv := in.begin(a, r.known)
	a.invocation = inv
	start := in.seeded(inv, *r.start)
	in.mu.Unlock()

	r.out = protocol.AppendMessage(r.out, &start)
	for _, f := range r.known {
		r.out = f.Append(r.out)
	}
	r.ended = in.plan.Suspend
	if in.plan.Duplicate {
		a.twin = in.newTwin(a, start)
	}
}

// heard takes a notification, and reports whether the handler is to have it.
func (a *attempt) heard(f protocol.Frame) bool {
	if a.response.acks(f) {
		return false
	}
	in := a.process.in
	in.mu.Lock()
	defer in.mu.Unlock()
	if inv := a.invocation; inv != nil && inv.current == a && f.Type.IsNotification() && !a.process.dead {
		inv.Journal.Notifications = append(inv.Journal.Notifications, f)
	}
	return true
}

// drainTimeout bounds how long the rest of a body may take that nobody reads.
const drainTimeout = 5 * time.Second

// drain reads the rest of the body. Restate ends it when it has read why the attempt
// ended, and takes an earlier end for a broken stream.
func (a *attempt) drain() {
	_ = http.NewResponseController(a.response.ResponseWriter).SetReadDeadline(time.Now().Add(drainTimeout))
	_, _ = io.Copy(io.Discard, a.body)
}

// isProtocol reports whether a response has frames.
func isProtocol(h http.Header) bool { return strings.HasPrefix(h.Get("Content-Type"), contentType) }

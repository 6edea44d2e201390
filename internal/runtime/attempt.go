package runtime

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/fxrestate/go/internal/protocol"
)

// ContentType is the content type of an attempt: that of the protocol's version which the
// server speaks by default.
const ContentType = "application/vnd.restate.invocation.v6"

// The headers of a request of the server.
const (
	invocationIDHeader = "X-Restate-Invocation-Id"
	serviceKeyHeader   = "X-Restate-Service-Key"
)

// Request is an attempt to make.
type Request struct {
	// Service and Handler name what is called.
	Service, Handler string
	// Start is the first message. Start sets its KnownEntries.
	Start *protocol.Start
	// Journal is what is known of the invocation, in order, beginning with the input.
	Journal []protocol.Frame
	// RequestResponse ends the input behind the journal. The handler then suspends
	// wherever it has to wait. Default: false, the input stays open.
	RequestResponse bool
	// Header has further headers of the request, or is nil.
	Header http.Header
	// OnMessage takes the commands and the proposals that the handler writes, one at a
	// time and in order. It runs on the handler's goroutine: what it pushes is there
	// before the handler goes on. Not nil.
	OnMessage func(*Attempt, protocol.Frame)
	// OnEnd is told how the attempt ended, once, after the handler has returned and
	// before Wait does. Default: nil.
	OnEnd func(*Attempt, Ending)
}

// Attempt is an attempt that runs. Its methods may be called at any time and by any
// goroutine.
type Attempt struct {
	request Request
	input   input
	cut     atomic.Bool
	cancel  context.CancelFunc
	done    chan struct{}
	ending  Ending // to be read when done is closed
}

// Start starts an attempt on a goroutine of its own, which ends when the handler returns:
// see [Attempt.Wait].
func Start(handler http.Handler, r Request) *Attempt {
	a := &Attempt{request: r, done: make(chan struct{})}
	a.input.init()
	r.Start.KnownEntries = uint32(len(r.Journal))
	a.input.message(r.Start)
	a.input.frames(r.Journal)
	if r.RequestResponse {
		a.input.end()
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.cancel = cancel
	go a.run(ctx, handler)
	return a
}

// Push sends notifications to the handler. It reports whether they were sent: not if the
// input has ended, and then the handler finds them in the journal of its next attempt.
func (a *Attempt) Push(frames ...protocol.Frame) bool { return a.input.frames(frames) }

// EndInput asks the handler to suspend where it waits next. One that waits for nothing
// goes on to its end.
func (a *Attempt) EndInput() { a.input.end() }

// Cut ends the attempt as the death of the process or of the connection would. No
// message is handed on any more, but for one that is being so. Cut does not wait for
// the handler, which may go on until it next asks for something: see [Attempt.Wait].
func (a *Attempt) Cut() {
	a.cut.Store(true)
	a.input.fail(errCut)
	a.cancel()
}

// Done is closed when the handler has returned and OnEnd has been called.
func (a *Attempt) Done() <-chan struct{} { return a.done }

// Wait waits until the attempt has ended, and returns how.
func (a *Attempt) Wait() Ending {
	<-a.done
	return a.ending
}

// run makes the request.
func (a *Attempt) run(ctx context.Context, handler http.Handler) {
	defer close(a.done)
	defer a.cancel()
	w := &response{attempt: a, header: http.Header{}}
	panicked := serve(handler, w, a.httpRequest(ctx))
	a.input.finish()
	a.ending = w.finish(panicked)
	if a.request.OnEnd != nil {
		a.request.OnEnd(a, a.ending)
	}
}

// serve calls the handler and returns what it panicked with, as net/http would take it.
func serve(handler http.Handler, w http.ResponseWriter, r *http.Request) (panicked any) {
	defer func() { panicked = recover() }()
	handler.ServeHTTP(w, r)
	return nil
}

// httpRequest is the request as it would come over HTTP/2.
func (a *Attempt) httpRequest(ctx context.Context) *http.Request {
	path := "/invoke/" + a.request.Service + "/" + a.request.Handler
	header := a.request.Header.Clone()
	if header == nil {
		header = make(http.Header, 3)
	}
	header.Set("Content-Type", ContentType)
	header.Set(invocationIDHeader, a.request.Start.DebugID)
	if key := a.request.Start.Key; key != "" {
		header.Set(serviceKeyHeader, url.PathEscape(key))
	}
	r := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: path}, RequestURI: path, Host: "localhost",
		Proto: "HTTP/2.0", ProtoMajor: 2,
		Header: header, Body: &a.input, ContentLength: -1, RemoteAddr: "127.0.0.1:0",
	}
	return r.WithContext(ctx)
}

// String names the attempt in errors.
func (a *Attempt) String() string {
	return fmt.Sprintf("%s/%s %s", a.request.Service, a.request.Handler, cmp.Or(a.request.Start.DebugID, "without an id"))
}

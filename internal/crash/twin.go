package crash

import (
	"context"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/fxrestate/go/internal/protocol"
)

// twin is a second attempt beside a living one.
type twin struct{ body *feed }

// newTwin starts it with the journal.
func (in *Injector) newTwin(a *attempt, journal []byte) *twin {
	t := &twin{newFeed()}
	t.body.write(journal)
	ctx, cancel := context.WithCancel(context.WithoutCancel(a.request.Context()))
	stop := context.AfterFunc(in.ctx, func() {
		cancel()
		t.body.end()
	})
	r := in.watched(a.request.Clone(ctx))
	r.Body = t.body
	w := &listener{header: http.Header{}, body: t.body, frame: func(f protocol.Frame) {
		if f.Type == protocol.TypeError {
			in.mu.Lock()
			defer in.mu.Unlock()
			in.failed(a.invocation, &a.invocation.Journal, f)
		}
	}}
	in.twins.Go(func() {
		defer stop()
		defer cancel()
		serve(a.process.next, w, r)
	})
	return t
}

// serve is net/http's way to end a handler that aborts its response.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) {
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler { //nolint:errorlint // as net/http compares
			panic(v)
		}
	}()
	h.ServeHTTP(w, r)
}

// listener is the response of an attempt that nobody sends.
type listener struct {
	header http.Header
	body   *feed
	split  protocol.Splitter
	frame  func(protocol.Frame)
	status int
}

func (l *listener) Header() http.Header    { return l.header }
func (l *listener) WriteHeader(status int) { l.status = status }
func (l *listener) Flush()                 {}

// SetReadDeadline is for http.ResponseController: the endpoint suspends attempts by it.
func (l *listener) SetReadDeadline(t time.Time) error {
	if !t.IsZero() && !t.After(time.Now()) {
		l.body.interrupt()
	}
	return nil
}

func (l *listener) Write(p []byte) (int, error) {
	if isProtocol(l.header) {
		frames, err := l.split.Feed(p)
		if err != nil {
			return 0, err
		}
		for _, f := range frames {
			l.frame(f)
		}
	}
	return len(p), nil
}

// feed is a body that is written while it is read. Nobody waits in order to write.
type feed struct {
	mu          sync.Mutex
	more        sync.Cond
	data        []byte
	ended       bool
	interrupted bool
}

func newFeed() *feed {
	f := new(feed)
	f.more.L = &f.mu
	return f
}

func (f *feed) write(p []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data = append(f.data, p...)
	f.more.Broadcast()
}

func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = true
	f.more.Broadcast()
}

func (f *feed) interrupt() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.interrupted = true
	f.more.Broadcast()
}

func (f *feed) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.interrupted:
			return 0, os.ErrDeadlineExceeded
		case len(f.data) > 0:
			n := copy(p, f.data)
			f.data = f.data[n:]
			return n, nil
		case f.ended:
			return 0, io.EOF
		}
		f.more.Wait()
	}
}

// Close ends it.
func (f *feed) Close() error {
	f.end()
	return nil
}

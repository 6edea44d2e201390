package endpoint

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// restTimeout is how long the rest of a body may take to arrive after the response. The
// server ends the body when it has read why the attempt ended.
const restTimeout = time.Second

// pump reads the body of a request over HTTP/1.1, so that an attempt can be suspended
// while the body is still read. A deadline would not do: net/http cannot read on after
// it, and would take the rest of the body for the next request on the connection.
type pump struct {
	*io.PipeReader
	done chan struct{} // closed at the end of the body
	err  error         // why the body ended, nil at its end
}

func newPump(body io.Reader) *pump {
	r, w := io.Pipe()
	p := &pump{PipeReader: r, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_, err := io.Copy(w, body)
		_ = w.CloseWithError(err)
		if err != nil {
			// Nobody reads any more, or the body is broken, which it still is then.
			_, err = io.Copy(io.Discard, body)
		}
		p.err = err
	}()
	return p
}

// finish waits for the end of the body, which nobody reads any more, and reports whether
// the connection can serve another request.
func (p *pump) finish(interrupt func()) bool {
	_ = p.Close()
	timeout := time.NewTimer(restTimeout)
	defer timeout.Stop()
	select {
	case <-p.done:
	case <-timeout.C:
		interrupt()
		select {
		case <-p.done:
		case <-time.After(restTimeout):
			return false // a foreign writer cannot interrupt; the end of the connection does
		}
	}
	// net/http closed the body with the first byte of a response, and sees to the rest.
	return p.err == nil || errors.Is(p.err, http.ErrBodyReadAfterClose)
}

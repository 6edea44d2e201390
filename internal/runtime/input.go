package runtime

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/fxrestate/go/internal/protocol"
)

var (
	errCut      = errors.New("runtime: the attempt was cut")
	errReturned = errors.New("runtime: the handler has returned")
)

// input is the body of the request. What is pushed waits there until it is read.
type input struct {
	mu     sync.Mutex
	more   sync.Cond
	buffer []byte
	read   int   // bytes of the buffer
	err    error // what comes behind the buffer: io.EOF at the end
	over   bool  // the handler has returned, and err stays as it is
	timer  *time.Timer
}

func (in *input) init() { in.more.L = &in.mu }

// message sends a message.
func (in *input) message(m protocol.Message) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.buffer = protocol.AppendMessage(in.buffer, m)
}

// frames sends frames, unless the input has ended.
func (in *input) frames(frames []protocol.Frame) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err != nil {
		return false
	}
	if in.read > 0 && in.read == len(in.buffer) {
		in.buffer, in.read = in.buffer[:0], 0
	}
	for _, f := range frames {
		// Flags are for what the handler writes, and the server does not repeat them.
		in.buffer = protocol.Frame{Type: f.Type, Body: f.Body}.Append(in.buffer)
	}
	in.more.Broadcast()
	return true
}

// end ends the input behind what was sent.
func (in *input) end() { in.stop(io.EOF) }

// fail breaks the input: what was sent and not read is lost.
func (in *input) fail(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.over {
		return
	}
	in.buffer, in.read, in.err = nil, 0, err
	if in.timer != nil {
		in.timer.Stop()
	}
	in.more.Broadcast()
}

// finish is called when the handler has returned. What still reads has what net/http has
// then.
func (in *input) finish() {
	in.fail(http.ErrBodyReadAfterClose)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.over = true
}

func (in *input) stop(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.err == nil {
		in.err = err
	}
	in.more.Broadcast()
}

// Read waits for input.
func (in *input) Read(p []byte) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for in.read == len(in.buffer) {
		if in.err != nil {
			return 0, in.err
		}
		in.more.Wait()
	}
	n := copy(p, in.buffer[in.read:])
	in.read += n
	return n, nil
}

// Close is the handler's: it reads no more.
func (in *input) Close() error {
	in.fail(http.ErrBodyReadAfterClose)
	return nil
}

// setDeadline ends the input at a time, behind what was sent, as net/http does it over
// HTTP/2: for good.
func (in *input) setDeadline(at time.Time) {
	in.mu.Lock()
	if in.timer != nil {
		in.timer.Stop()
		in.timer = nil
	}
	passed := !at.IsZero() && !at.After(time.Now())
	if !at.IsZero() && !passed {
		in.timer = time.AfterFunc(time.Until(at), func() { in.stop(os.ErrDeadlineExceeded) })
	}
	in.mu.Unlock()
	if passed {
		in.stop(os.ErrDeadlineExceeded)
	}
}

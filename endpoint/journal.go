package endpoint

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/internal/protocol"
)

const (
	// arriveTimeout is how long the journal of an attempt may take to bring the
	// next arrivePace bytes. The server has it at hand when it sends the request.
	arriveTimeout = 10 * time.Second
	arrivePace    = 64 << 10
	// readSize is how much is read of a journal at a time, at least.
	readSize = 4 << 10
)

// tooLarge tells of a message that is larger than MaxMessageBytes. It is nil if err is
// something else.
func tooLarge(err error) error {
	var e *protocol.TooLargeError
	if !errors.As(err, &e) {
		return nil
	}
	return fmt.Errorf("endpoint: a message of %d bytes is larger than MaxMessageBytes, which is %d", e.Length, e.Limit)
}

// skip follows all of p.
func skip(follow *protocol.Follower, p []byte) error {
	for len(p) > 0 {
		n, _, err := follow.Next(p)
		if err != nil {
			return tooLarge(err)
		}
		p = p[n:]
	}
	return nil
}

// journal is what an attempt begins with: the Start message, and as many frames as
// that one says.
type journal struct {
	bytes  []byte // what was not read yet
	buffer []byte // where it lies
}

func (j *journal) read(p []byte) int {
	n := copy(p, j.bytes)
	if j.bytes = j.bytes[n:]; len(j.bytes) == 0 && j.buffer != nil {
		putBuffer(j.buffer)
		j.bytes, j.buffer = nil, nil
	}
	return n
}

// buffers are for the journals of attempts that begin, which are small.
var buffers = sync.Pool{New: func() any { return new([readSize]byte) }}

func putBuffer(b []byte) {
	if cap(b) == readSize {
		buffers.Put((*[readSize]byte)(b[:readSize]))
	}
}

// refusal is an answer that is no response of an attempt.
type refusal struct {
	status int
	reason string
	after  time.Duration // in whole seconds, when to come back
	cause  event.Cause   // of the event; empty for none
}

func (r *refusal) Error() string { return "endpoint: " + r.reason }

var (
	errMalformed  = &refusal{status: http.StatusBadRequest, reason: "the body does not begin with a Start message"}
	errIncomplete = &refusal{status: http.StatusBadRequest, reason: "the body ends before the journal is complete"}
	errLate       = &refusal{status: http.StatusRequestTimeout, reason: "the journal does not arrive"}
)

// arrive reads the journal, so that what is let in can begin at once and has a
// known size: a request that is sent in part takes none of the places, and of the
// SDK's memory.
func (a *attempt) arrive() *refusal {
	defer a.watchArrival().Stop()
	journal, retries, err := readJournal(buffers.Get().(*[readSize]byte)[:0], a.body, &a.frames, func(n int) error {
		a.received.Add(int64(n))
		if refused := a.gate.reserve(a, n); refused != nil {
			return refused
		}
		return nil
	})
	if err != nil {
		return a.whyRefused(err)
	}
	a.journal.bytes, a.journal.buffer, a.retries = journal, journal, retries
	return nil
}

// whyRefused tells why the journal did not arrive.
func (a *attempt) whyRefused(err error) *refusal {
	switch {
	case a.gate.refuses():
		return errStopping
	case a.late.Load():
		return errLate
	default:
		return refusalOf(err, a.gate.complain)
	}
}

// readJournal reads as much of body as an attempt begins with, and perhaps some
// more, into buf or a larger one. It tells how much arrives. It returns the retries that the
// Start message counts, too.
func readJournal(buf []byte, body io.Reader, follow *protocol.Follower, arrived func(n int) error) (journal []byte, retries uint32, err error) {
	known, started, frames, at := uint32(0), false, uint32(0), 0 // at: where the next frame begins
	for read := 0; ; {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, readSize)
		}
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if n > 0 {
			if err := arrived(n); err != nil {
				return nil, 0, err
			}
		}
		for read < len(buf) {
			m, ended, err := follow.Next(buf[read:])
			if err != nil {
				return nil, 0, err
			}
			if read += m; !ended {
				continue
			}
			if started {
				frames++
			} else if known, retries, err = knownEntries(follow.Head(), buf[at+protocol.HeadSize:read]); err != nil {
				return nil, 0, errMalformed
			}
			started, at = true, read
		}
		if started && frames >= known {
			return buf, retries, nil
		}
		if err != nil {
			return nil, 0, err
		}
	}
}

// refusalOf makes the answer to an error of [readJournal].
func refusalOf(err error, complain func(error)) *refusal {
	var refused *refusal
	if errors.As(err, &refused) {
		return refused
	}
	if beyond := tooLarge(err); beyond != nil {
		complain(beyond)
		return &refusal{status: http.StatusRequestEntityTooLarge, reason: "a message is larger than MaxMessageBytes"}
	}
	return errIncomplete
}

func knownEntries(h protocol.Head, message []byte) (known, retries uint32, err error) {
	if h.Type != protocol.TypeStart {
		return 0, 0, errMalformed
	}
	return protocol.KnownEntries(message)
}

// watchArrival interrupts the reading of a journal that stopped coming in.
func (a *attempt) watchArrival() *time.Timer {
	seen := int64(0)
	var timer *time.Timer
	timer = time.AfterFunc(a.gate.arriveTimeout, func() {
		received := a.received.Load()
		if received-seen >= arrivePace {
			seen = received
			timer.Reset(a.gate.arriveTimeout)
			return
		}
		a.late.Store(true)
		a.interrupt()
	})
	return timer
}

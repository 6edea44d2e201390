package dashboard

import (
	"context"
	"sync"
	"time"

	"github.com/fxrestate/go/internal/safeerr"
	"github.com/fxrestate/go/pipeline"
)

// failuresKept is how many failures are remembered.
const failuresKept = 50

// Failure is how an attempt failed.
type Failure struct {
	At time.Time
	// Target is the handler, as service/handler.
	Target       string
	InvocationID string
	// Kind is "terminal" for an invocation that has ended with the error, "retryable" for
	// an attempt that Restate repeats, and "panic" for a panic of user code.
	Kind string
	// Text is that of the error before filters and error mapping saw it, of at most 4 KiB.
	// It may have any characters.
	Text string
}

// Failures is a pipeline.Observer that remembers the last 50 failures and panics. It costs
// an attempt that does not fail nothing. The zero Failures is empty.
type Failures struct {
	pipeline.ObserverBase

	mu   sync.Mutex
	last []Failure
	next int // the oldest, once there are as many as are kept
}

// Panicked remembers a panic.
func (f *Failures) Panicked(_ context.Context, inv *pipeline.Invocation, err *pipeline.PanicError) {
	f.add(inv, "panic", err)
}

// Ended remembers the error that an attempt ended with, unless it is that of a panic.
func (f *Failures) Ended(_ context.Context, inv *pipeline.Invocation, end pipeline.Ending) {
	if end.Cause == nil || end.Outcome != pipeline.Terminal && end.Outcome != pipeline.Retryable {
		return
	}
	if _, told := safeerr.As[*pipeline.PanicError](end.Cause); told {
		return
	}
	f.add(inv, end.Outcome.String(), end.Cause)
}

func (f *Failures) add(inv *pipeline.Invocation, kind string, err error) {
	failed := Failure{time.Now(), inv.String(), inv.ID(), kind, safeerr.Text(err)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.last) < failuresKept {
		f.last = append(f.last, failed)
		return
	}
	f.last[f.next] = failed
	f.next = (f.next + 1) % failuresKept
}

// Last returns the failures that are remembered, the newest first.
func (f *Failures) Last() []Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Failure, len(f.last))
	for i := range list {
		list[len(list)-1-i] = f.last[(f.next+i)%len(f.last)]
	}
	return list
}

package restatetest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/internal/sdk/fakectx"
)

// completion is the result of an operation.
type completion struct {
	encode  func(encoding.Codec) ([]byte, error)
	failure restate.TerminalError
}

func completed(value any) completion {
	return completion{encode: func(codec encoding.Codec) ([]byte, error) { return encoding.Marshal(codec, value) }}
}

func raw(encoded []byte) completion {
	return completion{encode: func(encoding.Codec) ([]byte, error) { return encoded, nil }}
}

func failedWith(err error) completion { return completion{failure: terminal(err)} }

// terminal is what is left of an error when it has been through the journal.
func terminal(err error) restate.TerminalError {
	if t := restate.AsTerminalError(err); t != nil {
		return restate.ToTerminalError(errors.New(t.Message()), restate.WithErrorCode(t.Code()), restate.WithMetadataMap(t.Metadata().ToMap()))
	}
	if r := restate.AsRetryableError(err); r != nil {
		return restate.ToTerminalError(errors.New(r.Message()), restate.WithErrorCode(r.Code()))
	}
	return restate.ToTerminalError(err, restate.WithErrorCode(http.StatusInternalServerError))
}

// operation is what a future is of. Its lock is that of the invocation.
type operation struct {
	fake  *fake
	what  string // "step charge", for what the handler waits for in vain
	hint  string // how a test completes it
	id    string
	codec encoding.Codec

	start func() completion // what completes it when it is waited for
	due   time.Time         // of a timer

	done   int // when it completed, as a number, or 0
	result completion
}

// ID implements fakectx.Operation.
func (o *operation) ID() string { return o.id }

// Result implements fakectx.Operation.
func (o *operation) Result(output any) restate.TerminalError {
	if _, cancelled := o.fake.await([]*operation{o}); cancelled {
		// The SDK keeps it, too.
		o.fake.complete(o, failedWith(restate.ToTerminalError(errors.New("Cancelled"), restate.WithErrorCode(http.StatusConflict))))
	}
	return o.decode(output)
}

// decode decodes the result of an operation that has completed.
func (o *operation) decode(output any) restate.TerminalError {
	if o.result.failure != nil {
		return o.result.failure
	}
	encoded, err := o.result.encode(o.codec)
	if err != nil {
		o.fake.t.Helper()
		o.fake.t.Fatalf("restatetest: %s: its result does not encode: %v", o.what, err)
	}
	if err := encoding.Unmarshal(o.codec, encoded, output); err != nil {
		panic(fmt.Errorf("restatetest: %s: decode its result: %w", o.what, err))
	}
	return nil
}

// complete completes an operation unless it has completed.
func (f *fake) complete(o *operation, with completion) (first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.completeLocked(o, with)
}

func (f *fake) completeLocked(o *operation, with completion) (first bool) {
	if o.done > 0 {
		return false
	}
	f.completions++
	o.done, o.result, o.start = f.completions, with, nil
	close(f.changed)
	f.changed = make(chan struct{})
	return true
}

// completeOnce is complete for a test, which must not do it twice.
func (f *fake) completeOnce(o *operation, with completion) {
	f.t.Helper()
	if !f.complete(o, with) {
		f.t.Errorf("restatetest: %s is completed already", o.what)
	}
}

func (f *fake) cancel() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.completions++
	f.cancellations = append(f.cancellations, f.completions)
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fake) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.clock
}

// advance moves the clock, and fires timers.
func (f *fake) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.advanceTo(f.clock.Add(max(d, 0)))
}

func (f *fake) advanceTo(t time.Time) {
	f.clock = t
	slices.SortStableFunc(f.timers, func(a, b *operation) int { return a.due.Compare(b.due) })
	for len(f.timers) > 0 && !f.timers[0].due.After(t) {
		f.completeLocked(f.timers[0], raw(nil))
		f.timers = f.timers[1:]
	}
}

// await waits until one of some operations has completed, or the invocation is cancelled:
// what came first.
func (f *fake) await(of []*operation) (first *operation, cancelled bool) {
	patience := f.patience
	for {
		f.mu.Lock()
		first := earliest(of)
		if len(f.cancellations) > 0 && (first == nil || f.cancellations[0] < first.done) {
			f.cancellations = f.cancellations[1:]
			f.mu.Unlock()
			return nil, true
		}
		if first != nil {
			f.mu.Unlock()
			return first, false
		}
		start, changed, timer := starts(of), f.changed, soonest(of)
		f.mu.Unlock()
		switch {
		case len(start) > 0:
			for _, o := range start {
				f.complete(o, o.start())
			}
		case patience > 0 && f.waited(changed, patience):
		case timer != nil:
			f.mu.Lock()
			f.advanceTo(timer.due)
			f.mu.Unlock()
		default:
			f.stuck(of)
		}
	}
}

// waited reports whether something has completed within the patience of the test.
func (f *fake) waited(changed <-chan struct{}, patience time.Duration) bool {
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-changed:
		return true
	case <-t.C:
		return false
	}
}

// stuck ends the test: a handler waits for what does not come.
func (f *fake) stuck(of []*operation) {
	f.t.Helper()
	var waits []string
	for _, o := range of {
		waits = append(waits, "  "+o.what+": "+o.hint)
	}
	if len(of) == 0 {
		waits = []string{"  nothing"}
	}
	f.t.Fatalf("restatetest: %s would wait for ever for\n%s", f.name(), strings.Join(waits, "\n"))
}

// earliest returns the operation that completed first, or nil.
func earliest(of []*operation) (first *operation) {
	for _, o := range of {
		if o.done > 0 && (first == nil || o.done < first.done) {
			first = o
		}
	}
	return first
}

func starts(of []*operation) (start []*operation) {
	for _, o := range of {
		if o.start != nil {
			start = append(start, o)
		}
	}
	return start
}

// soonest returns the timer that fires first, or nil.
func soonest(of []*operation) (timer *operation) {
	for _, o := range of {
		if !o.due.IsZero() && (timer == nil || o.due.Before(timer.due)) {
			timer = o
		}
	}
	return timer
}

// WaitIter implements fakectx.Context.
func (f *fake) WaitIter(futures ...restate.Future) restate.WaitIterator {
	i := &iterator{fake: f, futures: slices.Clone(futures)}
	for _, future := range futures {
		own, ok := sdk.FutureAs[*fakectx.Future](future)
		if !ok {
			panic(fmt.Errorf("restatetest: a %T is no future of this context, or hides it in an unexported field", future))
		}
		i.of = append(i.of, operationOf(own))
	}
	return i
}

type iterator struct {
	fake      *fake
	futures   []restate.Future
	of        []*operation
	last      restate.Future
	cancelled bool
}

// Next implements restate.WaitIterator.
func (i *iterator) Next() bool {
	i.last = nil
	if i.cancelled || len(i.of) == 0 {
		return false
	}
	var first *operation
	if first, i.cancelled = i.fake.await(i.of); i.cancelled {
		return false
	}
	at := slices.Index(i.of, first)
	i.last = i.futures[at]
	i.of, i.futures = slices.Delete(i.of, at, at+1), slices.Delete(i.futures, at, at+1)
	return true
}

// Err implements restate.WaitIterator.
func (i *iterator) Err() restate.TerminalError {
	if !i.cancelled {
		return nil
	}
	return restate.ToTerminalError(errors.New("cancelled"), restate.WithErrorCode(http.StatusConflict))
}

// Value implements restate.WaitIterator.
func (i *iterator) Value() restate.Future { return i.last }

// codecOr returns a codec, which is the default if there is none.
func codecOr(codec encoding.Codec) encoding.Codec {
	if codec == nil {
		return encoding.JSONCodec
	}
	return codec
}

// operationOf returns the operation of a future.
func operationOf(future *fakectx.Future) *operation {
	if p, ok := future.Of.(promised); ok {
		return p.operation
	}
	return future.Of.(*operation)
}

package restatetest

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// runTB is the test of one run of many. Its failure is not that of the whole test, and its
// cleanups run when the run has ended.
type runTB struct {
	testing.TB

	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	failed   bool
	said     strings.Builder
	cleanups []func()
}

func newRunTB(t testing.TB) *runTB {
	r := &runTB{TB: t}
	r.ctx, r.cancel = context.WithCancel(t.Context())
	return r
}

// apart runs fn on a goroutine of its own, which fn may end by a failure, and waits for it.
func (r *runTB) apart(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// end runs the cleanups.
func (r *runTB) end() {
	r.cancel()
	for {
		r.mu.Lock()
		n := len(r.cleanups)
		if n == 0 {
			r.mu.Unlock()
			return
		}
		last := r.cleanups[n-1]
		r.cleanups = r.cleanups[:n-1]
		r.mu.Unlock()
		r.apart(last)
	}
}

// text returns what was said.
func (r *runTB) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.TrimSpace(r.said.String())
}

func (r *runTB) say(failed bool, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = r.failed || failed
	r.said.WriteString(text + "\n")
}

// line is what testing.T makes of the arguments.
func line(args []any) string { return strings.TrimSuffix(fmt.Sprintln(args...), "\n") }

// Context ends with the run.
func (r *runTB) Context() context.Context { return r.ctx }

// Deadline is that of the whole test.
func (r *runTB) Deadline() (time.Time, bool) {
	if t, ok := r.TB.(interface{ Deadline() (time.Time, bool) }); ok {
		return t.Deadline()
	}
	return time.Time{}, false
}

func (r *runTB) Cleanup(fn func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, fn)
}

func (r *runTB) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *runTB) Helper()                           {}
func (r *runTB) Log(args ...any)                   { r.say(false, line(args)) }
func (r *runTB) Logf(format string, args ...any)   { r.say(false, fmt.Sprintf(format, args...)) }
func (r *runTB) Error(args ...any)                 { r.say(true, line(args)) }
func (r *runTB) Errorf(format string, args ...any) { r.say(true, fmt.Sprintf(format, args...)) }
func (r *runTB) Fail()                             { r.say(true, "") }

func (r *runTB) FailNow() {
	r.Fail()
	runtime.Goexit()
}

func (r *runTB) Fatal(args ...any) {
	r.Error(args...)
	runtime.Goexit()
}

func (r *runTB) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// A run that is skipped proves nothing.

func (r *runTB) Skip(args ...any)                 { r.Fatal("a scenario cannot be skipped:", line(args)) }
func (r *runTB) Skipf(format string, args ...any) { r.Skip(fmt.Sprintf(format, args...)) }
func (r *runTB) SkipNow()                         { r.Skip() }

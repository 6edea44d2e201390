package restatetest

import (
	"context"
	"fmt"
	"time"
)

const (
	firstPoll = 2 * time.Millisecond
	lastPoll  = 100 * time.Millisecond
)

// poll calls check until it returns nil or ctx ends, less and less often. Then the error is
// the last one of check.
func poll(ctx context.Context, check func() error) error {
	for pause := firstPoll; ; pause = min(2*pause, lastPoll) {
		err := check()
		if err == nil {
			return nil
		}
		if !sleep(ctx, pause) {
			return err
		}
	}
}

// sleep reports whether the time has passed before ctx ends.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Eventually waits until check returns nil, and fails the test with the last error if that
// takes longer than [Within] says. It calls check on the goroutine of the test, at first
// every few milliseconds and then ten times a second. A check that calls a handler gives that
// a ctx with a deadline: a call may never be answered, such as one through a node that is lost.
func (e *Env) Eventually(check func() error) {
	e.t.Helper()
	e.eventually("restatetest: in vain", check)
}

// Until waits until condition holds. What describes it in the error of a test that waits in
// vain.
func (e *Env) Until(condition func() bool, what string) {
	e.t.Helper()
	e.eventually("restatetest: in vain", func() error {
		if !condition() {
			return fmt.Errorf("not yet: %s", what)
		}
		return nil
	})
}

func (e *Env) eventually(failed string, check func() error) {
	e.t.Helper()
	ctx, cancel := e.context()
	defer cancel()
	began := time.Now()
	if err := e.backend.await(ctx, check); err != nil {
		e.t.Fatalf("%s, for %v: %v", failed, time.Since(began).Round(time.Millisecond), err)
	}
}

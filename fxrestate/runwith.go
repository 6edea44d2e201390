package fxrestate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"go.uber.org/fx"
)

// RunWith makes an application of options, [Module] among them, starts it, calls main, and
// stops the application when main has returned: for a program that does something while the
// application runs, such as one that prints where it serves, or a job. What main needs, it
// gets by fx.Populate among the options.
//
// The context of main ends with SIGINT or SIGTERM, and when a part of the application shuts it
// down. A signal during the start takes effect after it, so that all that was started is
// stopped; main is not called then.
//
// The error has what is wrong with the options, the start or the stop, each problem on a line
// as [Problems] returns them, or the error of main. An exit code that a part of the application
// shut it down with is an error too. It is nil for an application that only describes itself:
// see [ErrDescribed].
func RunWith(main func(ctx context.Context) error, opts ...fx.Option) error {
	p := newProgram(opts)
	if err := p.app.Err(); errors.Is(err, ErrDescribed) {
		return nil
	} else if err != nil {
		return asProblems(err)
	}
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	if err := p.start(); err != nil {
		return asProblems(err)
	}
	return errors.Join(p.during(ctx, main), asProblems(p.stop()))
}

// during calls main, and returns why it or the application has ended.
func (p *program) during(ctx context.Context, main func(context.Context) error) error {
	if ctx.Err() != nil {
		return errors.New("fxrestate: interrupted while it started")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	down, watched := p.app.Wait(), make(chan fx.ShutdownSignal, 1)
	go func() {
		defer close(watched)
		select {
		case end := <-down:
			// Of a signal fx may hear first. A shutdown is SIGTERM to fx.
			cancel(fmt.Errorf("%v signal received", end.Signal))
			watched <- end
		case <-ctx.Done():
		}
	}()
	err := main(ctx)
	cancel(nil)
	end, told := <-watched
	if !told { // main may have returned in the moment of a shutdown
		select {
		case end = <-down:
		default:
		}
	}
	if end.ExitCode != 0 {
		err = errors.Join(err, fmt.Errorf("fxrestate: a part of the application failed, with exit code %d: see its log", end.ExitCode))
	}
	return err
}

// problemsError is an error whose text is its problems.
type problemsError struct{ err error }

func asProblems(err error) error {
	if err == nil {
		return nil
	}
	return problemsError{err}
}

func (p problemsError) Error() string { return strings.Join(Problems(p.err), "\n") }
func (p problemsError) Unwrap() error { return p.err }

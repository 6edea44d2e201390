package fxrestate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
)

// Run makes an application of options, [Module] among them, and runs it until it gets a
// signal or is shut down, as fx.New(opts...).Run() does. What is wrong with the options it
// prints to stderr, each problem on a line, and exits with code 1: also a cycle among
// constructors and a logger that cannot be made, of which fx by itself prints all that it
// was given. It does the same with the problems of a start or a stop, unless the events of
// fx go to the log of [Module], which has them.
func Run(opts ...fx.Option) {
	if code := run(os.Stderr, opts...); code != 0 {
		os.Exit(code)
	}
}

func run(stderr io.Writer, opts ...fx.Option) (code int) {
	p := newProgram(opts)
	if err := p.app.Err(); errors.Is(err, ErrDescribed) {
		return 0
	} else if err != nil {
		return report(stderr, err)
	}
	if p.events.areOurs() {
		stderr = io.Discard
	}
	if err := p.start(); err != nil {
		return report(stderr, err)
	}
	done := <-p.app.Wait()
	if p.events.Log != nil { // only fx's own Run logs this
		p.events.Log.LogEvent(&fxevent.Stopping{Signal: done.Signal})
	}
	if err := p.stop(); err != nil {
		return report(stderr, err)
	}
	return done.ExitCode
}

// program is an application that a process runs.
type program struct {
	app    *fx.App
	events eventLog
}

func newProgram(opts []fx.Option) *program {
	p := &program{}
	p.app = fx.New(append([]fx.Option{
		// fx takes this printer where a logger of the application cannot be made.
		fx.Logger(log.New(io.Discard, "", 0)),
		fx.Invoke(func(found eventLog) { p.events = found }),
	}, opts...)...)
	return p
}

func (p *program) start() error {
	ctx, cancel := context.WithTimeout(context.Background(), p.app.StartTimeout())
	defer cancel()
	return p.app.Start(ctx)
}

func (p *program) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), p.app.StopTimeout())
	defer cancel()
	return p.app.Stop(ctx)
}

// report prints the problems of err and returns the exit code.
func report(stderr io.Writer, err error) (code int) {
	for _, p := range Problems(err) {
		_, _ = fmt.Fprintln(stderr, p)
	}
	return 1
}

// eventLog is the logger of fx's events, if the application has one.
type eventLog struct {
	fx.In

	Log fxevent.Logger `optional:"true"`
}

// areOurs reports whether the events go to an [fxLog].
func (l eventLog) areOurs() bool {
	next := l.Log
	if w, ok := next.(watched); ok {
		next = w.Logger
	}
	_, ours := next.(*fxLog)
	return ours
}

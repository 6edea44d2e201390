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
	var events eventLog
	app := fx.New(append([]fx.Option{
		// fx takes this printer where a logger of the application cannot be made.
		fx.Logger(log.New(io.Discard, "", 0)),
		fx.Invoke(func(found eventLog) { events = found }),
	}, opts...)...)
	if err := app.Err(); errors.Is(err, ErrDescribed) {
		return 0
	} else if err != nil {
		return report(stderr, err)
	}
	if events.areOurs() {
		stderr = io.Discard
	}
	startCtx, cancel := context.WithTimeout(context.Background(), app.StartTimeout())
	defer cancel()
	if err := app.Start(startCtx); err != nil {
		return report(stderr, err)
	}
	done := <-app.Wait()
	if events.Log != nil { // only fx's own Run logs this
		events.Log.LogEvent(&fxevent.Stopping{Signal: done.Signal})
	}
	stopCtx, cancel := context.WithTimeout(context.Background(), app.StopTimeout())
	defer cancel()
	if err := app.Stop(stopCtx); err != nil {
		return report(stderr, err)
	}
	return done.ExitCode
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

package fxrestate

import (
	"fmt"
	"io"
	"log"
	"os"

	"go.uber.org/fx"
)

// Run makes an application of options, [Module] among them, and runs it until it gets a
// signal or is shut down, as fx.New(opts...).Run() does. What is wrong with the options it
// prints to stderr, each problem on a line, and exits with code 1: also a cycle among
// constructors and a logger that cannot be made, of which fx by itself prints all that it
// was given.
func Run(opts ...fx.Option) {
	if code := run(os.Stderr, opts...); code != 0 {
		os.Exit(code)
	}
}

func run(stderr io.Writer, opts ...fx.Option) (code int) {
	// fx takes this printer where a logger of the application cannot be made.
	app := fx.New(append([]fx.Option{fx.Logger(log.New(io.Discard, "", 0))}, opts...)...)
	problems := Problems(app.Err())
	for _, p := range problems {
		_, _ = fmt.Fprintln(stderr, p)
	}
	if len(problems) > 0 {
		return 1
	}
	app.Run()
	return 0
}

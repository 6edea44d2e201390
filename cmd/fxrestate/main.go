package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	code := run(ctx, os.Args[1:], terminal.System())
	stop()
	os.Exit(code)
}

// run runs a command line and returns the exit code.
func run(ctx context.Context, args []string, t *terminal.Terminal) int {
	began := false
	root := newRoot(t, &began)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return terminal.CodeOK
	}
	code := terminal.Code(err)
	if !began {
		code = terminal.CodeUsage
	}
	switch text := err.Error(); {
	case text == "":
	case code == terminal.CodeUsage:
		t.Notef("%s: %s; see %s --help", cmd.CommandPath(), text, cmd.CommandPath())
	default:
		t.Notef("%s: %s", cmd.CommandPath(), text)
	}
	return code
}

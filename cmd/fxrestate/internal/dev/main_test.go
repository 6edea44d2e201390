package dev_test

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/fxrestate/go/cmd/fxrestate/internal/dev"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/testkit"
)

// commandEnv makes the test binary run the command.
const commandEnv = "FXRESTATE_TEST_DEV"

func TestMain(m *testing.M) {
	if os.Getenv(commandEnv) != "" {
		os.Exit(command())
	}
	testkit.Main(m)
}

// command runs the command line of the process, as main does.
func command() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	t := terminal.System()
	cmd := dev.Command(t, page)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(os.Args[1:])
	t.JSON = os.Getenv("FXRESTATE_TEST_JSON") != ""
	err := cmd.ExecuteContext(ctx)
	if err != nil {
		t.Notef("%s", err)
	}
	return terminal.Code(err)
}

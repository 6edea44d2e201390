package logging_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrestate/go/devserver"
)

// restateServer is shared by all tests of the package.
var restateServer *devserver.Server

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	restateServer, err = devserver.Start(context.Background(), devserver.Config{Progress: os.Stderr, Env: map[string]string{
		"RESTATE_LOG_FILTER":             "warn",
		"RESTATE_DEFAULT_NUM_PARTITIONS": "4",
	}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := restateServer.Stop(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	httpClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

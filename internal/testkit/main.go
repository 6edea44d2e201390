// Package testkit is what the tests of this repository share: the restate-server of
// a package's tests, the check for goroutines that are left behind, contexts with
// deadlines, and waiting.
package testkit

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
)

// Main is the TestMain of a package. It runs the tests, stops the server if one
// asked for it, looks for goroutines that were left behind, and exits.
//
//	func TestMain(m *testing.M) { testkit.Main(m) }
func Main(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	before := goleak.IgnoreCurrent() // fuzzing starts goroutines before it
	code := m.Run()
	err := stopServer()
	http.DefaultClient.CloseIdleConnections()
	if err == nil && code == 0 {
		err = goleak.Find(before)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

var stopServer = func() error { return nil }

// Server returns the restate-server that all tests of a package share. It is started
// when the first test asks for it. Each test registers services of its own.
var Server = sync.OnceValue(func() *devserver.Server {
	server, err := devserver.Start(context.Background(), devserver.Config{Progress: os.Stderr, Env: map[string]string{
		"RESTATE_LOG_FILTER":             "warn",
		"RESTATE_DEFAULT_NUM_PARTITIONS": "4",
	}})
	if err != nil {
		panic(err)
	}
	stopServer = func() error { return server.Stop(context.Background()) }
	return server
})

// CompileCore compiles the SDK's core, once for the process. With the race detector
// on this takes longer than fx gives an application to start.
var CompileCore = sync.OnceValue(func() error {
	e, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted}, nil)
	if err != nil {
		return err
	}
	return e.WarmUp(context.Background())
})

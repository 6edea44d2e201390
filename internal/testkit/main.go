// Package testkit is what the tests of this repository share: the restate-server of
// a package's tests, applications on it, what goes in and out of them, the world that
// handlers have effects on, and the check for goroutines that are left behind.
package testkit

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrestate/go/devserver"
)

// Option changes what [Main] does.
type Option func(*suite)

// Before runs setup before the tests and what it returns after them.
func Before(setup func() (cleanup func(), err error)) Option {
	return func(s *suite) { s.before = append(s.before, setup) }
}

// Main is the TestMain of a package. It runs the tests, stops the server if one
// asked for it, looks for goroutines that were left behind, and exits.
//
//	func TestMain(m *testing.M) { testkit.Main(m) }
func Main(m *testing.M, opts ...Option) {
	for _, opt := range opts {
		opt(&current)
	}
	if current.replayToo {
		os.Exit(current.runTwice(m))
	}
	os.Exit(current.run(m))
}

// suite is the tests of a package, of which there is one in a process.
type suite struct {
	before    []func() (cleanup func(), err error)
	replayToo bool
	serverEnv func(dir string) (map[string]string, error)
	services  func(*devserver.Server) (stop func(), err error)
	server    running
}

var current suite

// parallel is how many tests go together. Tests mostly wait, so more of them than
// there are processors do.
const parallel = "8"

func (s *suite) run(m *testing.M) (code int) {
	ignored := []goleak.Option{goleak.IgnoreCurrent()} // fuzzing starts goroutines before it
	if s.replayToo {
		ignored = append(ignored,
			goleak.IgnoreAnyFunction("os/exec.(*Cmd).writerDescriptor.func1"), // of the second run
			goleak.IgnoreAnyFunction("github.com/fxrestate/go/internal/testkit.endWithTheFirst"))
	}
	err := errors.Join(flag.Set("test.parallel", parallel), s.server.prepare(s.serverEnv))
	for _, setup := range s.before {
		cleanup, failed := setup()
		err = errors.Join(err, failed)
		if cleanup != nil {
			defer cleanup()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code = m.Run()
	if err := s.server.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	HTTPClient().CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections()
	if code != 0 {
		return code
	}
	if err := goleak.Find(ignored...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

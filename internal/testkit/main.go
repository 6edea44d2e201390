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
	"slices"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrestate/go/devserver"
)

// Option changes what [Main] does.
type Option func(*suite)

// Before runs setup before the tests and what it returns after them.
func Before(setup func() (cleanup func(), err error)) Option {
	return func(s *suite) { s.before = append(s.before, setup) }
}

// After runs cleanup after the tests, before the look for goroutines. Its error fails the tests.
func After(cleanup func() error) Option {
	return func(s *suite) { s.after = append(s.after, cleanup) }
}

// Main is the TestMain of a package. It runs the tests, stops the server if one
// asked for it, looks for goroutines that were left behind, and exits.
//
//	func TestMain(m *testing.M) { testkit.Main(m) }
func Main(m *testing.M, opts ...Option) {
	for _, opt := range opts {
		opt(&current)
	}
	if app := os.Getenv(childEnv); app != "" {
		os.Exit(current.runChild(app))
	}
	run := current.run
	if current.replayToo {
		run = current.runTwice
	}
	code := run(m)
	for _, cleanup := range slices.Backward(current.cleanups) {
		cleanup()
	}
	os.Exit(code)
}

// suite is the tests of a package, of which there is one in a process.
type suite struct {
	before    []func() (cleanup func(), err error)
	after     []func() error
	cleanups  []func() // when all runs are over
	replayToo bool
	serverEnv func(dir string) (map[string]string, error)
	services  func(*devserver.Server) (stop func(), err error)
	children  map[string]func(name string) fx.Option
	server    running
}

var current suite

// parallel is how many tests go together. Tests mostly wait, so more of them than
// there are processors do.
const parallel = "8"

// goTogether sets how many tests go together, unless the command line says it. For
// fuzzing it would be the number of processes.
func (s *suite) goTogether() error {
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() != "" || flag.Lookup("test.fuzzworker").Value.String() == "true" {
		return nil
	}
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if given {
		return nil
	}
	return flag.Set("test.parallel", parallel)
}

func (s *suite) run(m *testing.M) (code int) {
	ignored := []goleak.Option{goleak.IgnoreCurrent()} // fuzzing starts goroutines before it
	if s.replayToo {
		ignored = append(ignored,
			goleak.IgnoreAnyFunction("os/exec.(*Cmd).writerDescriptor.func1"), // of the second run
			goleak.IgnoreAnyFunction("github.com/fxrestate/go/internal/testkit.endWithTheFirst"))
	}
	err := errors.Join(s.goTogether(), s.server.prepare(s.serverEnv))
	for _, setup := range s.before {
		if err != nil {
			break
		}
		var cleanup func()
		if cleanup, err = setup(); cleanup != nil {
			s.cleanups = append(s.cleanups, cleanup)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code = m.Run()
	err = s.server.stop()
	for _, cleanup := range s.after {
		err = errors.Join(err, cleanup())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	HTTPClient().CloseIdleConnections()
	http.DefaultClient.CloseIdleConnections()
	if code != 0 {
		return code
	}
	if err := Leaks(ignored...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// Leaks reports goroutines that are left behind. It waits longer for their end than
// goleak does by itself, half a second, which a busy machine may need.
func Leaks(ignored ...goleak.Option) error {
	deadline := time.Now().Add(Within)
	for {
		err := goleak.Find(ignored...)
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

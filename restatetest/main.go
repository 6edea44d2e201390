package restatetest

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

// stopWithin bounds the stop of all servers. Each is killed when it does not end by itself.
const stopWithin = time.Minute

// Main runs the tests of a package, stops their servers, and exits:
//
//	func TestMain(m *testing.M) { restatetest.Main(m) }
//
// A package needs no TestMain: without it the servers die with the process, on Linux at
// once, and what they leave on the disk is removed by the next start. See package devserver.
func Main(m *testing.M) { os.Exit(Tests{m}.Run()) }

// Tests are the tests of a package, for a TestMain that does more than [Main], such as
// looking for goroutines that are left behind:
//
//	func TestMain(m *testing.M) { goleak.VerifyTestMain(restatetest.Tests{M: m}) }
type Tests struct{ *testing.M }

// Run runs the tests, stops their servers, and returns the exit code.
func (t Tests) Run() int {
	code := t.M.Run()
	if err := StopServers(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	return code
}

// StopServers stops the servers that tests have shared. No test may run. [Main] and [Tests]
// do it.
func StopServers() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	if err := servers.stop(ctx); err != nil {
		return fmt.Errorf("restatetest: stop the servers: %w", err)
	}
	return nil
}

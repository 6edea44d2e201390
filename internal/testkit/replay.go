package testkit

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// AlwaysReplayEnv is set in the second run of a package's tests.
const AlwaysReplayEnv = "FXRESTATE_TEST_ALWAYS_REPLAY"

// ReplayToo has the tests run twice. In the second run the server suspends an attempt
// wherever it waits, so that every step is replayed. After each run nothing may be in
// the server's log that tells of a journal which a replay does not match.
func ReplayToo() Option { return func(s *suite) { s.replayToo = true } }

// AlwaysReplay tells the second run, in which the server suspends attempts.
func AlwaysReplay() bool { return os.Getenv(AlwaysReplayEnv) != "" }

func (s *suite) runTwice(m *testing.M) int {
	if AlwaysReplay() {
		go endWithTheFirst()
		return s.run(m)
	}
	var again again
	s.before = append(s.before, func() (func(), error) { return nil, again.start() })
	code := s.run(m)
	if err := again.wait(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "the tests with the server in always-replay mode:", err)
		code = 1
	}
	return code
}

// again is the second run of the tests, in a process of its own.
type again struct {
	cmd    *exec.Cmd
	output bytes.Buffer
}

// start starts the second run beside the first: both mostly wait.
func (a *again) start() error {
	a.cmd = exec.Command(os.Args[0], os.Args[1:]...)
	a.cmd.Env = append(os.Environ(), AlwaysReplayEnv+"=1")
	a.cmd.Stdout, a.cmd.Stderr = &a.output, &a.output
	if _, err := a.cmd.StdinPipe(); err != nil {
		return err
	}
	return a.cmd.Start()
}

// endWithTheFirst ends the second run when the first has gone, be it by a timeout or
// a signal: its end of the pipe then closes.
func endWithTheFirst() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	fmt.Fprintln(os.Stderr, "the first run of the tests has gone")
	os.Exit(1)
}

// wait prints what the second run has to say, after the first.
func (a *again) wait() error {
	if a.cmd == nil || a.cmd.Process == nil {
		return nil
	}
	err := a.cmd.Wait()
	_, _ = a.output.WriteTo(os.Stdout)
	return err
}

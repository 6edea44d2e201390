// Package integration_test tests applications as their users see them: on a real
// restate-server, with nothing but the public API, by what comes out. Its suite
// runs twice, the second time with the server in always-replay mode.
package integration_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
)

// patience is the longest that a test waits for anything.
const patience = time.Minute

// alwaysReplayEnv is set in the second run of the suite, in which the server
// suspends an attempt wherever it waits, so that every step is replayed.
const alwaysReplayEnv = "FXRESTATE_TEST_ALWAYS_REPLAY"

var (
	// server is the restate-server of the whole suite.
	server *devserver.Server
	// serverLog is what it writes: read it after its end.
	serverLog bytes.Buffer
	// adminAPI is its admin API.
	adminAPI *admin.Client
	// httpClient makes the requests of the tests.
	httpClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: patience}
)

func alwaysReplay() bool { return os.Getenv(alwaysReplayEnv) != "" }

func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		os.Exit(runChild(name))
	}
	if alwaysReplay() {
		go endWithTheFirst()
		os.Exit(runSuite(m))
	}
	remove, err := provideChildBinary()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	again := startAgain()
	code := runSuite(m)
	if err := again.wait(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "the suite with the server in always-replay mode:", err)
		code = 1
	}
	remove()
	os.Exit(code)
}

// suiteAgain is the second run of the suite, in a process of its own.
type suiteAgain struct {
	cmd    *exec.Cmd
	output bytes.Buffer
	err    error // of the start
}

// startAgain starts the second run beside the first: both mostly wait.
func startAgain() *suiteAgain {
	again := &suiteAgain{cmd: exec.Command(os.Args[0], os.Args[1:]...)}
	again.cmd.Env = append(os.Environ(), alwaysReplayEnv+"=1")
	again.cmd.Stdout, again.cmd.Stderr = &again.output, &again.output
	if _, again.err = again.cmd.StdinPipe(); again.err == nil {
		again.err = again.cmd.Start()
	}
	return again
}

// endWithTheFirst ends the second run when the first has gone, be it by a timeout or
// a signal: its end of the pipe then closes.
func endWithTheFirst() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	fmt.Fprintln(os.Stderr, "the first run of the suite has gone")
	os.Exit(1)
}

// wait prints what the second run has to say, after the first.
func (a *suiteAgain) wait() error {
	if a.err != nil {
		return a.err
	}
	err := a.cmd.Wait()
	_, _ = a.output.WriteTo(os.Stdout)
	return err
}

func runSuite(m *testing.M) int {
	if err := errors.Join(startServer(), compileCore()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// Tests mostly wait, so more of them than there are processors go together.
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := errors.Join(stopServer(), checkServerLog()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	err := goleak.Find(
		goleak.IgnoreAnyFunction("os/exec.(*Cmd).writerDescriptor.func1"), // of the second run
		goleak.IgnoreAnyFunction("github.com/fxrestate/go/integration_test.endWithTheFirst"),
	)
	if err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// compileCore compiles the SDK's core, once for the process. With the race detector
// on this takes longer than fx gives an application to start.
func compileCore() error {
	e, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted}, nil)
	if err != nil {
		return err
	}
	return e.WarmUp(context.Background())
}

func startServer() (err error) {
	cfg := serverConfig()
	cfg.Log = &serverLog
	if server, err = devserver.Start(context.Background(), cfg); err != nil {
		return err
	}
	adminAPI, err = admin.New(admin.Config{URL: server.AdminURL()})
	return err
}

// serverConfig is the configuration of every server in the tests.
func serverConfig() devserver.Config {
	env := map[string]string{
		"RESTATE_LOG_FILTER":             "warn",
		"RESTATE_DEFAULT_NUM_PARTITIONS": "4",
		// How often what outlived its retention is removed.
		"RESTATE_WORKER__CLEANUP_INTERVAL": "100ms",
	}
	if alwaysReplay() {
		env["RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT"] = "0s"
	}
	return devserver.Config{Env: env, Progress: os.Stderr}
}

func stopServer() error {
	adminAPI.CloseIdleConnections()
	httpClient.CloseIdleConnections()
	return server.Stop(context.Background())
}

// checkServerLog looks for what no test sees and none may cause: a journal that
// a replay does not match (RT0016), and an attempt that goes on after its
// suspension (598).
func checkServerLog() error {
	for line := range strings.Lines(serverLog.String()) {
		if strings.Contains(line, "RT0016") || strings.Contains(line, "State machine was closed") {
			return fmt.Errorf("in the log of the server: %s", line)
		}
	}
	return nil
}

package testkit

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
)

// The environment of an application in a process of its own.
const (
	// childEnv makes the test binary run an application instead of the tests.
	childEnv     = "FXRESTATE_TEST_APP"
	childNameEnv = "FXRESTATE_TEST_SERVICE"
	worldEnv     = "FXRESTATE_TEST_WORLD"
	// childBinaryEnv is the test binary that the applications run from.
	childBinaryEnv = "FXRESTATE_TEST_BINARY"
)

// Children are applications that a test can run in a process of their own, to kill it.
// They are configured by their environment alone. Each is made for a name, that of its
// service, and has an [Outside] in its graph.
func Children(apps map[string]func(name string) fx.Option) Option {
	return func(s *suite) {
		s.children = apps
		s.before = append(s.before, provideChildBinary)
	}
}

// provideChildBinary provides the binary of the applications. What they do is raced in the
// process of the tests.
func provideChildBinary() (remove func(), err error) {
	if os.Getenv(childBinaryEnv) != "" { // in the second run of the tests
		return func() {}, nil
	}
	binary, remove, err := Unraced()
	return remove, errors.Join(err, os.Setenv(childBinaryEnv, binary))
}

// runChild runs the application that the environment names.
func (s *suite) runChild(app string) int {
	go func() {
		// The test's end of the pipe closes at the latest when the test dies.
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	var e *endpoint.Endpoint
	a := fx.New(
		fxrestate.Module,
		fx.Provide(fxrestate.ConfigFromEnv, zap.NewDevelopment),
		fx.Supply(Outside{URL: os.Getenv(worldEnv)}),
		s.children[app](os.Getenv(childNameEnv)),
		fx.Populate(&e),
	)
	// Without a deadline the registration would have the time that fx gives by default.
	ctx, cancel := context.WithTimeout(context.Background(), Within)
	defer cancel()
	if err := a.Start(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	stopped := a.Wait() // which takes signals from here on
	fmt.Println(e.Addr())
	<-stopped
	if err := a.Stop(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// Process is an application in a process of its own.
type Process struct {
	t    testing.TB
	cmd  *exec.Cmd
	addr string
	env  []string
	log  bytes.Buffer
}

// Spawn runs one of [Children] on the package's server and waits until it is registered.
func Spawn(t testing.TB, app, name string, w *World) *Process {
	t.Helper()
	return SpawnOn(t, Server(), app, name, w)
}

// SpawnOn is [Spawn] on another server than the package's. Env has more variables, as
// "NAME=value".
func SpawnOn(t testing.TB, on *devserver.Server, app, name string, w *World, env ...string) *Process {
	t.Helper()
	p := &Process{t: t, addr: StableAddr(t), env: append([]string{
		childEnv + "=" + app,
		childNameEnv + "=" + name,
		worldEnv + "=" + w.URL,
		"RESTATE_ADMIN_URL=" + on.AdminURL(),
		"RESTATE_DEPLOYMENT_URL=http://" + on.EndpointHost() + ":{{port}}",
		"RESTATE_REGISTER_REQUIRED=true",
	}, env...)}
	t.Cleanup(func() {
		if p.cmd != nil {
			p.Kill()
		}
		if t.Failed() {
			t.Logf("log of the application:\n%s", p.log.String())
		}
	})
	p.Start()
	return p
}

// Start starts the application again, at the same address: invocations go back to
// where they began.
func (p *Process) Start() {
	p.t.Helper()
	p.cmd = exec.Command(os.Getenv(childBinaryEnv))
	p.cmd.Env = append(os.Environ(), append(p.env, "RESTATE_ENDPOINT_ADDR="+p.addr)...)
	p.cmd.Stderr = &p.log
	_, err := p.cmd.StdinPipe()
	require.NoError(p.t, err)
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(p.t, err)
	require.NoError(p.t, p.cmd.Start())
	addr, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(p.t, err, "the application ended before it was ready")
	p.addr = strings.TrimSpace(addr)
}

// Kill ends the process at once.
func (p *Process) Kill() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Kill())
	_ = p.cmd.Wait() // reports the kill
	p.cmd = nil
}

// Stop ends the process as an operator does.
func (p *Process) Stop() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(p.t, p.cmd.Wait())
	p.cmd = nil
}

// Log returns what the processes wrote to stderr, one after the other. The last one must
// have ended.
func (p *Process) Log() string {
	p.t.Helper()
	require.Nil(p.t, p.cmd, "the application still writes")
	return p.log.String()
}

package durable_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// The environment of an application in a process of its own.
const (
	// childEnv makes the test binary run one of childApps instead of the tests.
	childEnv     = "FXRESTATE_TEST_APP"
	childNameEnv = "FXRESTATE_TEST_SERVICE"
	worldEnv     = "FXRESTATE_TEST_WORLD"
	// childBinaryEnv is the test binary that childApps run from.
	childBinaryEnv = "FXRESTATE_TEST_BINARY"
)

// childApps are the applications that a test can run in a process of their own,
// to kill it. They are configured by their environment alone.
var childApps = map[string]func(name string) fx.Option{
	"trip": func(name string) fx.Option {
		return fxrestate.Service[*Trip](NewTrip, fxrestate.Name(name), tirelessly())
	},
	"sleeper": func(name string) fx.Option {
		return fxrestate.Service[*Sleeper](NewSleeper, fxrestate.Name(name), tirelessly())
	},
	"approval": func(name string) fx.Option {
		return fxrestate.Workflow[*Approval](NewApproval, fxrestate.Name(name), tirelessly())
	},
	"cruise": func(name string) fx.Option {
		return fxrestate.Service[*Cruise](NewCruise, fxrestate.Name(name), tirelessly())
	},
	"refunds": func(name string) fx.Option {
		return fxrestate.Object[*Refunds](NewRefunds, fxrestate.Name(name), tirelessly())
	},
	"choice": func(name string) fx.Option {
		return fxrestate.Workflow[*Choice](NewChoice, fxrestate.Name(name), tirelessly())
	},
}

// tirelessly has failed invocations retried soon, however long their application is
// down: after the default of 70 attempts the server would pause them.
func tirelessly() restate.ServiceDefinitionOption {
	return restate.WithInvocationRetryPolicy(
		restate.WithInitialRetryInterval(200*time.Millisecond),
		restate.WithRetryIntervalFactor(1),
		restate.WithMaxRetryAttempts(10_000),
	)
}

func runChild(app string) int {
	go func() {
		// The test's end of the pipe closes at the latest when the test dies.
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	var e *endpoint.Endpoint
	a := fx.New(
		fxrestate.Module,
		fx.Provide(fxrestate.ConfigFromEnv, zap.NewDevelopment),
		fx.Supply(testkit.Outside{URL: os.Getenv(worldEnv)}),
		childApps[app](os.Getenv(childNameEnv)),
		fx.Populate(&e),
	)
	// Without a deadline the registration would have the time that fx gives by default.
	ctx, cancel := context.WithTimeout(context.Background(), testkit.Within)
	defer cancel()
	if err := a.Start(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(e.Addr())
	<-a.Wait()
	if err := a.Stop(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// process is an application in a process of its own.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	addr string
	env  []string
	log  bytes.Buffer
}

// spawn runs one of childApps and waits until it is registered.
func spawn(t *testing.T, app, name string, w *testkit.World) *process {
	t.Helper()
	p := &process{t: t, addr: testkit.StableAddr(t), env: []string{
		childEnv + "=" + app,
		childNameEnv + "=" + name,
		worldEnv + "=" + w.URL,
		"RESTATE_ADMIN_URL=" + testkit.Server().AdminURL(),
		"RESTATE_DEPLOYMENT_URL=http://" + testkit.Server().EndpointHost() + ":{{port}}",
		"RESTATE_REGISTER_REQUIRED=true",
	}}
	t.Cleanup(func() {
		if p.cmd != nil {
			p.kill()
		}
		if t.Failed() {
			t.Logf("log of the application:\n%s", p.log.String())
		}
	})
	p.start()
	return p
}

// start starts the application again, at the same address: invocations go back to
// where they began.
func (p *process) start() {
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

// kill ends the process at once.
func (p *process) kill() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Kill())
	_ = p.cmd.Wait() // reports the kill
	p.cmd = nil
}

// stop ends the process as an operator does.
func (p *process) stop() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(p.t, p.cmd.Wait())
	p.cmd = nil
}

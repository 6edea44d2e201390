package devserver

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/fxrestate/go/internal/tail"
)

const (
	// outputGrace is how long we still read the output of an ended process that a
	// child holds open.
	outputGrace = 2 * time.Second

	// killTimeout is how long the kernel may take to end a killed process. With a
	// hanging file system it may never end.
	killTimeout = 10 * time.Second
)

// A process is a started command. One goroutine starts it, waits for it and
// closes done.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // how it ended; valid once done is closed
}

// startProcess starts cmd in its own process group, so that Ctrl-C in a terminal
// reaches only this process, which then stops cmd. If this process dies, cmd gets
// onDeath: at once on Linux, a moment later on other unix systems, not on Windows.
func startProcess(cmd *exec.Cmd, onDeath syscall.Signal) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	cmd.WaitDelay = outputGrace
	isolate(cmd, onDeath)

	started := make(chan error, 1)
	go func() {
		defer close(p.done)
		// Linux sends the parent-death signal when the thread that started the
		// child ends, not when the process does. So this goroutine keeps its
		// thread for as long as the child lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()

		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		unwatch := watchOver(cmd.Process.Pid, onDeath)
		started <- nil
		p.err = cmd.Wait()
		unwatch()
		p.killGroup() // children that it left; the group keeps its number while they live
	}()
	if err := <-started; err != nil {
		<-p.done
		return nil, err
	}
	return p, nil
}

// kill kills the process and its group, and waits until the process is gone.
func (p *process) kill() error {
	p.killGroup()
	select {
	case <-p.done:
		return nil
	case <-time.After(killTimeout):
		return fmt.Errorf("process %d is still there %v after it was killed", p.cmd.Process.Pid, killTimeout)
	}
}

// ended says whether the process is gone.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// run runs cmd and returns its output. If ctx ends first, cmd is killed. An error
// quotes the end of the output.
func run(ctx context.Context, cmd *exec.Cmd) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", context.Cause(ctx)
	}
	out := &tail.Writer{}
	cmd.Stdout, cmd.Stderr = out, out
	p, err := startProcess(cmd, syscall.SIGKILL)
	if err != nil {
		return "", err
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		return "", errors.Join(fmt.Errorf("%w; %s", context.Cause(ctx), quote(out.String())), p.kill())
	}
	if p.err != nil {
		return "", fmt.Errorf("%w; %s", p.err, quote(out.String()))
	}
	return out.String(), nil
}

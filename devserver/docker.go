package devserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	dockerImage = "docker.io/restatedev/restate:"

	// dockerTimeout limits a call of the docker client that downloads nothing.
	dockerTimeout = 20 * time.Second

	// containerData is the path of Config.Dir inside the container.
	containerData = "/restate-data"
)

// A container runs the server's image with the docker client.
//
// If the engine runs on this Linux machine, the container uses the host's network
// and everything is on 127.0.0.1, as with a binary. Docker Desktop runs the engine
// in a virtual machine: there the ports are published, and the container reaches
// this machine as host.docker.internal.
type container struct {
	docker      string // path of the client
	ver         string
	name        string
	hostNetwork bool
}

func findDocker(ctx context.Context, cfg Config) (runner, error) {
	docker, err := exec.LookPath("docker")
	if err != nil {
		return nil, err
	}
	c := &container{
		docker: docker,
		ver:    cfg.Version,
		name:   fmt.Sprintf("fxrestate-devserver-%d-%08x", os.Getpid(), rand.Uint32()),
	}
	system, err := c.call(ctx, dockerTimeout, "info", "--format", "{{.OperatingSystem}}")
	if err != nil {
		return nil, fmt.Errorf("no engine responds: %w", err)
	}
	c.hostNetwork = runtime.GOOS == "linux" && strings.TrimSpace(system) != "Docker Desktop"

	image := dockerImage + c.ver
	if _, err := c.call(ctx, dockerTimeout, "image", "inspect", "--format", "{{.Id}}", image); err != nil {
		cfg.progress("pulling %s …", image)
		if _, err := c.call(ctx, installTimeout, "pull", "--quiet", image); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *container) version() string { return c.ver }

func (c *container) endpointHost() string {
	if c.hostNetwork {
		return "127.0.0.1"
	}
	return "host.docker.internal"
}

func (c *container) start(l launch) (*process, error) {
	args := []string{"run", "--rm", "--name", c.name, "--volume", l.dir + ":" + containerData}
	bindIP := "127.0.0.1"
	if c.hostNetwork {
		// Our user owns the data, as with a binary.
		args = append(args, "--network", "host", "--user", fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid()))
	} else {
		bindIP = "0.0.0.0" // of the container; published on 127.0.0.1 only
		args = append(args, "--add-host", "host.docker.internal:host-gateway")
		for _, port := range []int{l.ports.ingress, l.ports.admin} {
			args = append(args, "--publish", hostPort("127.0.0.1", port)+":"+strconv.Itoa(port))
		}
	}
	settings := l.settings(bindIP, containerData)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "--env", name+"="+settings[name])
	}
	cmd := exec.Command(c.docker, append(args, dockerImage+c.ver, "--no-logo")...)
	cmd.Stdout, cmd.Stderr = l.out, l.out
	inheritLock(cmd, l.lock)
	// If this process dies, the client gets SIGTERM and passes it to the container.
	// SIGKILL would end the client only.
	return startProcess(cmd, syscall.SIGTERM)
}

func (c *container) terminate(ctx context.Context, p *process) {
	if _, err := c.call(ctx, stopGrace+dockerTimeout, "stop", "-t", seconds(stopGrace), c.name); err != nil {
		p.terminate()
	}
}

// kill removes the container again and again until the client has ended: a client
// that has not yet created the container would still create it.
func (c *container) kill(p *process) error {
	const tries = 10
	for range tries {
		if p.ended() {
			break
		}
		_, _ = c.call(context.Background(), dockerTimeout, "rm", "--force", c.name)
		select {
		case <-p.done:
		case <-time.After(time.Second):
		}
	}
	err := p.kill()
	_, _ = c.call(context.Background(), dockerTimeout, "rm", "--force", c.name)
	return err
}

// call runs the docker client and waits for it.
func (c *container) call(ctx context.Context, limit time.Duration, args ...string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errors.New("no response within "+limit.String()))
	defer cancel()
	out, err := run(ctx, exec.Command(c.docker, args...))
	if err != nil {
		return "", fmt.Errorf("docker %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

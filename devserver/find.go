package devserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A runner is one way to run the server: a binary on this machine or a
// container.
type runner interface {
	// version is the version of the server, such as "1.7.12".
	version() string
	// endpointHost is the name under which the server reaches this machine.
	endpointHost() string
	// start starts the server without waiting for it to be ready.
	start(l launch) (*process, error)
	// terminate asks the process to end. It may wait for that until ctx ends.
	terminate(ctx context.Context, p *process)
	// kill kills the process and waits until it is gone.
	kill(p *process) error
}

// A finder looks for a server in one place. If there is none, its error says why,
// in words for the user.
type finder struct {
	place string
	find  func(ctx context.Context, cfg Config) (runner, error)
}

// places are searched in this order when the user named no server.
var places = []finder{
	{"PATH", findOnPath},
	{"cache", findInCache},
	{"npm", installWithNPM},
	{"docker", findDocker},
}

// find returns the server that cfg asks for. A named server that does not run is
// an error at once. If no other place has one, the error lists all of them.
func find(ctx context.Context, cfg Config) (runner, error) {
	if cfg.Binary != "" {
		return findNamed(ctx, cfg, "Config.Binary", cfg.Binary)
	}
	if path := os.Getenv(BinaryEnv); path != "" {
		return findNamed(ctx, cfg, BinaryEnv, path)
	}

	tried := []string{BinaryEnv + ": not set"}
	for _, p := range places {
		r, err := p.find(ctx, cfg)
		if err == nil {
			return r, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("devserver: looking for restate-server %s: %w (%s: %v)", cfg.Version, context.Cause(ctx), p.place, err)
		}
		tried = append(tried, fmt.Sprintf("%s: %v", p.place, err))
	}
	return nil, fmt.Errorf(`devserver: no restate-server %[1]s; tried
  %[2]s
install one of
  Node.js with npm (the server is then installed by itself)
  restate-server %[1]s on PATH (npm install --global @restatedev/restate-server@%[1]s)
  docker
or name a binary with %[3]s`, cfg.Version, strings.Join(tried, "\n  "), BinaryEnv)
}

// findNamed returns the server that the user named, whatever its version is.
func findNamed(ctx context.Context, cfg Config, by, path string) (runner, error) {
	b, err := newBinary(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("devserver: %s names %q, which does not run: %w", by, path, err)
	}
	if b.version() != cfg.Version {
		cfg.progress("running %s, which %s names: its version is %s, not %s", path, by, b.version(), cfg.Version)
	}
	return b, nil
}

// findOnPath returns the server on PATH if it has the requested version. The user
// did not agree to any other.
func findOnPath(ctx context.Context, cfg Config) (runner, error) {
	path, err := exec.LookPath("restate-server")
	if err != nil {
		return nil, err
	}
	b, err := newBinary(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%s does not run: %w", path, err)
	}
	if b.version() != cfg.Version {
		cfg.progress("not running %s: its version is %s, not %s; name it with %s to run it", path, b.version(), cfg.Version, BinaryEnv)
		return nil, fmt.Errorf("%s is version %s; to run it, name it with %s", path, b.version(), BinaryEnv)
	}
	return b, nil
}

func findInCache(ctx context.Context, cfg Config) (runner, error) {
	path, err := cachedBinary(cfg)
	if err != nil {
		return nil, err
	}
	if err := checkInstalled(path, published[filepath.Base(path)]); err != nil {
		return nil, err
	}
	b, err := newBinary(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("%s does not run: %w", path, err)
	}
	if b.version() != cfg.Version {
		return nil, errors.New(path + " is version " + b.version())
	}
	return b, nil
}

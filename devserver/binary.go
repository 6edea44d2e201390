package devserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// versionTimeout limits "restate-server --version". That takes about 20 ms, but
// longer when a virus scanner sees the file for the first time.
const versionTimeout = 20 * time.Second

// A binary runs a restate-server that is installed on this machine.
type binary struct {
	path string
	ver  string
}

// newBinary returns the server at path. It runs it once to learn its version.
func newBinary(ctx context.Context, path string) (*binary, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if real, ok := behindNPMScript(path); ok {
		path = real
	}
	ctx, cancel := context.WithTimeoutCause(ctx, versionTimeout, fmt.Errorf("no output of --version within %v", versionTimeout))
	defer cancel()
	out, err := run(ctx, exec.Command(path, "--version"))
	if err != nil {
		return nil, err
	}
	ver, err := parseVersion(out)
	if err != nil {
		return nil, err
	}
	return &binary{path: path, ver: ver}, nil
}

var versionOutput = regexp.MustCompile(`(?m)^restate-server (` + versionSyntax + `)\s*$`)

// parseVersion reads "restate-server 1.7.12".
func parseVersion(out string) (string, error) {
	if m := versionOutput.FindStringSubmatch(out); m != nil {
		return m[1], nil
	}
	return "", errors.New("the output of --version is not that of a restate-server; " + quote(out))
}

// platformPackage is the npm package with the binary for this machine, or ""
// where there is none.
func platformPackage() string {
	cpu, ok := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	if !ok || !slices.Contains([]string{"linux", "darwin"}, runtime.GOOS) {
		return ""
	}
	return "restate-server-" + runtime.GOOS + "-" + cpu
}

// behindNPMScript returns the binary that the start script of the npm package
// would run. The script runs the server as a child process, which would keep
// running after the script is killed.
func behindNPMScript(path string) (string, bool) {
	script, err := filepath.EvalSymlinks(path)
	if err != nil || filepath.Base(script) != "index.js" || platformPackage() == "" {
		return "", false
	}
	pkg := filepath.Dir(filepath.Dir(script)) // …/@restatedev/restate-server
	for _, scope := range []string{filepath.Dir(pkg), filepath.Join(pkg, "node_modules", "@restatedev")} {
		real := filepath.Join(scope, platformPackage(), "bin", "restate-server")
		if info, err := os.Stat(real); err == nil && info.Mode().IsRegular() {
			return real, true
		}
	}
	return "", false
}

func (b *binary) version() string      { return b.ver }
func (b *binary) endpointHost() string { return "127.0.0.1" }

func (b *binary) start(l launch) (*process, error) {
	// The server leaves a directory for each partition in TMPDIR.
	tmp := filepath.Join(l.dir, "tmp")
	if err := errors.Join(os.RemoveAll(tmp), os.Mkdir(tmp, 0o700)); err != nil {
		return nil, err
	}
	cmd := exec.Command(b.path, "--no-logo")
	cmd.Env = append(inheritedEnv(), "TMPDIR="+tmp)
	for name, value := range l.settings("127.0.0.1", l.dir) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = l.out, l.out
	inheritLock(cmd, l.lock)
	return startProcess(cmd, syscall.SIGKILL)
}

func (b *binary) terminate(_ context.Context, p *process) { p.terminate() }
func (b *binary) kill(p *process) error                   { return p.kill() }

// inheritedEnv returns this process's environment without the variables that
// would change the server's settings.
func inheritedEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(strings.ToUpper(v), "=")
		return strings.HasPrefix(name, "RESTATE_") || name == "RUST_LOG"
	})
}

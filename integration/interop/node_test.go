package interop_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// patience limits what is not an installation.
	patience = 30 * time.Second
	// installTimeout limits the installation, of about 200 MB.
	installTimeout = 10 * time.Minute
	// nodeMajor is the oldest Node.js that the TypeScript SDK runs on.
	nodeMajor = 22
)

// node runs the scripts of testdata.
type node struct {
	binary string
	dir    string // of the scripts
}

// newNode installs what the scripts import, unless an earlier run did.
func newNode(t *testing.T) node {
	t.Helper()
	installed, err := install(t.Context())
	require.NoError(t, err)
	// A script finds its imports beside itself.
	n := node{dir: t.TempDir()}
	require.NoError(t, os.Symlink(installed, filepath.Join(n.dir, "node_modules")))
	require.NoError(t, os.CopyFS(n.dir, os.DirFS("testdata")))
	n.binary, err = nodeBinary(t.Context(), installed)
	require.NoError(t, err)
	return n
}

// install returns a directory node_modules with what package-lock.json lists. Of
// several processes that install at a time, one wins and the others use its work.
func install(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, installTimeout)
	defer cancel()
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "fxrestate")
	hash := sha256.New()
	manifests := []string{"package.json", "package-lock.json"}
	for _, name := range manifests {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			return "", err
		}
		hash.Write(content)
	}
	final := filepath.Join(cache, fmt.Sprintf("interop-%.6x", hash.Sum(nil)))
	modules := filepath.Join(final, "node_modules")
	if _, err := os.Stat(modules); !errors.Is(err, fs.ErrNotExist) {
		return modules, err
	}

	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("these tests run packages of npm; install Node.js with npm: %w", err)
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(cache, filepath.Base(final)+".tmp-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	for _, name := range manifests {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(tmp, name), content, 0o644); err != nil {
			return "", err
		}
	}
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--include=optional")
	cmd.Dir = tmp
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd, errors.Join(err, context.Cause(ctx)), out)
	}
	if err := os.Rename(tmp, final); err != nil {
		if _, lost := os.Stat(modules); lost != nil {
			return "", err
		}
	}
	return modules, nil
}

// nodeBinary returns a Node.js that the SDK runs on: the one that npm installed,
// else, on platforms without such a package, the one on PATH.
func nodeBinary(ctx context.Context, modules string) (string, error) {
	found, err := filepath.Glob(filepath.Join(modules, "node-*", "bin", "node"))
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return found[0], nil
	}
	binary, err := exec.LookPath("node")
	if err != nil {
		return "", fmt.Errorf("there is no package of Node.js for this platform; install version %d: %w", nodeMajor, err)
	}
	out, err := exec.CommandContext(ctx, binary, "--version").Output()
	if err != nil {
		return "", err
	}
	var major int
	if _, err := fmt.Sscanf(string(out), "v%d.", &major); err != nil || major < nodeMajor {
		return "", fmt.Errorf("%s is version %s; install version %d or later", binary, bytes.TrimSpace(out), nodeMajor)
	}
	return binary, nil
}

func (n node) command(ctx context.Context, script string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, n.binary, append([]string{script}, args...)...)
	cmd.Dir = n.dir
	cmd.WaitDelay = time.Second
	return cmd
}

// run runs a script to its end and returns what it printed.
func (n node) run(t *testing.T, script string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var stderr bytes.Buffer
	cmd := n.command(ctx, script, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s: %s%s", script, out, stderr.Bytes())
	return out
}

// serve runs a script until the test ends and returns the port that it serves on.
func (n node) serve(t *testing.T, script string) (port int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := n.command(ctx, script)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	// The script ends when the other end of its input does, also with a test
	// that is killed.
	_, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	ports := make(chan int, 1)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		defer close(ports)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			var p int
			if _, err := fmt.Sscanf(lines.Text(), "port %d", &p); err == nil {
				ports <- p
				break
			}
		}
		_, _ = io.Copy(io.Discard, stdout)
	}()
	t.Cleanup(func() {
		cancel()
		<-drained
		err := cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %v\n%s", script, err, strings.TrimSpace(stderr.String()))
		}
	})
	select {
	case port, ok := <-ports:
		require.True(t, ok, "%s ended before it served", script)
		return port
	case <-time.After(patience):
		require.FailNow(t, "waited in vain for the port of "+script)
		return 0
	}
}

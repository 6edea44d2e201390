package devserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// installTimeout limits the wait for another process's installation, and our own
// installation. It allows a download of 216 MB at 0.4 MB a second.
const installTimeout = 10 * time.Minute

// leftover marks temporary files in the cache: their names are a server's name,
// leftover and more. They are removed after a killed installation.
const leftover = ".tmp-"

// cachedBinary returns the path of an installed server. The file is renamed to
// this path only after its digest and its version were checked.
func cachedBinary(cfg Config) (string, error) {
	pkg := platformPackage()
	if pkg == "" {
		return "", errors.New("there are servers for linux and darwin on amd64 and arm64 only")
	}
	return filepath.Join(cfg.CacheDir, pkg+"-"+cfg.Version), nil
}

// installWithNPM installs the server into the cache, or waits for another
// process that is doing so.
func installWithNPM(ctx context.Context, cfg Config) (runner, error) {
	final, err := cachedBinary(cfg)
	if err != nil {
		return nil, err
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.CacheDir, 0o755); err != nil {
		return nil, err
	}

	lock, err := lockForInstall(ctx, cfg, final+".lock")
	if err != nil {
		return nil, err
	}
	defer func() { _ = lock.Unlock() }()
	if b, err := findInCache(ctx, cfg); err == nil {
		return b, nil // somebody installed it while we waited
	}

	// We hold the lock, so these files were left by a killed installation.
	prefix := filepath.Base(final) + leftover
	if err := removeLeftovers(cfg.CacheDir, prefix); err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp(cfg.CacheDir, prefix)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)

	began := time.Now()
	cfg.progress("installing restate-server %s with npm (about 216 MB) …", cfg.Version)
	installed, err := npmInstall(ctx, cfg, npm, tmp, published[filepath.Base(final)])
	if err != nil {
		cfg.progress("installing restate-server %s failed", cfg.Version)
		return nil, err
	}
	if err := keep(installed, final); err != nil {
		return nil, err
	}
	cfg.progress("installed restate-server %s in %.1fs", cfg.Version, time.Since(began).Seconds())
	return installed, nil
}

func lockForInstall(ctx context.Context, cfg Config, path string) (*flock.Flock, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, installTimeout, fmt.Errorf("no end within %v", installTimeout))
	defer cancel()
	lock, err := lockFile(ctx, path, func() {
		cfg.progress("waiting for another process that installs restate-server %s …", cfg.Version)
	})
	if err != nil {
		return nil, fmt.Errorf("wait for the installation that holds %s: %w", path, err)
	}
	return lock, nil
}

// keep moves an installed server to its name in the cache. It writes the record of
// its digest first, because a server without a record is installed again.
func keep(b *binary, final string) error {
	sum, err := digest(b.path)
	if err != nil {
		return err
	}
	info, err := os.Stat(b.path)
	if err != nil {
		return err
	}
	if err := writeRecord(final, recordOf(info, sum)); err != nil {
		return err
	}
	if err := os.Rename(b.path, final); err != nil {
		return err
	}
	b.path = final
	return nil
}

// npmInstall installs the server in dir and runs it once to check its version. If
// a published digest is known and the server has another one, it is not run.
func npmInstall(ctx context.Context, cfg Config, npm, dir, published string) (*binary, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, installTimeout, fmt.Errorf("no end within %v", installTimeout))
	defer cancel()
	args, err := npmArgs(cfg, dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(npm, args...)
	cmd.Dir, cmd.Env = dir, npmEnv()
	if _, err := run(ctx, cmd); err != nil {
		return nil, fmt.Errorf("npm %s: %w", strings.Join(args, " "), err)
	}

	path := filepath.Join(dir, "node_modules", "@restatedev", platformPackage(), "bin", "restate-server")
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("npm left out @restatedev/%s without an error: is its node built for another processor, or has npm config list a setting for that? %w", platformPackage(), err)
	}
	if published != "" {
		if err := checkDigest(path, published); err != nil {
			return nil, fmt.Errorf("npm installed another server than was published (%w); find out what registry or proxy npm uses", err)
		}
	}
	b, err := newBinary(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("what npm installed does not run: %w", err)
	}
	if b.version() != cfg.Version {
		return nil, fmt.Errorf("npm installed version %s", b.version())
	}
	return b, nil
}

func removeLeftovers(dir, prefix string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

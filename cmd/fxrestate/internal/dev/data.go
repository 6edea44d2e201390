package dev

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/gofrs/flock"
	"golang.org/x/mod/modfile"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// nameForm is what a name of data looks like: it is the name of a directory.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// unfit are the characters of a module's path that a name does not have.
var unfit = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// defaultName is the module of a directory, or else the directory.
func defaultName(dir string) string {
	name := filepath.Base(dir)
	for at := dir; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if path := modfile.ModulePath(text); err == nil && path != "" {
			name = path
			break
		}
		if filepath.Dir(at) == at {
			break
		}
	}
	name = strings.TrimLeft(unfit.ReplaceAllString(name, "-"), "._-")
	return cmp.Or(name[:min(len(name), 100)], "default")
}

// dataHome is where programs keep the data of a user.
func dataHome(getenv func(string) string) (string, error) {
	if dir := getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	switch {
	case runtime.GOOS == "windows" || runtime.GOOS == "darwin":
		return os.UserConfigDir() // Application Support, AppData
	case err != nil:
		return "", fmt.Errorf("there is no directory for the data: %w; set XDG_DATA_HOME", err)
	default:
		return filepath.Join(home, ".local", "share"), nil
	}
}

// data is where the server keeps what it knows.
type data struct {
	name, dir string
	lock      *flock.Flock
}

// openData takes the data with a name for this process.
func openData(name string, getenv func(string) string) (*data, error) {
	if !nameForm.MatchString(name) {
		return nil, terminal.Usagef("--name is %q; it must be of up to 100 letters, digits and \"._-\", and begin with a letter or a digit", name)
	}
	home, err := dataHome(getenv)
	if err != nil {
		return nil, err
	}
	all := filepath.Join(home, "fxrestate", "dev")
	if err := os.MkdirAll(all, 0o700); err != nil {
		return nil, err
	}
	d := &data{name: name, dir: filepath.Join(all, name), lock: flock.New(filepath.Join(all, name+".lock"))}
	taken, err := d.lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !taken {
		_ = d.lock.Close()
		running, _ := os.ReadFile(d.owner())
		return nil, fmt.Errorf("%q runs already (%s): use that server, stop it, or choose another --name", name, cmp.Or(terminal.Escape(string(running)), "in another process"))
	}
	return d, nil
}

// owner is the file that says who runs the server.
func (d *data) owner() string { return d.lock.Path()[:len(d.lock.Path())-len(".lock")] + ".owner" }

// log is the file of the server's log.
func (d *data) log() string { return filepath.Join(d.dir, "restate.log") }

// running notes who runs the server, for the next who tries.
func (d *data) running(adminURL string) error {
	return os.WriteFile(d.owner(), fmt.Appendf(nil, "process %d, admin API %s", os.Getpid(), adminURL), 0o600)
}

// clean removes the data, after a question.
func (d *data) clean(ctx context.Context, t *terminal.Terminal) error {
	switch _, err := os.Stat(d.dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	if err := t.Confirm(ctx, fmt.Sprintf("Remove all data of %q, in %s?", d.name, terminal.Escape(d.dir))); err != nil {
		return err
	}
	return os.RemoveAll(d.dir)
}

func (d *data) close() error {
	return errors.Join(os.RemoveAll(d.owner()), d.lock.Unlock())
}

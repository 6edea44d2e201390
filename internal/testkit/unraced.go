package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
)

// Unraced returns a test binary of the package without the race detector, for
// applications in processes of their own, and what removes it. With the detector on,
// each of them would compile the SDK's core for ten seconds and more. It is to be called
// before the tests.
func Unraced() (binary string, remove func(), err error) {
	remove = func() {}
	if !raced() {
		return os.Args[0], remove, nil
	}
	dir, err := os.MkdirTemp("", "fxrestate-unraced")
	if err != nil {
		return "", remove, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	binary = filepath.Join(dir, "unraced.test")
	if out, err := exec.Command("go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		remove()
		return "", func() {}, fmt.Errorf("build the applications: %w\n%s", err, out)
	}
	return binary, remove, nil
}

// raced reports whether the race detector is on.
func raced() bool {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return false
	}
	for _, s := range info.Settings {
		if s.Key == "-race" {
			return s.Value == "true"
		}
	}
	return false
}

package durable_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
)

// provideChildBinary builds a test binary without the race detector for applications
// in processes of their own, and returns what removes it. With the detector on each of
// them would compile the SDK's core for ten seconds and more; what they do is raced in
// the process of the tests.
func provideChildBinary() (remove func(), err error) {
	remove = func() {}
	if os.Getenv(childBinaryEnv) != "" { // in the second run of the tests
		return remove, nil
	}
	if !raced() {
		return remove, os.Setenv(childBinaryEnv, os.Args[0])
	}
	dir, err := os.MkdirTemp("", "fxrestate-durable")
	if err != nil {
		return remove, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	binary := filepath.Join(dir, "durable.test")
	if out, err := exec.Command("go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		remove()
		return remove, fmt.Errorf("build the applications: %w\n%s", err, out)
	}
	return remove, os.Setenv(childBinaryEnv, binary)
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

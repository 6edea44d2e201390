package stableport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Kept returns the port that a file holds. If there is no file, it finds a free TCP port of
// this machine and writes the file, with its directory, for this user alone. The port is
// below those that kernels hand out: an outgoing connection might use one of these when
// the file is read again.
func Kept(file string) (int, error) {
	known, err := os.ReadFile(file)
	if err == nil {
		port, err := strconv.ParseUint(strings.TrimSpace(string(known)), 10, 16)
		if err != nil || port == 0 {
			return 0, fmt.Errorf("stableport: %s does not hold a port; remove it", file)
		}
		return int(port), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	port, err := free()
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return 0, err
	}
	return port, writeWhole(file, strconv.Itoa(port)+"\n")
}

// free finds a port that is neither among those of [Ports] nor handed out by kernels.
func free() (int, error) {
	const first, end = 20_000, 32_768
	var failed error
	for range tries {
		port := first + rand.IntN(end-first)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
		failed = err
	}
	return 0, fmt.Errorf("stableport: no free port from %d to %d: %w", first, end-1, failed)
}

// writeWhole writes a file atomically.
func writeWhole(file, text string) error {
	written := file + ".new"
	if err := os.WriteFile(written, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(written, file)
}

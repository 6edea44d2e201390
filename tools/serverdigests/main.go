// Command serverdigests prints the table of package devserver that pins the
// restate-server of a version:
//
//	go run -C tools ./serverdigests 1.7.12
//
// It downloads the package of each platform with npm, which checks it against the
// integrity hash of the registry, and hashes the binary in it. Before you trust the
// output, compare it with the output on another network, by somebody else.
package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run -C tools ./serverdigests VERSION")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "serverdigests:", err)
		os.Exit(1)
	}
}

func run(version string) error {
	for _, platform := range []string{"darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64"} {
		digest, err := digestOf("@restatedev/restate-server-" + platform + "@" + version)
		if err != nil {
			return err
		}
		fmt.Printf("\t%q: %q,\n", "restate-server-"+platform+"-"+version, digest)
	}
	return nil
}

// digestOf downloads a package and returns the SHA-256 of the server in it.
func digestOf(spec string) (string, error) {
	dir, err := os.MkdirTemp("", "serverdigests-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	pack := exec.Command("npm", "pack", "--silent", spec)
	pack.Dir, pack.Stderr = dir, os.Stderr
	name, err := pack.Output()
	if err != nil {
		return "", fmt.Errorf("npm pack %s: %w", spec, err)
	}
	file, err := os.Open(filepath.Join(dir, strings.TrimSpace(string(name))))
	if err != nil {
		return "", err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return "", err
	}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return "", fmt.Errorf("%s has no bin/restate-server", spec)
		}
		if err != nil {
			return "", err
		}
		if header.Name != "package/bin/restate-server" {
			continue
		}
		hash := sha256.New()
		if _, err := io.Copy(hash, files); err != nil {
			return "", err
		}
		return fmt.Sprintf("%x", hash.Sum(nil)), nil
	}
}

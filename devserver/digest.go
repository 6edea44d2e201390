package devserver

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// published maps the name in the cache to the SHA-256 digest of the server in the
// npm packages of [DefaultVersion]. To print the digests of a version:
//
//	go run -C tools ./serverdigests VERSION
var published = map[string]string{
	"restate-server-darwin-arm64-1.7.12": "343907cf6045859798b12cf6e1e12d25d72dc09e98aa59032c2a8c7305835353",
	"restate-server-darwin-x64-1.7.12":   "005aaa71cdabdbbb2ca3295f64a103ab5f9efeaa83d574b88569646b9b99e96b",
	"restate-server-linux-arm64-1.7.12":  "345b6b16c8469e37de1fb2f9ebc80b086facf5f0657750cde367b9ed96bdb95a",
	"restate-server-linux-x64-1.7.12":    "8597e9511a4aeb4f082c33a9f4cc62132ea1fe21289811a6e52ae3d2261a031f",
}

// A record holds the digest of an installed server, so that 216 MB need not be
// hashed at each start. It is a file beside the server. It detects accidental
// damage but no attack: whoever can write the server can write the record too.
type record struct {
	SHA256   string
	Size     int64
	Modified int64 // in nanoseconds since 1970
}

func recordPath(server string) string { return server + ".digest" }

// checkInstalled fails unless the file at path has the published digest. If no
// published digest is known, it must have the one that it had when it was
// installed.
func checkInstalled(path, published string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	known, err := readRecord(path)
	if err != nil && published == "" {
		return fmt.Errorf("no digest of %s was recorded when it was installed: %w", path, err)
	}
	want := published
	if want == "" {
		want = known.SHA256
	}
	if known == recordOf(info, want) {
		return nil
	}
	if err := checkDigest(path, want); err != nil {
		return err
	}
	// Without a record the next start computes the digest again.
	_ = writeRecord(path, recordOf(info, want))
	return nil
}

// checkDigest fails unless the file at path has the digest.
func checkDigest(path, want string) error {
	got, err := digest(path)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("the SHA-256 of %s is %s, want %s", path, got, want)
	}
	return nil
}

func digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", hash.Sum(nil)), nil
}

func recordOf(info fs.FileInfo, digest string) record {
	return record{SHA256: digest, Size: info.Size(), Modified: info.ModTime().UnixNano()}
}

func readRecord(server string) (record, error) {
	var r record
	text, err := os.ReadFile(recordPath(server))
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return record{}, fmt.Errorf("%s: %w", recordPath(server), err)
	}
	return r, nil
}

// writeRecord writes a record atomically.
func writeRecord(server string, r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	path := recordPath(server)
	tmp, err := os.CreateTemp(filepath.Dir(server), filepath.Base(server)+leftover)
	if err != nil {
		return err
	}
	_, err = tmp.Write(append(text, '\n'))
	if err := errors.Join(err, tmp.Close()); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

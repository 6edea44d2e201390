package description

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxSize bounds a document. The manifest of a thousand handlers has some megabytes.
const maxSize = 256 << 20

// ErrNone reports that there is no document at the path.
var ErrNone = errors.New("description: there is none")

// ErrNoFormat reports a JSON document that does not say which format it has.
var ErrNoFormat = errors.New(`description: it has no "format"`)

// FormatError reports a document of another format.
type FormatError struct{ Found int }

// Error names both versions.
func (e *FormatError) Error() string {
	other := "an older"
	if e.Found > Format {
		other = "a newer"
	}
	return fmt.Sprintf("description: it has format %d, which %s fxrestate writes, and this command reads format %d; use the command of the fxrestate that the application is built with", e.Found, other, Format)
}

// Write writes a document. It is at the path as a whole or not at all.
func Write(path string, d Document) (err error) {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("description: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("description: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("description: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// Read reads the document at a path. The error wraps [ErrNone], is a [*FormatError] or says
// that it is no document.
func Read(path string) (Document, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Document{}, fmt.Errorf("%w at %s", ErrNone, path)
	}
	if err != nil {
		return Document{}, fmt.Errorf("description: %w", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return Document{}, fmt.Errorf("description: %w", err)
	}
	return Parse(text)
}

// Parse reads a document.
func Parse(text []byte) (Document, error) {
	if len(text) > maxSize {
		return Document{}, fmt.Errorf("description: it is larger than %d MiB", maxSize>>20)
	}
	var head struct {
		Format *int `json:"format"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return Document{}, fmt.Errorf("description: %w", err)
	}
	switch {
	case head.Format == nil:
		return Document{}, ErrNoFormat
	case *head.Format != Format:
		return Document{}, &FormatError{*head.Format}
	}
	var d Document
	if err := json.Unmarshal(text, &d); err != nil {
		return Document{}, fmt.Errorf("description: %w", err)
	}
	return d, nil
}

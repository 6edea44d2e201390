package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/fxrestate/go/internal/protocol"
)

// format is the version of the files that this package writes.
const format = 1

// Journal is the journal of an invocation.
type Journal struct {
	// Format is the version of the file's form.
	Format int `json:"format"`
	// ID is the id of the invocation, on which its random numbers depend.
	ID string `json:"id"`
	// Service, Key and Handler are what was invoked.
	Service string `json:"service"`
	Key     string `json:"key,omitempty"`
	Handler string `json:"handler"`
	// Status is what the invocation was doing when it was recorded, and Server the version
	// that it was made with: for people.
	Status string `json:"status"`
	Server string `json:"server,omitempty"`
	// Entries are the commands and notifications, in order.
	Entries []Entry `json:"entries"`
}

// Parse reads a file.
func Parse(data []byte) (*Journal, error) {
	var j Journal
	decode := json.NewDecoder(bytes.NewReader(data))
	decode.DisallowUnknownFields()
	if err := decode.Decode(&j); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	switch {
	case j.Format != format:
		return nil, fmt.Errorf("journal: the file has format %d, and this version reads %d; record it again", j.Format, format)
	case j.Service == "" || j.Handler == "":
		return nil, errors.New("journal: the file names no handler")
	case len(j.Entries) == 0 || j.Entries[0].Type != protocol.TypeInput.Entry():
		return nil, errors.New("journal: the first entry is not the handler's input")
	}
	for i, e := range j.Entries {
		if _, err := e.frame(); err != nil {
			return nil, fmt.Errorf("journal: entry %d: %w", i, err)
		}
	}
	return &j, nil
}

// Read reads a file by its name.
func Read(path string) (*Journal, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, path)
	}
	return j, nil
}

// Append appends the file: the head, and a line for each entry.
func (j *Journal) Append(b []byte) ([]byte, error) {
	head := *j
	head.Entries = nil
	text, err := json.MarshalIndent(head, "", "  ")
	if err != nil {
		return b, fmt.Errorf("journal: %w", err)
	}
	text, _ = bytes.CutSuffix(text, []byte("null\n}"))
	b = append(append(b, text...), '[')
	for i, e := range j.Entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, "\n    "...), e.String()...)
	}
	return append(b, "\n  ]\n}\n"...), nil
}

// Write writes a file.
func (j *Journal) Write(path string) error {
	data, err := j.Append(nil)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// Target is what was invoked, as "service/handler" or "service/key/handler".
func (j *Journal) Target() string {
	if j.Key == "" {
		return j.Service + "/" + j.Handler
	}
	return j.Service + "/" + j.Key + "/" + j.Handler
}

// ended reports whether the invocation had come to its result.
func (j *Journal) ended() bool {
	for _, e := range j.Entries {
		if e.Type == protocol.TypeOutput.Entry() {
			return true
		}
	}
	return false
}

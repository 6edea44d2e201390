package dev

import (
	"bytes"
	"io"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// maxLine is the longest line that is kept until it ends.
const maxLine = 64 << 10

// escaper writes lines without what steers a terminal: the server's log quotes names and
// errors of others. It is for one goroutine.
type escaper struct {
	to   io.Writer
	line []byte // that has not ended
}

func (e *escaper) Write(p []byte) (int, error) {
	e.line = append(e.line, p...)
	for {
		end := bytes.IndexByte(e.line, '\n')
		if end < 0 && len(e.line) < maxLine {
			return len(p), nil
		}
		rest := end + 1
		if end < 0 {
			end, rest = len(e.line), len(e.line)
		}
		if _, err := io.WriteString(e.to, terminal.Escape(string(e.line[:end]))+"\n"); err != nil {
			return 0, err
		}
		e.line = append(e.line[:0], e.line[rest:]...)
	}
}

package devserver

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// tailLimit is how much of a log is kept, in bytes: about 400 lines.
const tailLimit = 64 << 10

// quoteLines is how many lines of a log an error quotes.
const quoteLines = 20

// A tail passes on what is written to it, and keeps the end.
type tail struct {
	next io.Writer // nil: nowhere

	mu   sync.Mutex
	kept []byte
	cut  bool // something was dropped, so kept may begin inside a line
}

// Write never fails: an error would close the server's output, and so end the
// server.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailLimit; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
		t.cut = true
	}
	t.mu.Unlock()
	if t.next != nil {
		_, _ = t.next.Write(p)
	}
	return len(p), nil
}

// String returns what is kept, without the cut first line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := t.kept
	if t.cut {
		if i := bytes.IndexByte(kept, '\n'); i >= 0 {
			kept = kept[i+1:]
		}
	}
	return string(kept)
}

// quote returns the last lines of log, indented, as the end of an error text.
func quote(log string) string {
	log = strings.TrimSpace(log)
	if log == "" {
		return "it wrote nothing"
	}
	lines := strings.Split(log, "\n")
	if len(lines) > quoteLines {
		lines = lines[len(lines)-quoteLines:]
	}
	return "its output ends:\n\t" + strings.Join(lines, "\n\t")
}

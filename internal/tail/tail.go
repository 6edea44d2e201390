// Package tail keeps the end of a log.
package tail

import (
	"bytes"
	"io"
	"sync"
)

// Limit is how much of a log is kept, in bytes: about 400 lines.
const Limit = 64 << 10

// A Writer passes on what is written to it, and keeps the end. The zero value passes
// nothing on. It is safe for concurrent use if Next is.
type Writer struct {
	Next io.Writer // nil: nowhere

	mu   sync.Mutex
	kept []byte
	cut  bool // something was dropped, so kept may begin inside a line
}

// Write never fails: an error would close the output of a process, and so end it.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.kept = append(w.kept, p...)
	if over := len(w.kept) - Limit; over > 0 {
		w.kept = append(w.kept[:0], w.kept[over:]...)
		w.cut = true
	}
	w.mu.Unlock()
	if w.Next != nil {
		_, _ = w.Next.Write(p)
	}
	return len(p), nil
}

// String returns what is kept, without the cut first line.
func (w *Writer) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	kept := w.kept
	if w.cut {
		if i := bytes.IndexByte(kept, '\n'); i >= 0 {
			kept = kept[i+1:]
		}
	}
	return string(kept)
}

// Reset forgets what is kept.
func (w *Writer) Reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept, w.cut = nil, false
}

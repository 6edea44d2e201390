package gather

import "sync"

// buffer holds the bytes of one send. All connections share a pool of buffers, so
// that only connections with something to send hold one.
type buffer struct {
	bytes []byte
}

var buffers = sync.Pool{New: func() any { return &buffer{bytes: make([]byte, 0, 4<<10)} }}

func newBuffer() *buffer { return buffers.Get().(*buffer) }

func (b *buffer) release() {
	b.bytes = b.bytes[:0]
	buffers.Put(b)
}

package gather

import "sync"

// buffer is what one send takes. Buffers are shared by all connections, so that
// only those with something to send have one.
type buffer struct {
	bytes []byte
}

var buffers = sync.Pool{New: func() any { return &buffer{bytes: make([]byte, 0, 4<<10)} }}

func newBuffer() *buffer { return buffers.Get().(*buffer) }

func (b *buffer) release() {
	b.bytes = b.bytes[:0]
	buffers.Put(b)
}

// Package gather batches reads and writes of connections, to save system calls.
//
// The SDK flushes each message separately, and the HTTP/2 server of net/http reads
// the header and the payload of each frame separately. With many invocations on one
// connection, that is a system call for every few bytes. [NewListener] wraps a
// listener so that
//
//   - bytes that are written during a send, or just before one, are sent together
//     with one system call;
//   - bytes that have arrived are read with one system call.
//
// No timer delays anything. A write on an idle connection starts a send at once. The
// send first yields to goroutines that are ready to run, so that the header and the
// first message of a response, and the messages of several streams, go into one
// packet.
//
// Wrap the network listener directly, below TLS:
//
//	l, err := net.Listen("tcp", addr)
//	…
//	l = gather.NewListener(l)
//	err = srv.Serve(l)            // or srv.ServeTLS(l, cert, key)
//
// On top of TLS it would hide the *tls.Conn from net/http, which then neither
// negotiates HTTP/2 nor sets Request.TLS.
//
// # Semantics of a write
//
// A write is done when its bytes are in the connection's buffer, just as a write to a
// TCP socket is done when they are in the kernel's buffer. Therefore:
//
//   - The buffer is bounded. If it is full, a writer waits until there is space, the
//     write deadline passes, or the connection fails or is closed.
//   - The write deadline limits that wait, not a running send: accepted bytes are
//     not lost because a deadline passes later.
//   - A failed send closes the connection. Waiting and later writers get the error,
//     and a reader sees a closed connection.
//   - Close and CloseWrite first send the accepted bytes, for at most a second.
//
// A connection has a goroutine only while it has something to send. An idle connection
// holds no write buffer.
package gather

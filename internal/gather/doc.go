// Package gather makes connections that need fewer system calls.
//
// The SDK writes and flushes each message by itself, and the HTTP/2 server of
// net/http reads the header and the payload of each frame by itself: with many
// invocations on one connection that is a system call for every few bytes.
// [NewListener] wraps a listener so that
//
//   - what is written while a send is under way, or about to begin, leaves
//     together with one system call;
//   - what has arrived is read with one system call.
//
// Nothing waits for a timer. A write on an idle connection starts a send at
// once; the send lets goroutines that are ready to run go first, which is what
// brings the header and the first message of a response, and the messages of
// several streams, into one packet.
//
// The listener belongs directly on the network, below TLS:
//
//	l, err := net.Listen("tcp", addr)
//	…
//	l = gather.NewListener(l)
//	err = srv.Serve(l)            // or srv.ServeTLS(l, cert, key)
//
// On top of TLS it would hide the *tls.Conn from net/http, which then neither
// negotiates HTTP/2 nor fills in Request.TLS.
//
// # What a write means
//
// A write is done when its bytes are in the connection's buffer, just as a
// write to a TCP socket is done when they are in the kernel's. From this follows
// the rest:
//
//   - The buffer is bounded. A writer that finds it full waits until there is
//     room, the write deadline passes, the connection fails or is closed.
//   - The write deadline is about that wait, not about sends under way: bytes
//     that were accepted are not lost because a deadline passes later.
//   - A send that fails closes the connection. Whoever writes next, or waits to
//     write, gets the error, and a reader sees a closed connection.
//   - Close and CloseWrite first send what was accepted, for at most a second.
//
// A connection has a goroutine only while it has something to send, and an idle
// one keeps no write buffer.
package gather

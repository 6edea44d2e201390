package tally

import (
	"errors"
	"log"
	"log/slog"
	"strings"
)

// ServerLog is the log of an http.Server's own errors. Clients cause most of them, such as
// those of TLS handshakes, so they are counted. Panics of handlers are not: each has a line.
// Make one with [NewServerLog], and flush it when the server has stopped.
type ServerLog struct {
	log   *slog.Logger
	tally Tally
}

// NewServerLog makes a ServerLog that writes to log at WARN.
func NewServerLog(log *slog.Logger) *ServerLog {
	s := &ServerLog{log: log}
	s.tally.Write = func(count int, last error) {
		log.Warn("errors of connections", "errors", count, "last", last)
	}
	return s
}

// Logger is the ErrorLog of the server.
func (s *ServerLog) Logger() *log.Logger { return log.New(s, "", 0) }

// Write implements io.Writer. A call is a line.
func (s *ServerLog) Write(line []byte) (int, error) {
	text := strings.TrimSuffix(string(line), "\n")
	if strings.Contains(text, ": panic serving ") {
		s.log.Warn(text)
	} else {
		s.tally.Note(errors.New(text))
	}
	return len(line), nil
}

// Flush writes what was counted, and leaves no timer behind.
func (s *ServerLog) Flush() { s.tally.Flush() }

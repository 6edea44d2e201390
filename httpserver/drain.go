package httpserver

import (
	"context"
	"time"
)

// cutGrace is how long requests whose contexts were ended may take to return.
const cutGrace = 500 * time.Millisecond

// Drain is the first phase of a stop. It ends the contexts of streams, and waits until
// the requests that are under way have been answered. New ones are answered 503 with
// Retry-After; the probes, and what Config.Outlast names, still are served.
//
// It waits for Config.DrainTimeout, or half of the time until ctx's deadline if that is
// less. Then it ends the contexts of the requests that are left, which have another 500 ms
// to return, and reports how many these were. It returns when ctx ends, at the latest, and
// may be called more than once.
func (s *Server) Drain(ctx context.Context) (cut int) {
	timeout := max(s.cfg.DrainTimeout, 0)
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline)/2)
	}
	s.depart()
	select {
	case <-s.idle:
		return 0
	default:
	}
	limit := time.NewTimer(timeout)
	defer limit.Stop()
	select {
	case <-s.idle:
		return 0
	case <-limit.C:
	case <-ctx.Done():
	}
	if cut = s.cut(); cut > 0 {
		s.log.WarnContext(ctx, "ended requests that were not answered in time", "requests", cut, "drain_timeout", timeout)
	}
	grace := time.NewTimer(cutGrace)
	defer grace.Stop()
	select {
	case <-s.idle:
	case <-grace.C:
		s.log.ErrorContext(ctx, "HTTP handlers do not return; they must end when the context of their request does")
	case <-ctx.Done():
	}
	return cut
}

// depart lets no more requests in, and ends streams.
func (s *Server) depart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return
	}
	s.draining = true
	for req := range s.requests {
		if req.stream {
			req.cancel()
		}
	}
	if len(s.requests) == 0 {
		close(s.idle)
	}
}

// cut ends the contexts of the requests that are left, and returns how many there are.
func (s *Server) cut() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for req := range s.requests {
		req.cancel()
	}
	return len(s.requests)
}

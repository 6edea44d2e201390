package restatetest

import (
	"context"
	"errors"
	"sync"

	"github.com/fxrestate/go/internal/stableport"
)

// servers are those of the test binary. They are shared by all of its tests, so there is
// one pool in a process. Each server dies with the process at the latest.
var servers pool

// pool has the servers that no test uses. A test has one for itself.
type pool struct {
	ports stableport.Ports

	mu   sync.Mutex
	all  map[*server]bool
	idle map[string][]*server // by settings.key
}

// lease returns a server for a test, an idle one if there is one.
func (p *pool) lease(ctx context.Context, set settings) (*server, error) {
	if !set.private {
		if s := p.take(set.key()); s != nil {
			return s, nil
		}
	}
	s, err := newServer(ctx, p, set)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all, p.idle = map[*server]bool{}, map[string][]*server{}
	}
	p.all[s] = true
	return s, nil
}

func (p *pool) take(key string) *server {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		idle := p.idle[key]
		if len(idle) == 0 {
			return nil
		}
		s := idle[len(idle)-1]
		p.idle[key] = idle[:len(idle)-1]
		if s.running() {
			return s
		}
		// Its process has ended between two tests. It keeps its directory until stop.
		delete(p.all, s)
		_ = s.stop(context.Background())
	}
}

// give takes back a server that was emptied.
func (p *pool) give(s *server) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := s.set.key()
	p.idle[key] = append(p.idle[key], s)
}

func (p *pool) forget(s *server) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, s)
}

// stop stops all servers, also those that a test has left behind.
func (p *pool) stop(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for s := range p.all {
		errs = append(errs, s.stop(ctx))
	}
	p.all, p.idle = nil, nil
	return errors.Join(errs...)
}

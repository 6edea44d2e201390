package http1

import (
	"sync"
	"time"
)

// pool keeps idle connections.
type pool struct {
	mu    sync.Mutex
	idle  map[string][]*conn // by address, the longest idle first
	sweep *time.Timer        // closes what was idle too long; nil when none is idle
}

// get returns the connection that was used last, or nil.
func (p *pool) get(address string) *conn {
	for {
		c := p.pop(address)
		if c == nil || c.alive() {
			return c
		}
		c.Close()
	}
}

func (p *pool) pop(address string) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := p.idle[address]
	if len(idle) == 0 {
		return nil
	}
	c := idle[len(idle)-1]
	idle[len(idle)-1] = nil
	p.idle[address] = idle[:len(idle)-1]
	return c
}

// put keeps a connection, or closes it when there are enough.
func (p *pool) put(c *conn, most int, timeout time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle[c.address]) >= most {
		c.Close()
		return
	}
	c.since = time.Now()
	if p.idle == nil {
		p.idle = make(map[string][]*conn)
	}
	p.idle[c.address] = append(p.idle[c.address], c)
	if timeout > 0 && p.sweep == nil {
		p.sweep = time.AfterFunc(timeout, func() { p.closeIdle(timeout) })
	}
}

// closeIdle closes what was idle for the timeout or longer, and comes back as
// long as there are others.
func (p *pool) closeIdle(timeout time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sweep == nil {
		return // closeAll was here
	}
	oldest := time.Time{}
	for address, idle := range p.idle {
		for len(idle) > 0 && time.Since(idle[0].since) >= timeout {
			idle[0].Close()
			idle[0] = nil
			idle = idle[1:]
		}
		if len(idle) == 0 {
			delete(p.idle, address)
			continue
		}
		p.idle[address] = idle
		if oldest.IsZero() || idle[0].since.Before(oldest) {
			oldest = idle[0].since
		}
	}
	if oldest.IsZero() {
		p.sweep = nil
		return
	}
	p.sweep.Reset(max(time.Until(oldest.Add(timeout)), time.Millisecond))
}

func (p *pool) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, idle := range p.idle {
		for _, c := range idle {
			c.Close()
		}
	}
	p.idle = nil
	if p.sweep != nil {
		p.sweep.Stop()
		p.sweep = nil
	}
}

// Package stableport finds ports for what is stopped and then started again at the same
// address.
package stableport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// The ports are not among those that kernels hand out, for port 0 and for outgoing
// connections, nor among those of package devserver.
const (
	first = 10_000
	end   = 19_000
	tries = 1000
)

// Ports remembers the ports that were taken. The zero value has none. It is safe for
// concurrent use.
type Ports struct {
	mu    sync.Mutex
	taken map[int]bool
}

// Take returns a free port of this machine. It returns none twice, until it is given back,
// and no other process is given it by chance.
func (p *Ports) Take() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range tries {
		port := first + rand.IntN(end-first)
		if p.taken[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return 0, err
		}
		if p.taken == nil {
			p.taken = map[int]bool{}
		}
		p.taken[port] = true
		return port, nil
	}
	return 0, errors.New("stableport: no free port")
}

// Give gives a port back.
func (p *Ports) Give(port int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.taken, port)
}

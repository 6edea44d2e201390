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
	mu sync.Mutex
	// taken has for each port what keeps it from other processes that take ports, such as
	// the tests of another package: a UDP socket of the same number. The TCP port itself is
	// free whenever what is to listen there is down.
	taken map[int]net.PacketConn
}

// Take returns a free TCP port of this machine. Neither this nor any other Ports returns it
// again until it is given back or the process ends, and no other process is given it by
// chance.
func (p *Ports) Take() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range tries {
		port := first + rand.IntN(end-first)
		lock, err := reserve(port)
		if err != nil {
			continue
		}
		if p.taken == nil {
			p.taken = map[int]net.PacketConn{}
		}
		p.taken[port] = lock
		return port, nil
	}
	return 0, errors.New("stableport: no free port")
}

// reserve takes a port that nobody has.
func reserve(port int) (net.PacketConn, error) {
	address := fmt.Sprintf("127.0.0.1:%d", port)
	lock, err := net.ListenPacket("udp", address)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// Give gives a port back.
func (p *Ports) Give(port int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if lock := p.taken[port]; lock != nil {
		_ = lock.Close() // nothing was written
	}
	delete(p.taken, port)
}

package main

import (
	"io"
	"net"
	"sync"
)

// balancer spreads TCP connections over backends in turn. A connection whose
// backend cannot be reached goes to the next.
type balancer struct {
	listener net.Listener
	backends []string
	running  sync.WaitGroup

	mu    sync.Mutex
	next  int
	conns map[net.Conn]struct{}
}

func newBalancer(backends ...string) (*balancer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &balancer{listener: l, backends: backends, conns: map[net.Conn]struct{}{}}
	b.running.Go(b.accept)
	return b, nil
}

func (b *balancer) addr() string { return b.listener.Addr().String() }

func (b *balancer) accept() {
	for {
		c, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.running.Go(func() { b.forward(c) })
	}
}

func (b *balancer) forward(c net.Conn) {
	defer c.Close()
	b.mu.Lock()
	first := b.next
	b.next++
	b.mu.Unlock()
	for i := range b.backends {
		backend, err := net.Dial("tcp", b.backends[(first+i)%len(b.backends)])
		if err != nil {
			continue
		}
		b.keep(c, backend)
		var both sync.WaitGroup
		pipe := func(to, from net.Conn) {
			_, _ = io.Copy(to, from)
			_, _ = to.Close(), from.Close()
		}
		both.Go(func() { pipe(backend, c) })
		both.Go(func() { pipe(c, backend) })
		both.Wait()
		b.drop(c, backend)
		return
	}
}

func (b *balancer) keep(conns ...net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range conns {
		b.conns[c] = struct{}{}
	}
}

func (b *balancer) drop(conns ...net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range conns {
		delete(b.conns, c)
	}
}

// close ends all connections.
func (b *balancer) close() {
	_ = b.listener.Close()
	b.mu.Lock()
	for c := range b.conns {
		_ = c.Close()
	}
	b.mu.Unlock()
	b.running.Wait()
}

package devserver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Free ports are chosen below the ephemeral range (from 32768 on Linux, from 49152
// elsewhere), which operating systems use for outgoing connections and for
// listeners on port 0. So no other process is given a port between our release and
// the server's bind.
const (
	firstFreePort = 20000
	endFreePort   = 32768
	freePortTries = 100
)

// ports are the ports of one server. Idle listeners reserve them until release.
type ports struct {
	ingress, admin, node int

	held []net.Listener
}

// reservePorts reserves the ports that cfg names, and free ones for the others.
func reservePorts(cfg Config) (*ports, error) {
	p := &ports{}
	for _, want := range []struct {
		field string
		port  int
		got   *int
	}{
		{"IngressPort", cfg.IngressPort, &p.ingress},
		{"AdminPort", cfg.AdminPort, &p.admin},
		{"", cfg.member.nodePort(), &p.node},
	} {
		l, err := listen(want.port)
		if err != nil {
			p.release()
			if want.port != 0 {
				return nil, fmt.Errorf("devserver: Config.%s %d is taken, choose another or 0: %w", want.field, want.port, err)
			}
			return nil, err
		}
		p.held = append(p.held, l)
		*want.got = l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

// release frees the ports for the server. If it is never called, the garbage
// collector closes the listeners.
func (p *ports) release() {
	for _, l := range p.held {
		_ = l.Close()
	}
	p.held = nil
}

func listen(port int) (net.Listener, error) {
	if port != 0 {
		return net.Listen("tcp", hostPort("127.0.0.1", port))
	}
	var failed error
	for range freePortTries {
		l, err := net.Listen("tcp", hostPort("127.0.0.1", firstFreePort+rand.IntN(endFreePort-firstFreePort)))
		if err == nil {
			return l, nil
		}
		failed = err
	}
	return nil, fmt.Errorf("devserver: no free port from %d to %d: %w", firstFreePort, endFreePort-1, errors.Unwrap(failed))
}

func hostPort(host string, port int) string {
	return net.JoinHostPort(host, strconv.Itoa(port))
}

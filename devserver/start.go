package devserver

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fxrestate/go/internal/tail"
)

// portTries is the number of attempts to start: each attempt uses other ports if
// another process took one at the last moment.
const portTries = 5

var errPortTaken = errors.New("another process took the port")

// Start finds or installs a restate-server, starts it and waits until it is ready:
// both HTTP APIs and every partition respond. The caller must call [Server.Stop].
// The package documentation says where the server is looked for.
//
// The context limits all of this, including the installation. It has no effect
// after Start has returned. If Start returns an error, nothing is left running.
//
// The error is ErrDirInUse if another server has Config.Dir open. If the server
// ends too early or is not ready within Config.StartTimeout, the error quotes the
// end of its log. If no server was found, the error lists every place that was
// tried, what was wrong there, and what to install.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s, err := prepare(ctx, cfg)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		err := s.start(ctx)
		if err == nil {
			return s, nil
		}
		if !errors.Is(err, errPortTaken) || try == portTries {
			return nil, err
		}
		if s, err = s.elsewhere(cfg); err != nil {
			return nil, err
		}
	}
}

// prepare finds the server and chooses its ports, before the start.
func prepare(ctx context.Context, cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	r, err := find(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return newServer(cfg, r)
}

// newServer makes a server from a Config that already has its defaults.
func newServer(cfg Config, r runner) (*Server, error) {
	p, err := reservePorts(cfg)
	if err != nil {
		return nil, err
	}
	cfg.IngressPort, cfg.AdminPort, cfg.Version = p.ingress, p.admin, r.version()
	if b, ok := r.(*binary); ok {
		cfg.Binary = b.path
	}
	return &Server{
		runner:    r,
		log:       &tail.Writer{Next: cfg.Log},
		cfg:       cfg,
		temporary: cfg.Dir == "",
		ports:     p,
		done:      make(chan struct{}),
	}, nil
}

// elsewhere returns a copy of s, which could not start, with new ports for those
// that asked leaves open.
func (s *Server) elsewhere(asked Config) (*Server, error) {
	cfg := s.cfg
	cfg.IngressPort, cfg.AdminPort = asked.IngressPort, asked.AdminPort
	if s.temporary {
		cfg.Dir = ""
	}
	return newServer(cfg, s.runner)
}

// start starts the server and waits until it is ready. If it fails, only the data
// is left.
func (s *Server) start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil {
		return errors.New("devserver: this server was started before; use Start with its Config")
	}
	err := s.launch(ctx)
	if err != nil {
		s.ports.release()
		return errors.Join(fmt.Errorf("devserver: start restate-server %s: %w", s.runner.version(), err), s.removeTemporary())
	}
	go s.watch()
	return nil
}

func (s *Server) launch(ctx context.Context) (err error) {
	forServer, err := s.takeDir(ctx)
	if err != nil {
		return err
	}
	defer forServer.Close() // the server has it by then
	defer func() {
		if err != nil {
			_ = s.lock.Unlock()
		}
	}()
	limited, cancel := context.WithTimeoutCause(ctx, s.cfg.StartTimeout,
		fmt.Errorf("it was not ready within %v", s.cfg.StartTimeout))
	defer cancel()

	s.ports.release()
	proc, err := s.runner.start(launch{dir: s.cfg.Dir, ports: s.ports, env: s.cfg.Env, member: s.cfg.member, lock: forServer, out: s.log})
	if err != nil {
		return err
	}
	if err := awaitReady(limited, proc, s.ports); err != nil {
		killErr := s.runner.kill(proc)
		if errors.Is(err, errEnded) {
			err = fmt.Errorf("%w (%v)", err, how(proc))
		}
		err = errors.Join(err, killErr)
		if portTaken(s.log.String()) {
			err = fmt.Errorf("%w: %w", errPortTaken, err)
		}
		return fmt.Errorf("%w; %s", err, quote(s.log.String()))
	}
	s.proc = proc
	return nil
}

// portTaken tells from the log whether the server ended because a port was taken.
func portTaken(log string) bool {
	for _, sign := range []string{
		"failed binding to address",    // restate-server
		"port is already allocated",    // docker
		"bind: address already in use", // docker
	} {
		if strings.Contains(log, sign) {
			return true
		}
	}
	return false
}

// how describes how a process ended.
func how(p *process) string {
	if p.err == nil {
		return "exit status 0"
	}
	return p.err.Error()
}

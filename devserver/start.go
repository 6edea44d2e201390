package devserver

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// portTries is how often a start is tried on other ports when somebody takes one
// at the last moment.
const portTries = 5

var errPortTaken = errors.New("another process took the port")

// Start finds or installs a restate-server, starts it and waits until it is
// ready: both HTTP APIs answer and so does every partition. The caller owes
// it a [Server.Stop]. See [Config] for what can be chosen and the package
// documentation for where it is looked for.
//
// The context limits all of this, the installation included; afterwards it
// has no effect. When Start returns an error, nothing is left running.
//
// The error is ErrDirInUse when another server has Config.Dir open. When the
// server ends too early or does not get ready within Config.StartTimeout, the
// error quotes the end of its log. When none was found, it lists every place
// that was tried, what was wrong there, and what to install.
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

// prepare does what can be done before the start: it finds the server and
// decides on its ports.
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

// newServer takes a Config that has its defaults.
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
		log:       &tail{next: cfg.Log},
		cfg:       cfg,
		temporary: cfg.Dir == "",
		ports:     p,
		done:      make(chan struct{}),
	}, nil
}

// elsewhere returns a server like s, which could not start, on other ports
// where asked leaves that open.
func (s *Server) elsewhere(asked Config) (*Server, error) {
	cfg := s.cfg
	cfg.IngressPort, cfg.AdminPort = asked.IngressPort, asked.AdminPort
	if s.temporary {
		cfg.Dir = ""
	}
	return newServer(cfg, s.runner)
}

// start starts the server and waits until it is ready. When it fails, nothing
// is left but the data.
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
	proc, err := s.runner.start(launch{dir: s.cfg.Dir, ports: s.ports, env: s.cfg.Env, lock: forServer, out: s.log})
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

// portTaken says whether the log of a server that ended blames a port.
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

// how says how a process ended.
func how(p *process) string {
	if p.err == nil {
		return "exit status 0"
	}
	return p.err.Error()
}

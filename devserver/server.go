package devserver

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/fxrestate/go/internal/tail"
)

// stopGrace is how long the server may take to end when it is asked to. It takes
// about 50 ms, and 5 s if a request waits at its ingress.
const stopGrace = 10 * time.Second

// A Server is a restate-server that [Start] or [Module] runs. It is safe for
// concurrent use.
type Server struct {
	runner runner
	log    *tail.Writer

	stopping sync.Mutex // held by Stop and Kill

	mu        sync.Mutex   // guards the fields below
	cfg       Config       // with every default decided
	temporary bool         // cfg.Dir is removed by Stop
	claim     *flock.Flock // of a temporary cfg.Dir
	ports     *ports
	lock      *flock.Flock // of cfg.Dir, while the server runs
	proc      *process     // nil before the start
	wanted    bool         // Stop or Kill was called
	err       error

	done chan struct{}
}

// Stop stops the server and waits until it is gone. It asks the server to end, and
// kills it after 10 seconds or when ctx ends; that loses no data. Stop removes a
// temporary data directory, also after [Server.Kill]. A second Stop, or a Stop
// without a start, does nothing. An error means that the process cannot be killed,
// or that the directory cannot be removed.
func (s *Server) Stop(ctx context.Context) error {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	if proc := s.expectEnd(); proc != nil {
		ctx, cancel := context.WithTimeout(ctx, stopGrace)
		defer cancel()
		if ctx.Err() == nil && !proc.ended() {
			s.runner.terminate(ctx, proc)
		}
		select {
		case <-s.done:
		case <-ctx.Done():
			if err := s.runner.kill(proc); err != nil {
				return fmt.Errorf("devserver: stop: %w", err)
			}
			<-s.done
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.removeTemporary()
}

// Kill ends the server with SIGKILL, as a crash would, and waits until it is gone.
// The data stays; a temporary directory stays until [Server.Stop]. To run the same
// server again, with the same ports and data:
//
//	s.Kill()
//	s, err := devserver.Start(ctx, s.Config())
//
// A second Kill, or a Kill without a start, does nothing. An error means that the
// process cannot be killed.
func (s *Server) Kill() error {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	if proc := s.expectEnd(); proc != nil {
		if err := s.runner.kill(proc); err != nil {
			return fmt.Errorf("devserver: kill: %w", err)
		}
		<-s.done
	}
	return nil
}

// watch waits for the end of the process, then records it and closes done.
func (s *Server) watch() {
	<-s.proc.done
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.wanted {
		s.err = fmt.Errorf("devserver: restate-server %s ended unexpectedly (%s); %s",
			s.runner.version(), how(s.proc), quote(s.log.String()))
	}
	_ = s.lock.Unlock()
	close(s.done)
}

// expectEnd records that the server is to end. It returns the process, or nil if
// the server was never started.
func (s *Server) expectEnd() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = true
	s.ports.release()
	return s.proc
}

// Done is closed when the process of a started server is gone, for any reason.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err returns nil while the server runs, and after [Server.Stop] and [Server.Kill].
// If the process ended unexpectedly, the error says how and quotes the end of the
// log.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// IngressURL returns the base URL of the ingress, such as "http://127.0.0.1:20080".
func (s *Server) IngressURL() string { return "http://" + hostPort("127.0.0.1", s.ports.ingress) }

// AdminURL returns the base URL of the admin API, such as "http://127.0.0.1:20070".
func (s *Server) AdminURL() string { return "http://" + hostPort("127.0.0.1", s.ports.admin) }

// EndpointHost returns the host under which the server reaches this machine. Use it
// in the URL of a deployment. It is "127.0.0.1", or "host.docker.internal" when the
// server runs in Docker Desktop.
func (s *Server) EndpointHost() string { return s.runner.endpointHost() }

// Version returns the version of the server, such as "1.7.12". It differs from
// [Config].Version only if the user named a binary of another version.
func (s *Server) Version() string { return s.runner.version() }

// Dir returns the data directory. A temporary directory has no name before the
// start.
func (s *Server) Dir() string { return s.Config().Dir }

// Config returns the configuration with defaults filled in: directory, ports,
// version, and the binary unless docker runs the server. After the end of this
// server, pass it to [Start] to run the same server again.
func (s *Server) Config() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg
}

// LogTail returns the end of the server's log, at most 64 KiB.
func (s *Server) LogTail() string { return s.log.String() }

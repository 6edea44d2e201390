package devserver

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// stopGrace is how long the server may take to end when it is asked to; it
// takes about 50 ms, and 5 s while somebody waits at its ingress.
const stopGrace = 10 * time.Second

// A Server is a restate-server that [Start] or [Module] runs. Its methods may
// be called from several goroutines.
type Server struct {
	runner runner
	log    *tail

	stopping sync.Mutex // held by Stop and Kill

	mu        sync.Mutex   // guards the fields below
	cfg       Config       // with every default decided
	temporary bool         // cfg.Dir is removed by Stop
	claim     *flock.Flock // of a temporary cfg.Dir
	ports     *ports
	lock      *flock.Flock // of cfg.Dir, while the server runs
	proc      *process     // nil before the start
	wanted    bool         // its end was asked for
	err       error

	done chan struct{}
}

// Stop ends the server and waits until it is gone: it asks first, and kills
// it after 10 seconds or when ctx ends, which costs no data. A temporary data
// directory is removed, also after [Server.Kill]. Stopping it again, or when
// it was never started, does nothing. An error means that the process cannot
// be killed or the directory not be removed.
func (s *Server) Stop(ctx context.Context) error {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	if proc := s.condemn(); proc != nil {
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

// Kill ends the server with SIGKILL, as a crash would, and waits until it is
// gone. The data stays, a temporary directory until [Server.Stop]:
//
//	s.Kill()
//	s, err := devserver.Start(ctx, s.Config())
//
// has the same server again, on the same ports and data. Killing it again,
// or when it was never started, does nothing. An error means that the process
// cannot be killed.
func (s *Server) Kill() error {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	if proc := s.condemn(); proc != nil {
		if err := s.runner.kill(proc); err != nil {
			return fmt.Errorf("devserver: kill: %w", err)
		}
		<-s.done
	}
	return nil
}

// watch waits for the end of the process and publishes it.
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

// condemn notes that the end of the server is wanted and returns its process,
// nil when it was never started.
func (s *Server) condemn() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = true
	s.ports.release()
	return s.proc
}

// Done is closed when a started server's process is gone, whoever ended it.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err is nil while the server runs and after [Server.Stop] and [Server.Kill].
// When the process ended by itself, it says how and quotes the end of the log.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// IngressURL is the base URL of the ingress, such as "http://127.0.0.1:20080".
func (s *Server) IngressURL() string { return "http://" + hostPort("127.0.0.1", s.ports.ingress) }

// AdminURL is the base URL of the admin API, such as "http://127.0.0.1:20070".
func (s *Server) AdminURL() string { return "http://" + hostPort("127.0.0.1", s.ports.admin) }

// EndpointHost is the name under which the server reaches this machine, for
// the URL that a deployment is registered with: "127.0.0.1", or
// "host.docker.internal" when the server runs in Docker Desktop.
func (s *Server) EndpointHost() string { return s.runner.endpointHost() }

// Version is the version of the server, such as "1.7.12". It differs from what
// [Config].Version asked for only when the user named a binary of another one.
func (s *Server) Version() string { return s.runner.version() }

// Dir is the data directory. A temporary one has no name before the start.
func (s *Server) Dir() string { return s.Config().Dir }

// Config is the configuration that was given with everything decided that it
// left open: directory, ports, version, and the binary unless docker runs the
// server. Given to [Start] after the end of this server, it starts it again.
func (s *Server) Config() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg
}

// LogTail is the end of the server's log, at most 64 KiB.
func (s *Server) LogTail() string { return s.log.String() }

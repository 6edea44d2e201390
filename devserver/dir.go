package devserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// dirGrace is how long a start waits for the lock of the data directory: a server
// whose parent was killed takes a moment to end.
const dirGrace = 3 * time.Second

// Files of this package in a data directory.
const (
	useLock    = "devserver.lock"       // held by the process whose server has the directory open
	serverLock = "devserver.child.lock" // held by that server
	claimLock  = "devserver.claim.lock" // of a temporary directory, held by the process that will remove it
	ownerFile  = "devserver.owner"      // names the holder of useLock, for people
)

// ErrDirInUse is returned, wrapped, by [Start] when another server has
// [Config].Dir open.
var ErrDirInUse = errors.New("the data directory is in use by another server")

// takeDir creates the data directory and locks it, for this process and for the
// server.
func (s *Server) takeDir(ctx context.Context) (forServer *os.File, err error) {
	if s.temporary {
		sweep(s.cfg)
		if s.cfg.Dir, s.claim, err = makeTemporary(); err != nil {
			return nil, err
		}
	} else if err := os.MkdirAll(s.cfg.Dir, 0o700); err != nil {
		return nil, err
	}

	ctx, cancel := context.WithTimeout(ctx, dirGrace)
	defer cancel()
	lock, err := s.lockDir(ctx, useLock)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = lock.Unlock()
		}
	}()
	// A server may outlive the process that started it.
	orphan, err := s.lockDir(ctx, serverLock)
	if err != nil {
		return nil, err
	}
	if err := orphan.Unlock(); err != nil {
		return nil, err
	}
	if err := s.prepareDir(); err != nil {
		return nil, err
	}
	forServer, err = lockForServer(filepath.Join(s.cfg.Dir, serverLock))
	if err != nil {
		return nil, err
	}
	s.lock = lock
	return forServer, nil
}

// lockDir takes one of the locks of the data directory.
func (s *Server) lockDir(ctx context.Context, name string) (*flock.Flock, error) {
	lock, err := lockFile(ctx, filepath.Join(s.cfg.Dir, name), nil)
	if errors.Is(err, errLocked) && !errors.Is(err, context.Canceled) {
		holder, _ := os.ReadFile(filepath.Join(s.cfg.Dir, ownerFile))
		return nil, fmt.Errorf("%w: %s (%s); stop that server or choose another Config.Dir", ErrDirInUse, s.cfg.Dir, bytes.ToValidUTF8(holder, nil))
	}
	return lock, err
}

// prepareDir writes the owner file, and makes the server's data in the directory
// inaccessible to other users. The server's own files are readable by everybody,
// and so may be a directory that this package did not create.
func (s *Server) prepareDir() error {
	owner := fmt.Sprintf("started by process %d, admin API %s", os.Getpid(), s.AdminURL())
	if err := os.WriteFile(filepath.Join(s.cfg.Dir, ownerFile), []byte(owner), 0o600); err != nil {
		return err
	}
	data := filepath.Join(s.cfg.Dir, s.cfg.member.nodeName())
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	return os.Chmod(data, 0o700)
}

// removeTemporary removes the data directory if it is a temporary one.
func (s *Server) removeTemporary() error {
	if !s.temporary || s.cfg.Dir == "" {
		return nil
	}
	if s.claim != nil {
		_ = s.claim.Unlock() // some systems cannot remove open files
	}
	if err := os.RemoveAll(s.cfg.Dir); err != nil {
		return fmt.Errorf("devserver: remove the temporary data directory: %w", err)
	}
	return nil
}

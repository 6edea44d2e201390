package gather_test

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClose(t *testing.T) {
	t.Parallel()

	t.Run("sends what was written before", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c, peer := pipe(t)
			write(t, c, "hello ")
			write(t, c, "world")
			closed := make(chan error)
			go func() { closed <- c.Close() }()
			time.Sleep(900 * time.Millisecond)
			require.Empty(t, closed)
			requireReads(t, peer, "hello world")
			require.NoError(t, <-closed)
		})
	})

	t.Run("gives up on a peer that does not read", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c, _ := pipe(t)
			write(t, c, "lost")
			start := time.Now()
			require.ErrorIs(t, c.Close(), io.ErrClosedPipe)
			require.Equal(t, time.Second, time.Since(start))
		})
	})

	t.Run("ends reads and writes", func(t *testing.T) {
		t.Parallel()
		c, peer := tcpPair(t)
		read := make(chan error)
		go func() {
			_, err := c.Read(make([]byte, 1))
			read <- err
		}()
		require.NoError(t, c.Close())
		require.ErrorIs(t, <-read, net.ErrClosed)
		_, err := c.Write([]byte("late"))
		require.ErrorIs(t, err, net.ErrClosed)
		require.NoError(t, peer.Close())
	})

	t.Run("drops what was read ahead", func(t *testing.T) {
		t.Parallel()
		c, peer := tcpPair(t)
		write(t, peer, "ab")
		_, err := c.Read(make([]byte, 1))
		require.NoError(t, err)
		require.NoError(t, c.Close())
		_, err = c.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
		require.NoError(t, peer.Close())
	})

	t.Run("says so when it was closed before", func(t *testing.T) {
		t.Parallel()
		c, peer := tcpPair(t)
		require.NoError(t, c.Close())
		require.ErrorIs(t, c.Close(), net.ErrClosed)
		require.NoError(t, peer.Close())
	})

	t.Run("is not cut short by another", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c, peer := pipe(t)
			write(t, c, "hello")
			first := make(chan error)
			go func() { first <- c.Close() }()
			synctest.Wait()
			require.ErrorIs(t, c.Close(), net.ErrClosed)
			requireReads(t, peer, "hello")
			require.NoError(t, <-first)
		})
	})
}

func TestCloseWrite(t *testing.T) {
	t.Parallel()

	t.Run("sends what was written before and leaves reading open", func(t *testing.T) {
		t.Parallel()
		c, peer := tcpPair(t)
		write(t, c, "hello")
		require.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())
		_, err := c.Write([]byte("late"))
		require.ErrorIs(t, err, net.ErrClosed)

		write(t, peer, "still there")
		got := make([]byte, len("still there"))
		_, err = io.ReadFull(c, got)
		require.NoError(t, err)
		require.Equal(t, "still there", string(got))
		requireReads(t, peer, "hello")
		require.NoError(t, c.Close())
	})

	t.Run("is not supported where the connection below cannot do it", func(t *testing.T) {
		t.Parallel()
		c, peer := pipe(t)
		require.ErrorContains(t, c.(interface{ CloseWrite() error }).CloseWrite(), "unsupported")
		require.NoError(t, c.Close())
		require.NoError(t, peer.Close())
	})
}

// A synctest bubble fails if a goroutine is left in it.
func TestAnIdleConnectionHasNoGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := newFakeConn()
		c := wrap(t, fake)
		for range 3 {
			write(t, c, "hello")
			<-fake.writes
			fake.result <- nil
		}
	})
}

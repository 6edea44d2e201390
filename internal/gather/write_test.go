package gather_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/testkit"
)

// full is the number of bytes that a connection accepts while the peer does not read.
const full = 64 << 10

func TestWritesDuringASendLeaveTogether(t *testing.T) {
	t.Parallel()
	fake := newFakeConn()
	c := wrap(t, fake)
	write(t, c, "first ")
	require.Equal(t, "first ", string(<-fake.writes))
	write(t, c, "second ")
	write(t, c, "third ")
	write(t, c, "fourth")
	fake.result <- nil
	require.Equal(t, "second third fourth", string(<-fake.writes))
	fake.result <- nil
	require.NoError(t, c.Close())
}

func TestAWriteDoesNotWaitForTheNetwork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, peer := pipe(t)
		p := bytes.Repeat([]byte("x"), full)
		write(t, c, string(p)) // the peer reads nothing
		p[0] = 'y'             // and a writer may reuse its bytes
		go func() { _ = c.Close() }()
		got, err := io.ReadAll(peer)
		require.NoError(t, err)
		require.Len(t, got, full)
		require.Equal(t, byte('x'), got[0])
	})
}

func TestAnEmptyWriteSendsNothing(t *testing.T) {
	t.Parallel()
	fake := newFakeConn()
	c := wrap(t, fake)
	write(t, c, "")
	require.NoError(t, c.Close()) // a send would wait for the test to take it
}

// Each message has its writer, its number and its length. Broken or swapped messages
// show as wrong values.
func TestConcurrentWritesArriveWholeAndInOrder(t *testing.T) {
	t.Parallel()
	const writers, messages = 16, 400
	c, peer := tcpPair(t)

	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			for i := range messages {
				size := random.IntN(300)
				if i%100 == 50 {
					size = full + random.IntN(full) // must wait for space while others follow
				}
				m := make([]byte, 12+size)
				binary.BigEndian.PutUint32(m[0:], uint32(w))
				binary.BigEndian.PutUint32(m[4:], uint32(i))
				binary.BigEndian.PutUint32(m[8:], uint32(size))
				for j := range m[12:] {
					m[12+j] = byte(w)
				}
				if n, err := c.Write(m); err != nil || n != len(m) {
					t.Errorf("writer %d, message %d: %d bytes, %v", w, i, n, err)
					return
				}
				clear(m)
			}
		})
	}
	go func() {
		wg.Wait()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()

	next := make([]uint32, writers)
	var head [12]byte
	for {
		if _, err := io.ReadFull(peer, head[:]); err == io.EOF {
			break
		} else {
			require.NoError(t, err)
		}
		w, i, size := binary.BigEndian.Uint32(head[0:]), binary.BigEndian.Uint32(head[4:]), binary.BigEndian.Uint32(head[8:])
		require.Less(t, w, uint32(writers))
		require.Equal(t, next[w], i, "writer %d", w)
		next[w]++
		body := make([]byte, size)
		_, err := io.ReadFull(peer, body)
		require.NoError(t, err)
		require.Equal(t, int(size), bytes.Count(body, []byte{byte(w)}), "writer %d, message %d", w, i)
	}
	for w := range writers {
		require.Equal(t, uint32(messages), next[w], "writer %d", w)
	}
	require.NoError(t, peer.Close())
}

func TestAFailedSend(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")

	t.Run("is the result of the next write", func(t *testing.T) {
		t.Parallel()
		fake := newFakeConn()
		c := wrap(t, fake)
		write(t, c, "lost")
		<-fake.writes
		write(t, c, "lost too")
		fake.result <- broken
		require.Eventually(t, func() bool {
			_, err := c.Write(nil)
			return errors.Is(err, broken)
		}, testkit.Within, time.Millisecond)
		require.ErrorIs(t, c.Close(), broken)
	})

	t.Run("is the result of a write that waits", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			fake := newFakeConn()
			c := wrap(t, fake)
			fill(t, c, fake)
			n, result := startWrite(c, "waits")
			fake.result <- broken
			require.ErrorIs(t, <-result, broken)
			require.Zero(t, <-n)
			require.ErrorIs(t, c.Close(), broken)
		})
	})

	t.Run("closes the connection for its reader", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			fake := newFakeConn()
			c := wrap(t, fake)
			write(t, c, "lost")
			<-fake.writes
			require.Zero(t, fake.closes())
			fake.result <- broken
			synctest.Wait()
			require.Equal(t, 1, fake.closes())
		})
	})
}

func TestAWriteToAFullBuffer(t *testing.T) {
	t.Parallel()

	t.Run("waits until there is room", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			fake := newFakeConn()
			c := wrap(t, fake)
			fill(t, c, fake)
			n, result := startWrite(c, "waits")
			time.Sleep(time.Hour)
			require.Empty(t, result)
			fake.result <- nil
			require.NoError(t, <-result)
			require.Equal(t, len("waits"), <-n)
			require.Len(t, <-fake.writes, full)
			fake.result <- nil
			require.Equal(t, "waits", string(<-fake.writes))
			fake.result <- nil
			require.NoError(t, c.Close())
		})
	})

	t.Run("waits until the deadline", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			fake := newFakeConn()
			c := wrap(t, fake)
			fill(t, c, fake)
			require.NoError(t, c.SetWriteDeadline(time.Now().Add(time.Minute)))
			start := time.Now()
			n, result := startWrite(c, "waits")
			require.ErrorIs(t, <-result, os.ErrDeadlineExceeded)
			require.Zero(t, <-n)
			require.Equal(t, time.Minute, time.Since(start))
			finish(t, c, fake)
		})
	})

	t.Run("observes a deadline that is set while it waits", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			fake := newFakeConn()
			c := wrap(t, fake)
			fill(t, c, fake)
			require.NoError(t, c.SetWriteDeadline(time.Now().Add(time.Hour)))
			_, result := startWrite(c, "waits")
			synctest.Wait()
			start := time.Now()
			require.NoError(t, c.SetWriteDeadline(start.Add(time.Second)))
			require.ErrorIs(t, <-result, os.ErrDeadlineExceeded)
			require.Equal(t, time.Second, time.Since(start))
			finish(t, c, fake)
		})
	})

	t.Run("says how much it took when it gives up", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			fake := newFakeConn()
			c := wrap(t, fake)
			write(t, c, "first")
			<-fake.writes
			require.NoError(t, c.SetWriteDeadline(time.Now().Add(time.Minute)))
			n, err := c.Write(make([]byte, full+1))
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.Equal(t, full, n)
			finish(t, c, fake)
		})
	})

	t.Run("is refused when the connection is closed", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			fake := newFakeConn()
			c := wrap(t, fake)
			fill(t, c, fake)
			_, result := startWrite(c, "waits")
			synctest.Wait()
			closed := make(chan error)
			go func() { closed <- c.Close() }()
			require.ErrorIs(t, <-result, net.ErrClosed)
			fake.result <- nil
			<-fake.writes
			fake.result <- nil
			require.NoError(t, <-closed)
		})
	})
}

func TestWriteDeadline(t *testing.T) {
	t.Parallel()

	t.Run("in the past refuses a write although there is room", func(t *testing.T) {
		t.Parallel()
		c, peer := tcpPair(t)
		require.NoError(t, c.SetDeadline(time.Now().Add(-time.Second)))
		_, err := c.Write([]byte("late"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		_, err = c.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)

		require.NoError(t, c.SetDeadline(time.Time{}))
		write(t, c, "in time")
		require.NoError(t, c.Close())
		requireReads(t, peer, "in time")
	})

	t.Run("in the past does not take back what was accepted", func(t *testing.T) {
		t.Parallel()
		c, peer := pipe(t)
		write(t, c, "accepted")
		require.NoError(t, c.SetWriteDeadline(time.Now().Add(-time.Second)))
		closed := make(chan error)
		go func() { closed <- c.Close() }()
		requireReads(t, peer, "accepted")
		require.NoError(t, <-closed)
	})
}

func write(t testing.TB, c net.Conn, s string) {
	t.Helper()
	n, err := c.Write([]byte(s))
	require.NoError(t, err)
	require.Equal(t, len(s), n)
}

// startWrite writes in a goroutine.
func startWrite(c net.Conn, s string) (n <-chan int, err <-chan error) {
	ns, errs := make(chan int, 1), make(chan error, 1)
	go func() {
		n, err := c.Write([]byte(s))
		ns <- n
		errs <- err
	}()
	return ns, errs
}

// fill starts a send and fills the buffer.
func fill(t testing.TB, c net.Conn, fake *fakeConn) {
	t.Helper()
	write(t, c, "first")
	require.Equal(t, "first", string(<-fake.writes))
	write(t, c, string(make([]byte, full)))
}

// finish completes the pending sends and closes.
func finish(t testing.TB, c net.Conn, fake *fakeConn) {
	t.Helper()
	fake.result <- nil
	require.Len(t, <-fake.writes, full)
	fake.result <- nil
	require.NoError(t, c.Close())
}

// requireReads reads until the peer closes.
func requireReads(t testing.TB, peer net.Conn, want string) {
	t.Helper()
	got, err := io.ReadAll(peer)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
	require.NoError(t, peer.Close())
}

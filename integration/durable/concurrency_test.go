package durable_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// meeting lets nobody go before all have come.
type meeting struct {
	mu      sync.Mutex
	waiting map[string]bool
	all     int
	met     chan struct{}
}

func newMeeting(all int) *meeting {
	return &meeting{waiting: map[string]bool{}, all: all, met: make(chan struct{})}
}

// attend waits until all others have come. Who comes again, as a retried attempt
// does, counts once.
func (m *meeting) attend(who string) error {
	m.mu.Lock()
	if !m.waiting[who] {
		m.waiting[who] = true
		if len(m.waiting) == m.all {
			close(m.met)
		}
	}
	m.mu.Unlock()
	select {
	case <-m.met:
		return nil
	case <-time.After(testkit.Within):
		return restate.ToTerminalError(errors.New("the others did not come"))
	}
}

// Counter counts, and watches who counts at the same time.
type Counter struct {
	*meeting

	mu      sync.Mutex
	writers map[string]int
	crowd   int // most writers of one key at a time
}

func (c *Counter) enter(key string) (leave func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writers[key]++
	c.crowd = max(c.crowd, c.writers[key])
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.writers[key]--
	}
}

func (c *Counter) Add(ctx restate.ObjectContext, n int) (int, error) {
	defer c.enter(restate.Key(ctx))()
	count, err := restate.Get[int](ctx, "count")
	if err != nil {
		return 0, err
	}
	// Time for another writer to come in between, and something to wait for.
	if err := restate.RunVoid(ctx, func(restate.RunContext) error {
		time.Sleep(time.Millisecond)
		return nil
	}); err != nil {
		return 0, err
	}
	restate.Set(ctx, "count", count+n)
	return count + n, nil
}

// Meet is exclusive, as Add is.
func (c *Counter) Meet(ctx restate.ObjectContext) error { return c.attend(restate.Key(ctx)) }

// MeetShared runs beside Meet of the same key.
func (c *Counter) MeetShared(ctx restate.ObjectSharedContext, who string) error { return c.attend(who) }

func startCounter(t *testing.T, meeting *meeting) (*Counter, string) {
	c, name := &Counter{meeting: meeting, writers: map[string]int{}}, testkit.Unique("counter")
	testkit.Start(t, fxrestate.Object[*Counter](testkit.Made(c), fxrestate.Name(name)))
	return c, name
}

func TestObjectHasOneWriterPerKey(t *testing.T) {
	t.Parallel()
	const calls = 50
	c, name := startCounter(t, nil)
	counts := make([]int, calls)
	testkit.Each(t, calls, func(i int) error {
		a, err := testkit.TryPost(t, testkit.Path(name, "k", "Add"), 1)
		if err != nil {
			return err
		}
		return json.Unmarshal(a.Body, &counts[i])
	})
	slices.Sort(counts)
	for i, count := range counts {
		require.Equal(t, i+1, count, "each call saw the count of the one before it")
	}
	require.Equal(t, 1, c.crowd, "writers of a key at a time")
	require.NoError(t, testkit.StateIs(t, name, "k", "count", "50"))
}

func TestObjectsOfDifferentKeysRunAtTheSameTime(t *testing.T) {
	t.Parallel()
	_, name := startCounter(t, newMeeting(5))
	testkit.Each(t, 5, func(i int) error {
		_, err := testkit.TryPost(t, testkit.Path(name, string(rune('a'+i)), "Meet"), nil)
		return err
	})
}

func TestSharedHandlersRunBesideAnExclusiveOne(t *testing.T) {
	t.Parallel()
	_, name := startCounter(t, newMeeting(3))
	testkit.Each(t, 3, func(i int) error {
		if i == 0 {
			_, err := testkit.TryPost(t, testkit.Path(name, "k", "Meet"), nil)
			return err
		}
		_, err := testkit.TryPost(t, testkit.Path(name, "k", "MeetShared"), fmt.Sprint("reader ", i))
		return err
	})
}

// Hall is a service, whose handlers know no keys.
type Hall struct{ *meeting }

func (h *Hall) Meet(_ restate.Context, who string) error { return h.attend(who) }

func TestInvocationsOfAServiceRunAtTheSameTime(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("hall")
	testkit.Start(t, fxrestate.Service[*Hall](testkit.Made(&Hall{newMeeting(10)}), fxrestate.Name(name)))
	testkit.Each(t, 10, func(i int) error {
		_, err := testkit.TryPost(t, testkit.Path(name, "Meet"), fmt.Sprint("guest ", i))
		return err
	})
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/fxrestate/go/devserver"
)

const (
	steadyCallers = 24
	// steadyEvery is how often each caller calls, unless its last call is still on its way.
	steadyEvery = 100 * time.Millisecond
	// steadyPatience is how long a caller waits before it asks the next node, since one that
	// is lost never answers. A call has failed after steadyLimit.
	steadyPatience = 5 * time.Second
	steadyLimit    = 2 * time.Minute
)

// steadyLoad has callers that add to a counter each, through the nodes of a cluster. A
// request that fails is sent to the next node, with the same idempotency key.
type steadyLoad struct {
	client *http.Client
	nodes  []*devserver.Node

	mu      sync.Mutex
	calls   []steadyCall
	added   [steadyCallers]int
	tried   [steadyCallers]int // calls, also those that failed
	retried int
	failed  int
}

// steadyCall is a call that has succeeded.
type steadyCall struct{ began, ended time.Time }

func newSteadyLoad(nodes *devserver.Cluster) *steadyLoad {
	return &steadyLoad{client: newClient(), nodes: nodes.Nodes()}
}

// once makes a call for each caller.
func (l *steadyLoad) once(ctx context.Context) { l.each(func(caller int) { l.call(ctx, caller) }) }

// run makes calls until ctx ends, and waits for the last ones.
func (l *steadyLoad) run(ctx context.Context) {
	l.each(func(caller int) {
		every := time.NewTicker(steadyEvery)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				l.call(context.WithoutCancel(ctx), caller)
			case <-ctx.Done():
				return
			}
		}
	})
}

func (l *steadyLoad) each(do func(caller int)) {
	var callers sync.WaitGroup
	for caller := range steadyCallers {
		callers.Go(func() { do(caller) })
	}
	callers.Wait()
}

// call adds one to the counter of a caller.
func (l *steadyLoad) call(ctx context.Context, caller int) {
	l.mu.Lock()
	n := l.tried[caller]
	l.tried[caller]++
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, steadyLimit)
	defer cancel()
	c, retried := steadyCall{began: time.Now()}, 0
	_, err := l.add(ctx, caller, 0, "1", n)
	for ; err != nil && ctx.Err() == nil; retried++ {
		time.Sleep(10 * time.Millisecond) // the next node may be starting
		_, err = l.add(ctx, caller, retried+1, "1", n)
	}
	c.ended = time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.retried += retried
	if err != nil {
		l.failed++
		fmt.Fprintln(os.Stderr, "bench:", err)
		return
	}
	l.added[caller]++
	l.calls = append(l.calls, c)
}

// add makes the nth request of a caller, through one node or another.
func (l *steadyLoad) add(ctx context.Context, caller, retry int, delta string, n int) (count int, err error) {
	ctx, cancel := context.WithTimeout(ctx, steadyPatience)
	defer cancel()
	node := l.nodes[(caller+retry)%len(l.nodes)]
	req, err := newPost(ctx, fmt.Sprintf("%s/CounterLoss/%d/Add", node.IngressURL(), caller), []byte(delta))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Idempotency-Key", fmt.Sprintf("%d-%d", caller, n))
	out, err := do(l.client, req)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(out))
}

// between returns the longest call of which a part was in a time, and the longest part of that
// time in which no call ended.
func (l *steadyLoad) between(from, to time.Time) (longest, silence time.Duration) {
	slices.SortFunc(l.calls, func(a, b steadyCall) int { return a.ended.Compare(b.ended) })
	last := from
	for _, c := range l.calls {
		if c.ended.Before(from) || c.began.After(to) {
			continue
		}
		longest = max(longest, c.ended.Sub(c.began))
		if c.ended.Before(to) {
			silence = max(silence, c.ended.Sub(last))
			last = c.ended
		}
	}
	return longest, max(silence, to.Sub(last))
}

// outcome compares the counters with the calls. A call that has failed may have been made or
// not.
func (l *steadyLoad) outcome(ctx context.Context) (out outcome) {
	out.calls, out.failed = len(l.calls)+l.failed, l.failed
	for caller, added := range l.added {
		var count int
		err := errors.New("not asked yet")
		for try := 0; err != nil && try < len(l.nodes); try++ {
			count, err = l.add(ctx, caller, try, "0", l.tried[caller])
		}
		if err != nil {
			out.failed++
			fmt.Fprintln(os.Stderr, "bench:", err)
			continue
		}
		out.lost += max(added-count, 0)
		out.doubled += max(count-l.tried[caller], 0)
	}
	return out
}

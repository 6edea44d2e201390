package runner

import (
	"container/heap"
	"time"
)

// timer is something to do at a time of the runner's clock.
type timer struct {
	at    time.Time
	order uint64 // of those for one time, the first comes first
	do    func() // nil when it was done or cancelled
}

func (t *timer) cancel() {
	if t != nil {
		t.do = nil
	}
}

// timers are those to come.
type timers struct {
	heap timerHeap
	made uint64
}

func (t *timers) add(at time.Time, do func()) *timer {
	t.made++
	added := &timer{at, t.made, do}
	heap.Push(&t.heap, added)
	return added
}

// next returns the next one, or nil.
func (t *timers) next() *timer {
	for len(t.heap) > 0 && t.heap[0].do == nil {
		heap.Pop(&t.heap)
	}
	if len(t.heap) == 0 {
		return nil
	}
	return t.heap[0]
}

// due takes the next one out if its time has come.
func (t *timers) due(now time.Time) *timer {
	next := t.next()
	if next == nil || next.at.After(now) {
		return nil
	}
	heap.Pop(&t.heap)
	due := *next
	next.do = nil
	return &due
}

// timerHeap implements heap.Interface.
type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].order < h[j].order
	}
	return h[i].at.Before(h[j].at)
}

func (h timerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *timerHeap) Push(x any) { *h = append(*h, x.(*timer)) }

func (h *timerHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}

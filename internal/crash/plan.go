package crash

import (
	"fmt"
	"hash/fnv"
	"regexp"
)

// Plan says what an [Injector] breaks. The zero value breaks nothing.
type Plan struct {
	// Point is where the process dies, once. Default: nil, it lives.
	Point *Point
	// Suspend ends each attempt where it has to wait.
	Suspend bool
	// Duplicate runs each attempt a second time at the same time. What the second one
	// writes is dropped, and it is told what the first one is told.
	Duplicate bool
	// Seed is what the random numbers of handlers depend on, together with the
	// [Identity] of the invocation: they are the same in all runs with the same seed.
	Seed uint64
	// ByOrder tells invocations of one handler apart by the order in which they begin
	// alone, and not by their keys and inputs. It is for runs whose keys and inputs are
	// never the same.
	ByOrder bool
}

// When says on which side of an entry the process dies.
type When uint8

// The sides of an entry.
const (
	// Before is right before the entry would be sent.
	Before When = iota
	// After is right after it was sent and, as far as that shows, stored.
	After
	// Within is when half of its frame was sent.
	Within
)

// String is for people.
func (w When) String() string {
	switch w {
	case After:
		return "after"
	case Within:
		return "within"
	default:
		return "before"
	}
}

// Point is a place in the journal of an invocation.
type Point struct {
	Invocation Identity
	// Entry counts what the handler has written, commands and results of steps, from 1.
	Entry int
	When  When
}

// Identity is what an invocation has in common with the same one in another run. Its id
// is another one each time.
type Identity struct {
	Service, Handler string
	Key              string // of an object or a workflow
	Input            uint64 // a digest
	Ordinal          int    // among those that have the rest in common, from 1
}

// Target is the service and the handler.
func (i Identity) Target() string { return i.Service + "/" + i.Handler }

// String names the invocation for people.
func (i Identity) String() string {
	s := i.Target()
	if i.Key != "" {
		s = fmt.Sprintf("%s of %q", s, i.Key)
	}
	if i.Ordinal > 1 {
		s = fmt.Sprintf("%s (no. %d)", s, i.Ordinal)
	}
	return s
}

// seed returns the seed of the invocation's random numbers.
func (i Identity) seed(of uint64) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d %q %q %q %d %d", of, i.Service, i.Handler, i.Key, i.Input, i.Ordinal)
	return h.Sum64() | 1 // 0 stands for none
}

func digest(b []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(b)
	return h.Sum64()
}

var ids = regexp.MustCompile(`\b(inv|sign|prom)_1[0-9A-Za-z_-]{8,}`)

// WithoutIDs replaces the ids of invocations and awakeables, which are others in each
// run.
func WithoutIDs(b []byte) []byte { return ids.ReplaceAll(b, []byte("${1}_…")) }

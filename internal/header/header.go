// Package header has the one rule by which headers are looked up.
package header

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// Headers are headers by their names as they were sent, such as those of
// restate.Request.
type Headers interface {
	// Get returns the value of the header with exactly this name, or "".
	Get(name string) string
	// Iter iterates the headers in the order of their names.
	Iter() iter.Seq2[string, string]
}

// Find returns the value of a header, or "". The case of names does not matter: the
// ingress sends them in lower case, and a handler that calls another sends them as they
// are written. If several names differ in case only, the one that is written like name
// is taken, then the one in lower case, then the first in the order of names. An empty
// header is like none.
func Find(headers Headers, name string) string {
	if headers == nil {
		return ""
	}
	if v := headers.Get(name); v != "" {
		return v
	}
	if v := headers.Get(strings.ToLower(name)); v != "" {
		return v
	}
	for n, v := range headers.Iter() {
		if v != "" && strings.EqualFold(n, name) {
			return v
		}
	}
	return ""
}

// Lists are headers with several values each, as in net/http. The first value counts.
type Lists map[string][]string

// Get implements [Headers].
func (l Lists) Get(name string) string {
	if values := l[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Iter implements [Headers].
func (l Lists) Iter() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for _, name := range slices.Sorted(maps.Keys(l)) {
			if !yield(name, l.Get(name)) {
				return
			}
		}
	}
}

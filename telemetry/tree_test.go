package telemetry_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// node is a span with those below it, as they began.
type node struct {
	name, note string
	of         string // "server", "application" or "lost"
	start, end uint64
	below      []*node
}

// treeOf makes a tree of the spans of a trace. An attempt whose process was killed has no
// span, since one is sent when it ends. What it had below it tells its id: it is put where
// it would be, below the span that the server has of that attempt. Attempts that the server
// made while no process was there are left out.
func treeOf(spans []collected) *node {
	nodes := map[string]*node{}
	for _, s := range spans {
		nodes[s.ID] = &node{name: s.Name, note: noteOf(s), of: s.Of, start: s.Start, end: s.End}
	}
	var root *node
	for _, s := range spans {
		if s.Parent == "" {
			root = nodes[s.ID]
			continue
		}
		if nodes[s.Parent] == nil {
			nodes[s.Parent] = lost(spans, nodes, s)
		}
		nodes[s.Parent].below = append(nodes[s.Parent].below, nodes[s.ID])
	}
	for _, n := range nodes {
		n.below = slices.DeleteFunc(n.below, (*node).reachedNobody)
		slices.SortStableFunc(n.below, func(a, b *node) int { return cmp.Compare(a.start, b.start) })
	}
	return root
}

const serversAttempt = "invocation-attempt "

func (n *node) reachedNobody() bool {
	return strings.HasPrefix(n.name, serversAttempt) && len(n.below) == 0
}

// lost returns the attempt that an orphan was made by: the last before it of which the
// server alone has a span.
func lost(spans []collected, nodes map[string]*node, orphan collected) *node {
	n := &node{name: "?", note: "lost: its process was killed", of: "lost", start: orphan.Start, end: orphan.End}
	var above *node
	for _, s := range spans { // as they began
		name, isAttempt := strings.CutPrefix(s.Name, serversAttempt)
		known := func(of collected) bool { return of.Parent == s.ID && of.Of == "application" }
		if isAttempt && s.Start <= orphan.Start && !slices.ContainsFunc(spans, known) {
			above, n.name, n.start, n.end = nodes[s.ID], name, s.Start, s.End
		}
	}
	if above != nil {
		above.below = append(above.below, n)
	}
	return n
}

// noteOf says what one wants to know of a span.
func noteOf(s collected) string {
	var notes []string
	if s.Kind == "client" {
		notes = append(notes, "call")
	}
	if outcome := s.Attributes["restate.outcome"]; outcome != "" {
		notes = append(notes, outcome)
	}
	if s.Attributes["restate.step.retry"] != "" {
		notes = append(notes, "again")
	}
	if n := s.Attributes["restate.attempt.replayed_steps"]; n != "" {
		notes = append(notes, "replayed steps: "+n)
	}
	return strings.Join(notes, ", ")
}

// text is a tree as lines: name, note, who made it, when it began and how long it took.
func (n *node) text(withTimes bool) string {
	var b strings.Builder
	var write func(at *node, depth int)
	write = func(at *node, depth int) {
		fmt.Fprintf(&b, "%s%s | %s | %s", strings.Repeat("  ", depth), at.name, at.note, at.of)
		if withTimes {
			fmt.Fprintf(&b, " | %v | %v", sinceStart(n, at.start), sinceStart(n, at.end))
		}
		b.WriteByte('\n')
		for _, child := range at.below {
			write(child, depth+1)
		}
	}
	write(n, 0)
	return b.String()
}

func sinceStart(root *node, at uint64) time.Duration {
	return time.Duration(at - min(at, root.start)).Round(100 * time.Microsecond)
}

// merged is the tree with attempts of one invocation as one, which differ in number with
// the settings of a server. What else is there more than once is counted.
func (n *node) merged() *node {
	m := &node{name: n.name, of: n.of, start: n.start, end: n.end}
	if strings.HasPrefix(n.note, "call") {
		m.note = "call"
	}
	for all := slices.Clone(n.below); len(all) > 0; {
		same, rest := all[:1:1], []*node(nil)
		for _, c := range all[1:] {
			if c.name == all[0].name && c.isCall() == all[0].isCall() {
				same = append(same, c)
			} else {
				rest = append(rest, c)
			}
		}
		one := &node{name: same[0].name, note: same[0].note, of: same[0].of, start: same[0].start}
		if one.of == "lost" {
			one.of = "application"
		}
		for _, c := range same {
			one.below = append(one.below, c.below...)
		}
		one = one.merged()
		if isAttempt := strings.Contains(one.name, "/") && !one.isCall(); len(same) > 1 && !isAttempt {
			one.note = fmt.Sprintf("%d times", len(same))
		}
		m.below, all = append(m.below, one), rest
	}
	return m
}

func (n *node) isCall() bool { return strings.HasPrefix(n.note, "call") }

// walk goes through a tree.
func (n *node) walk(visit func(n *node)) {
	visit(n)
	for _, c := range n.below {
		c.walk(visit)
	}
}

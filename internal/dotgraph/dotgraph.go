// Package dotgraph reads the graph of constructors that fx draws, fx.DotGraph: what each
// constructor takes and returns. Neither fx nor dig tells it in another form.
package dotgraph

import (
	"fmt"
	"strconv"
	"strings"
)

// Constructor is a function in a container of dig. Types are as reflect.Type.String has
// them, with the names and groups that dig appends.
type Constructor struct {
	Package, Name string
	// Takes are the types of the parameters, and Optional those which may be absent.
	Takes, Optional []string
	// Gives are the types of the results.
	Gives []string
}

// Graph has the constructors.
type Graph struct {
	Constructors []Constructor
	// Groups are the value groups, with the results that are in them.
	Groups map[string][]string
}

// Parse reads a graph.
func Parse(dot string) (Graph, error) {
	g := Graph{Groups: map[string][]string{}}
	inside := false // of the subgraph of the last constructor
	for number, line := range strings.Split(dot, "\n") {
		line = strings.TrimSpace(line)
		bad := func() (Graph, error) {
			return Graph{}, fmt.Errorf("dotgraph: line %d cannot be read: %q", number+1, line)
		}
		last := len(g.Constructors) - 1
		switch {
		case strings.HasPrefix(line, "subgraph "):
			g.Constructors, inside = append(g.Constructors, Constructor{}), true
		case line == "}":
			inside = false
		case inside && strings.HasPrefix(line, "label = "):
			name, _, ok := quoted(strings.TrimPrefix(line, "label = "))
			if !ok {
				return bad()
			}
			g.Constructors[last].Package = name
		case inside && strings.HasPrefix(line, "constructor_"):
			_, label, _ := strings.Cut(line, " label=")
			name, _, ok := quoted(label)
			if !ok {
				return bad()
			}
			g.Constructors[last].Name = name
		case inside && strings.HasPrefix(line, `"`):
			node, _, ok := quoted(line)
			if !ok {
				return bad()
			}
			g.Constructors[last].Gives = append(g.Constructors[last].Gives, node)
		case strings.HasPrefix(line, "constructor_"):
			from, rest, _ := strings.Cut(line, " -> ")
			index, err := strconv.Atoi(strings.TrimPrefix(from, "constructor_"))
			node, rest, ok := quoted(rest)
			if err != nil || !ok || index < 0 || index > last {
				return bad()
			}
			c := &g.Constructors[index]
			if strings.Contains(rest, "style=dashed") {
				c.Optional = append(c.Optional, node)
			} else {
				c.Takes = append(c.Takes, node)
			}
		case strings.HasPrefix(line, `"`):
			node, rest, ok := quoted(line)
			if !ok {
				return bad()
			}
			if _, known := g.Groups[node]; !known && strings.Contains(rest, "shape=diamond") {
				g.Groups[node] = []string{}
			}
			if member, _, ok := quoted(strings.TrimPrefix(rest, " -> ")); ok {
				g.Groups[node] = append(g.Groups[node], member)
			}
		}
	}
	return g, nil
}

// quoted returns the string in Go's syntax that a text begins with, and the rest.
func quoted(text string) (value, rest string, ok bool) {
	prefix, err := strconv.QuotedPrefix(text)
	if err != nil {
		return "", text, false
	}
	value, err = strconv.Unquote(prefix)
	return value, text[len(prefix):], err == nil
}

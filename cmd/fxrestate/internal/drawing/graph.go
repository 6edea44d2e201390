package drawing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fxrestate/go/internal/description"
)

// graph is what is drawn: boxes and arrows between them.
type graph struct {
	boxes  []box
	arrows []arrow
}

// box is a service, the code outside handlers, or a service of another application.
type box struct {
	kind  string // "service", "virtual object", "workflow", "outside" or "remote"
	title string
	lines []line
}

// line is a line in a box.
type line struct {
	text string
	deep bool // a member of the pipeline, below its handler
}

// arrow leads from box to box, by their indexes. With to < 0 it leads to all services.
type arrow struct {
	from, to int
	letters  bool // dead letters, not calls
}

// The kinds of boxes that are no services of the application.
const (
	outside = "outside"
	remote  = "remote"
)

// ownLog is the member that logs panics. It is around each handler, and is not drawn.
const ownLog = "pipeline.panicLog"

// newGraph makes the graph of an application. Services of other applications are there if
// one calls them.
func newGraph(d description.Document) graph {
	var g graph
	index := map[string]int{}
	for _, s := range d.Services {
		index[s.Name] = len(g.boxes)
		b := box{kind: s.Kind, title: s.Name}
		for _, h := range s.Handlers {
			b.lines = append(b.lines, line{text: signature(h)})
			for _, topic := range h.Subscriptions {
				b.lines = append(b.lines, line{"topic " + strings.TrimPrefix(topic.Source, "kafka://"), true})
			}
			for _, m := range h.Pipeline {
				if m.Name == ownLog {
					continue
				}
				b.lines = append(b.lines, line{fmt.Sprintf("%s %s (%s)", m.Stage, m.Name, m.Level), true})
			}
		}
		g.boxes = append(g.boxes, b)
	}
	for from, s := range d.Services {
		for _, c := range s.Calls {
			to, known := index[c.Service]
			if !known {
				to = len(g.boxes)
				index[c.Service] = to
				g.boxes = append(g.boxes, box{kind: remote, title: c.Service})
			}
			g.add(arrow{from, to, c.By == description.ByDeadLetter})
		}
	}
	constructors := map[string]int{}
	for _, o := range d.Outside {
		from, known := constructors[o.Constructor]
		if !known {
			from = len(g.boxes)
			constructors[o.Constructor] = from
			g.boxes = append(g.boxes, box{kind: outside, title: o.Constructor})
		}
		to, known := index[o.Service]
		if !known {
			to = -1
		}
		g.add(arrow{from, to, false})
	}
	return g
}

func (g *graph) add(a arrow) {
	if !slices.Contains(g.arrows, a) {
		g.arrows = append(g.arrows, a)
	}
}

// signature is a handler in a line, such as "Add(main.Line) []main.Line, exclusive".
func signature(h description.Handler) string {
	var b strings.Builder
	b.WriteString(h.Name)
	if in := payload(h.Input); in != "" || h.Method != "" {
		b.WriteString("(" + in + ")")
	}
	if out := payload(h.Output); out != "" {
		b.WriteString(" " + out)
	}
	if h.Mode == "shared" {
		b.WriteString(", shared")
	}
	if h.Options["public"] == "false" {
		b.WriteString(", private")
	}
	return b.String()
}

func payload(p description.Payload) string { return cmp.Or(p.Type, p.Schema) }

package drawing

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/fxrestate/go/internal/description"
	"github.com/fxrestate/go/internal/printable"
)

// narrowest is the width below which lines are not wrapped further.
const narrowest = 20

// Text returns the graph for a terminal of so many columns; 0 is any width. What the
// application wrote is escaped.
func Text(d description.Document, columns int) string {
	g := newGraph(d)
	var b strings.Builder
	write := func(indent int, what string) {
		prefix := strings.Repeat(" ", indent)
		what = printable.Text(what)
		if columns > 0 {
			what = text.WrapSoft(what, max(columns-indent-2, narrowest))
		}
		for i, l := range strings.Split(what, "\n") {
			if i > 0 {
				l = "  " + strings.TrimLeft(l, " ")
			}
			b.WriteString(strings.TrimRight(prefix+l, " ") + "\n")
		}
	}
	for i, s := range g.boxes {
		if i > 0 {
			b.WriteString("\n")
		}
		write(0, heading(s))
		for _, l := range s.lines {
			if l.deep {
				write(4, l.text)
			} else {
				write(2, l.text)
			}
		}
		for _, a := range g.arrows {
			if a.from == i {
				write(2, g.arrowText(a))
			}
		}
	}
	return b.String()
}

func heading(b box) string {
	switch b.kind {
	case outside:
		return b.title + " (outside handlers)"
	case remote:
		return b.title + " (of another application)"
	default:
		return b.title + " (" + b.kind + ")"
	}
}

func (g *graph) arrowText(a arrow) string {
	switch {
	case a.to < 0:
		return "-> any service, by *ingress.Client"
	case a.letters:
		return fmt.Sprintf("-> %s, dead letters", g.boxes[a.to].title)
	default:
		return "-> " + g.boxes[a.to].title
	}
}

package drawing

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/fxrestate/go/internal/description"
	"github.com/fxrestate/go/internal/printable"
)

// Mermaid returns the graph as a flow chart of Mermaid.
func Mermaid(d description.Document) string {
	g := newGraph(d)
	var b strings.Builder
	b.WriteString("flowchart LR\n  subgraph application\n")
	node := func(indent string, i int) {
		s := g.boxes[i]
		lines := []string{"<b>" + entities(s.title) + "</b>", "<i>" + entities(strings.TrimSuffix(strings.TrimPrefix(heading(s), s.title+" ("), ")")) + "</i>"}
		for _, l := range s.lines {
			text := entities(l.text)
			if l.deep {
				text = "– " + text
			}
			lines = append(lines, text)
		}
		open, end := `["`, `"]`
		switch s.kind {
		case "virtual object":
			open, end = `[("`, `")]`
		case "workflow":
			open, end = `[["`, `"]]`
		case outside:
			open, end = `(["`, `"])`
		case remote:
			open, end = `("`, `")`
		}
		fmt.Fprintf(&b, "%sb%d%s%s%s\n", indent, i, open, strings.Join(lines, "<br>"), end)
	}
	for i, s := range g.boxes {
		if s.kind != outside && s.kind != remote {
			node("    ", i)
		}
	}
	b.WriteString("  end\n")
	for i, s := range g.boxes {
		if s.kind == outside || s.kind == remote {
			node("  ", i)
		}
	}
	for _, a := range g.arrows {
		switch {
		case a.to < 0:
			fmt.Fprintf(&b, "  b%d --> application\n", a.from)
		case a.letters:
			fmt.Fprintf(&b, "  b%d -. dead letters .-> b%d\n", a.from, a.to)
		default:
			fmt.Fprintf(&b, "  b%d --> b%d\n", a.from, a.to)
		}
	}
	return b.String()
}

// entities writes all that may mean something to Mermaid, Markdown or HTML as a character's
// number.
func entities(s string) string {
	var b strings.Builder
	for _, r := range printable.Text(s) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), strings.ContainsRune(" ./,:-", r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}

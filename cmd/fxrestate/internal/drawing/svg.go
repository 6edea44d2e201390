package drawing

import (
	"fmt"
	"html"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/fxrestate/go/internal/description"
	"github.com/fxrestate/go/internal/printable"
)

// Sizes, in pixels. The font is one of fixed width, whose characters are as wide as column.
const (
	row     = 17
	column  = 7.4
	padding = 12
	// longest is how much of a line is shown, in characters. The rest is in its tooltip.
	longest = 60
)

// style is that of all drawings. It follows the colours of the reader.
const style = `
    svg { --ink: #1f2328; --faint: #59636e; --paper: #ffffff; --fill: #f6f8fa; --line: #59636e; --accent: #0550ae; background: var(--paper); }
    @media (prefers-color-scheme: dark) {
      svg { --ink: #f0f6fc; --faint: #9198a1; --paper: #0d1117; --fill: #151b23; --line: #9198a1; --accent: #79c0ff; }
    }
    text { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: var(--ink); white-space: pre; }
    .title { font-weight: bold; }
    .kind, .deep { fill: var(--faint); }
    rect { fill: var(--fill); stroke: var(--line); }
    .outside, .remote { stroke-dasharray: 5 4; }
    .workflow { stroke-width: 2; stroke: var(--accent); }
    .virtual-object { stroke: var(--accent); }
    path { fill: none; stroke: var(--line); stroke-width: 1.3; }
    .letters { stroke-dasharray: 2 4; }
    marker path { fill: var(--line); stroke: none; }
`

// SVG returns the graph as an image, readable on light and dark paper. All texts are escaped.
func SVG(d description.Document) string {
	g := newGraph(d)
	for i := range g.boxes {
		b := &g.boxes[i]
		for _, a := range g.arrows {
			if a.from == i && a.to < 0 {
				b.lines = append(b.lines, line{text: "calls any service"})
			}
		}
	}
	l := g.arrange(size)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img">
  <title>%s</title>
  <style>%s  </style>
  <defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>
`, l.width, l.height, escape("Services of "+name(d)), style)
	for _, r := range l.routes {
		class := ""
		if r.arrow.letters {
			class = ` class="letters"`
		}
		from, to := g.boxes[r.arrow.from].title, g.boxes[r.arrow.to].title
		fmt.Fprintf(&b, `  <path d="%s"%s marker-end="url(#head)"><title>%s</title></path>`+"\n", l.way(r), class, escape(from+" → "+to))
	}
	for _, p := range l.places {
		if p.box >= 0 {
			draw(&b, g.boxes[p.box], p)
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// name is that of the application.
func name(d description.Document) string {
	switch {
	case d.Registration != nil:
		return d.Registration.Application
	case d.Build.Package != "":
		return d.Build.Package
	default:
		return "an application"
	}
}

func size(b box) (width, height int) {
	widest := max(columns(printable.Text(b.title)), columns(kindOf(b)))
	for _, l := range b.lines {
		widest = max(widest, columns(shown(l)))
	}
	return int(float64(widest)*column) + 2*padding, (len(b.lines)+2)*row + padding
}

func columns(s string) int { return text.StringWidthWithoutEscSequences(s) }

// kindOf is what is written below the title.
func kindOf(b box) string {
	switch b.kind {
	case outside:
		return "outside handlers"
	case remote:
		return "of another application"
	default:
		return b.kind
	}
}

// shown is the text of a line as it is drawn.
func shown(l line) string {
	s := printable.Text(l.text)
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest-1]) + "…"
	}
	if l.deep {
		return "  " + s
	}
	return s
}

func draw(b *strings.Builder, s box, p place) {
	fmt.Fprintf(b, `  <g transform="translate(%d %d)"><rect class="%s" width="%d" height="%d" rx="6"/>`+"\n", p.x, p.y, escape(strings.ReplaceAll(s.kind, " ", "-")), p.width, p.height)
	y := row + padding/4
	write := func(class, what, whole string) {
		if class != "" {
			class = ` class="` + class + `"`
		}
		tooltip := ""
		if whole != "" && strings.TrimSpace(what) != printable.Text(whole) {
			tooltip = "<title>" + escape(whole) + "</title>"
		}
		fmt.Fprintf(b, `    <text x="%d" y="%d"%s>%s%s</text>`+"\n", padding, y, class, escape(what), tooltip)
		y += row
	}
	write("title", s.title, "")
	write("kind", kindOf(s), "")
	for _, l := range s.lines {
		class := ""
		if l.deep {
			class = "deep"
		}
		write(class, shown(l), l.text)
	}
	b.WriteString("  </g>\n")
}

// way returns the path of an arrow. It leaves a box on the side of the next one.
func (l *layout) way(r route) string {
	var b strings.Builder
	first, second := l.places[r.places[0]], l.places[r.places[1]]
	if first.layer == second.layer { // in one layer, or to itself: a bow on the right
		right, from, to := first.x+first.width, first.y+first.height/3, second.y+second.height*2/3
		fmt.Fprintf(&b, "M%d %d C%d %d %d %d %d %d", right, from, right+besides/2, from, right+besides/2, to, right, to)
		return b.String()
	}
	side := func(p place, right bool) (x, y int) {
		if right {
			return p.x + p.width, p.y + p.height/2
		}
		return p.x, p.y + p.height/2
	}
	forward := second.layer > first.layer
	x, y := side(first, forward)
	fmt.Fprintf(&b, "M%d %d", x, y)
	for n, i := range r.places[1:] {
		p := l.places[i]
		nextX, nextY := side(p, !forward)
		middle := (x + nextX) / 2
		fmt.Fprintf(&b, " C%d %d %d %d %d %d", middle, y, middle, nextY, nextX, nextY)
		x, y = nextX, nextY
		if n < len(r.places)-2 { // a bend
			x, y = side(p, forward)
			fmt.Fprintf(&b, " L%d %d", x, y)
		}
	}
	return b.String()
}

func escape(s string) string { return html.EscapeString(printable.Text(s)) }

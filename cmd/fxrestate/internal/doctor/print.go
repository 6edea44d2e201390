package doctor

import (
	"cmp"
	"strings"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// signs are the signs of a terminal: each is one column wide.
type signs struct {
	status map[Status]string
	next   string
}

var (
	unicodeSigns = signs{map[Status]string{OK: "✓", Notice: "!", Unchecked: "?", Bad: "✗"}, "→ "}
	asciiSigns   = signs{map[Status]string{OK: "+", Notice: "!", Unchecked: "?", Bad: "x"}, "> "}
	styles       = map[Status]terminal.Style{OK: terminal.Good, Notice: terminal.Warning, Unchecked: terminal.Warning, Bad: terminal.Bad}
)

// signsOf returns the signs that the locale of a terminal can show.
func signsOf(t *terminal.Terminal) signs {
	locale := strings.ToUpper(cmp.Or(t.Getenv("LC_ALL"), t.Getenv("LC_CTYPE"), t.Getenv("LANG")))
	if strings.Contains(locale, "UTF-8") || strings.Contains(locale, "UTF8") {
		return unicodeSigns
	}
	return asciiSigns
}

// printer writes checks for people.
type printer struct {
	*terminal.Terminal
	signs
}

func (p printer) check(c Check) {
	p.entry("", c.Status, c.Name+": "+c.Summary)
	for _, f := range c.Findings {
		p.entry("  ", f.Status, f.What)
		for _, line := range f.Details {
			p.text("    ", line)
		}
		for _, line := range f.Next {
			p.Printf("    %s%s\n", p.next, terminal.Escape(line)) // not wrapped, so that it can be copied
		}
	}
}

// entry writes a text behind the sign of a status.
func (p printer) entry(indent string, s Status, what string) {
	lines := p.Wrap(indent+"  ", terminal.Escape(what))
	p.Printf("%s%s%s\n", indent, p.Paint(styles[s], p.status[s]), lines[len(indent)+1:])
}

func (p printer) text(indent, what string) {
	p.Printf("%s\n", p.Wrap(indent, terminal.Escape(what)))
}

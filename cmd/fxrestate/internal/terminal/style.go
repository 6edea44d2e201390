package terminal

import "github.com/jedib0t/go-pretty/v6/text"

// Style is how a text is shown where colours are.
type Style int

// The styles.
const (
	Plain Style = iota
	Strong
	Faint
	Good
	Warning
	Bad
)

var styles = [...]text.Colors{
	Strong:  {text.Bold},
	Faint:   {text.Faint},
	Good:    {text.FgGreen},
	Warning: {text.FgYellow},
	Bad:     {text.FgRed},
}

// Colors reports whether Out gets colours: with --color=always, or else where it is a
// terminal and neither NO_COLOR is set (https://no-color.org) nor TERM is dumb.
func (t *Terminal) Colors() bool {
	switch t.Color {
	case "always":
		return true
	case "never":
		return false
	default:
		return t.OutTerminal && t.Getenv("NO_COLOR") == "" && t.Getenv("TERM") != "dumb"
	}
}

// Paint returns a text in a style, or as it is where there are no colours.
func (t *Terminal) Paint(s Style, what string) string {
	if s == Plain || !t.Colors() {
		return what
	}
	return styles[s].EscapeSeq() + what + text.Reset.EscapeSeq()
}

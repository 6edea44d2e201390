package gen

import (
	"strings"
)

// Problem is one mistake in a handler struct, or one thing that has no client. It
// reads like a handler.Problem.
type Problem struct {
	// Type is the struct, as "shop.Cart".
	Type string
	// Method is the name of the method, or empty when it is not about one.
	Method string
	// Position is where to look, as "cart.go:12".
	Position string
	// Reason says what is wrong.
	Reason string
	// Fix says what to write instead.
	Fix string
}

// Error returns the problem in one line: where, what is wrong, what to write.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString("gen: ")
	if p.Method == "" {
		b.WriteString(p.Type)
	} else {
		b.WriteString("(*" + p.Type + ")." + p.Method)
	}
	if p.Position != "" {
		b.WriteString(" (" + p.Position + ")")
	}
	b.WriteString(": " + p.Reason)
	if p.Fix != "" {
		b.WriteString("; " + p.Fix)
	}
	return b.String()
}

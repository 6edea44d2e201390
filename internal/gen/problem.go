package gen

import (
	"strings"
)

// Problem is one mistake in a handler struct, or one handler or struct without a client.
// Its text has the form of a handler.Problem.
type Problem struct {
	// Type is the struct, as "shop.Cart".
	Type string
	// Method is the name of the method, or empty if the problem is not about a method.
	Method string
	// Position is the place in the source, as "cart.go:12".
	Position string
	// Reason says what is wrong.
	Reason string
	// Fix says what to write instead.
	Fix string
}

// Error returns the problem on one line: the place, the reason and the fix.
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

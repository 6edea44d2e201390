package application

import (
	"context"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/description"
)

// Read reads what an application says of itself, for other commands: see the help of
// manifest for what it may be. The arguments are those of a program.
func Read(ctx context.Context, t *terminal.Terminal, name string, args []string) (description.Document, error) {
	r := reader{terminal: t, timeout: defaultTimeout}
	s, err := r.read(ctx, name, args)
	return s.Document, err
}

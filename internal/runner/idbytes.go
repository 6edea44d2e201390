package runner

import (
	"fmt"

	"github.com/fxrestate/go/internal/invocationid"
)

// IDBytes returns the bytes of an invocation's id, as the start of an attempt has them.
func IDBytes(text string) ([]byte, error) {
	i, err := invocationid.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("runner: the id %q: %w", text, err)
	}
	return i[:], nil
}

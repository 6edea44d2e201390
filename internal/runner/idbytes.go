package runner

import "fmt"

// IDBytes returns the bytes of an invocation's id, as the start of an attempt has them.
func IDBytes(text string) ([]byte, error) {
	i, err := parseID(text)
	if err != nil {
		return nil, fmt.Errorf("runner: the id %q: %w", text, err)
	}
	return i[:], nil
}

package endpoint

import (
	"context"
	"errors"
	"fmt"

	"github.com/fxrestate/go/internal/manifest"
)

// Manifest returns what the endpoint answers to discovery: its services and handlers,
// their schemas and options, as JSON. In mode Lambda the function alone answers, and this
// is an error. Call it after Start or
// [Endpoint.Describe].
func (e *Endpoint) Manifest(ctx context.Context) ([]byte, error) {
	if e.cfg.Mode == Lambda {
		return nil, errors.New("endpoint: a Lambda function answers discovery itself: invoke it")
	}
	m, err := manifest.Of(ctx, e.handler)
	if err != nil {
		return nil, fmt.Errorf("endpoint: manifest: %w", err)
	}
	return m, nil
}

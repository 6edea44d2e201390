package endpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
)

// manifestType is the newest form of the manifest that SDK and server have in common.
const manifestType = "application/vnd.restate.endpointmanifest.v4+json"

// Manifest returns what the endpoint answers to discovery: its services and handlers,
// their schemas and options, as JSON
// (https://docs.restate.dev/services/versioning#deploying-new-service-versions). In mode
// Lambda the function alone answers, and this is an error. Call it after Start.
func (e *Endpoint) Manifest(ctx context.Context) ([]byte, error) {
	if e.cfg.Mode == Lambda {
		return nil, errors.New("endpoint: a Lambda function answers discovery itself: invoke it")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, discoverURI, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("endpoint: manifest: %w", err)
	}
	r.RequestURI = discoverURI
	r.Header.Set("Accept", manifestType)
	answer := recorded{header: http.Header{}}
	e.handler.ServeHTTP(&answer, r)
	if answer.status != http.StatusOK {
		return nil, fmt.Errorf("endpoint: manifest: the SDK answers %d: %s", answer.status, bytes.TrimSpace(answer.body.Bytes()))
	}
	return answer.body.Bytes(), nil
}

// recorded is a response that is kept.
type recorded struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *recorded) Header() http.Header { return r.header }

func (r *recorded) WriteHeader(status int) { r.status = status }

func (r *recorded) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.body.Write(p)
}

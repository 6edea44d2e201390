package manifest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
)

const (
	// discoverURI is where an endpoint answers discovery.
	discoverURI = "/discover"
	// newest is the newest form of the manifest that SDK and server have in common.
	newest = "application/vnd.restate.endpointmanifest.v4+json"
)

// Of asks an endpoint for its manifest, as the server does.
func Of(ctx context.Context, endpoint http.Handler) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, discoverURI, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.RequestURI = discoverURI
	r.Header.Set("Accept", newest)
	answer := response{header: http.Header{}}
	endpoint.ServeHTTP(&answer, r)
	if answer.status != http.StatusOK {
		return nil, fmt.Errorf("discovery is answered with %d: %s", answer.status, bytes.TrimSpace(answer.body.Bytes()))
	}
	return answer.body.Bytes(), nil
}

// response is kept in memory.
type response struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (r *response) Header() http.Header { return r.header }

func (r *response) WriteHeader(status int) { r.status = status }

func (r *response) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.body.Write(p)
}

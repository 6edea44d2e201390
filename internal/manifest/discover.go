package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	urlpkg "net/url"

	"github.com/fxrestate/go/internal/printable"
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
		return nil, &StatusError{answer.status, string(bytes.TrimSpace(answer.body.Bytes()))}
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

// StatusError reports an answer to discovery other than 200.
type StatusError struct {
	Status int
	// Text is the beginning of the answer.
	Text string
}

// Error has the status and the text.
func (e *StatusError) Error() string {
	return fmt.Sprintf("discovery is answered with %d: %s", e.Status, e.Text)
}

const (
	// maxAnswer bounds a manifest from elsewhere, and maxText the text of an error.
	maxAnswer = 256 << 20
	maxText   = 300
)

// At asks the endpoint at a URL for its manifest: by HTTP/2 as the server does, in clear text
// too, and else by HTTP/1.1. Redirects are not followed.
func At(ctx context.Context, url string, headers map[string]string) ([]byte, error) {
	answer, err := at(ctx, url, headers, true)
	var status *StatusError
	if err == nil || errors.As(err, &status) || ctx.Err() != nil {
		return answer, err
	}
	return at(ctx, url, headers, false)
}

func at(ctx context.Context, url string, headers map[string]string, http2 bool) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+discoverURI, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", newest)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2)
	protocols.SetUnencryptedHTTP2(http2)
	client := http.Client{
		Transport:     &http.Transport{Protocols: protocols, DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(r)
	if err != nil {
		var failed *urlpkg.Error // whose text has the URL, password and all
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case response.StatusCode != http.StatusOK:
		return nil, &StatusError{response.StatusCode, printable.Text(string(bytes.TrimSpace(body[:min(len(body), maxText)])))}
	case err != nil:
		return nil, err
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("the answer to discovery is larger than %d MiB", maxAnswer>>20)
	}
	return body, nil
}

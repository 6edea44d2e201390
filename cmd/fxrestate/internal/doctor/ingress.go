package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/backoff"
	"github.com/fxrestate/go/internal/httpclient"
)

const (
	// maxHealth bounds the answer of the ingress, which names all services.
	maxHealth = 16 << 20
	// ingressPause is between looks for a service that the ingress may be about to learn of.
	ingressPause = 200 * time.Millisecond
	ingressLooks = 5
)

// ingress looks who answers at the address, and whether it is the ingress of the same
// cluster: it knows the same services. A node learns of a new one a moment after the other.
func (e *examination) ingress(ctx context.Context) Check {
	e.takeAdvertised()
	at := admin.RedactURL(cmp.Or(e.cfg.Ingress.URL, ingress.DefaultURL))
	var missing []string
	for range ingressLooks {
		names, err := e.ingressServices(ctx)
		if err != nil {
			return bad("there is none at "+at, err.Error(), e.toIngress()...)
		}
		if e.facts.services.err != nil || len(e.facts.services.is) == 0 {
			return ok("%s", at)
		}
		missing = nil
		for _, s := range e.facts.services.is {
			if !slices.Contains(names, s.Name) {
				missing = append(missing, s.Name)
			}
		}
		if len(missing) == 0 {
			return ok("%s, of the same cluster", at)
		}
		if !backoff.Sleep(ctx, ingressPause) {
			break
		}
	}
	return bad(at+" is another cluster's", "it does not know "+listed(missing)+", which the admin API lists",
		e.toIngress()...)
}

// takeAdvertised takes the address that the server names, where nothing else does. The token
// goes to the host of the admin API alone.
func (e *examination) takeAdvertised() {
	at := e.version.IngressEndpoint
	if !e.ingressUnknown || at == "" {
		return
	}
	e.cfg.Ingress.URL = at
	theirs, err := url.Parse(at)
	ours, errOurs := url.Parse(e.client.URL())
	if err != nil || errOurs != nil || theirs.Hostname() != ours.Hostname() {
		e.cfg.Ingress.AuthToken = ""
	}
}

// toIngress returns how to say where the ingress is: where the server itself says so, if it
// does.
func (e *examination) toIngress() []string {
	at := "…"
	if e.version.IngressEndpoint != "" {
		at = terminal.CommandLine(admin.RedactURL(e.version.IngressEndpoint))
	}
	return []string{"export RESTATE_INGRESS_URL=" + at, e.next("doctor")}
}

// ingressServices returns the services that the ingress knows.
func (e *examination) ingressServices(ctx context.Context) ([]string, error) {
	cfg := e.cfg.Ingress
	all, err := httpclient.Settings{URL: cfg.URL, DefaultURL: ingress.DefaultURL, AuthToken: cfg.AuthToken, Headers: cfg.Headers}.Requests()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, all.Base.String()+"/restate/health", http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Host, req.Header = all.Host, all.Header.Clone()
	transport := httpclient.NewTransport(1)
	defer transport.CloseIdleConnections()
	client := httpclient.New(cfg.HTTPClient, func() *http.Transport { return transport })
	res, err := client.Do(req)
	if err != nil {
		return nil, httpclient.Cause(ctx, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxHealth))
	if err != nil {
		return nil, httpclient.Cause(ctx, err)
	}
	var health struct {
		Services []string `json:"services"`
	}
	switch {
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden:
		return nil, fmt.Errorf("it refuses the token with %s; see RESTATE_AUTH_TOKEN", res.Status)
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("it answers GET /restate/health with %s", res.Status)
	case json.Unmarshal(body, &health) != nil || health.Services == nil:
		return nil, errors.New("its answer to GET /restate/health is not that of an ingress; that is on port 8080 of the server by default")
	}
	return health.Services, nil
}

package devserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	readyPoll    = 50 * time.Millisecond
	probeTimeout = 5 * time.Second
)

// A probe is a request that a ready server answers with 200.
type probe struct {
	method, url, body string
}

// probes are what is asked, in this order. After the two health checks the
// server still refuses queries until each partition has its leader, about
// half a second; a count over all of them shows that.
func probes(p *ports) []probe {
	admin, ingress := "http://"+hostPort("127.0.0.1", p.admin), "http://"+hostPort("127.0.0.1", p.ingress)
	return []probe{
		{http.MethodGet, admin + "/health", ""},
		{http.MethodGet, ingress + "/restate/health", ""},
		{http.MethodPost, admin + "/query", `{"query":"SELECT COUNT(*) FROM sys_inbox"}`},
	}
}

// awaitReady returns once every probe has been answered, ctx has ended, or
// the process has.
func awaitReady(ctx context.Context, proc *process, p *ports) error {
	// No connection outlives its request, so none outlives the server.
	client := &http.Client{Timeout: probeTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	for _, pr := range probes(p) {
		for {
			err := pr.ask(ctx, client)
			if proc.ended() {
				return errEnded
			}
			if err == nil {
				break
			}
			select {
			case <-proc.done:
				return errEnded
			case <-ctx.Done():
				return fmt.Errorf("%w; last, %v", context.Cause(ctx), err)
			case <-time.After(readyPoll):
			}
		}
	}
	return nil
}

func (p probe) ask(ctx context.Context, client *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, p.method, p.url, strings.NewReader(p.body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s answered %s: %q", p.method, p.url, resp.Status, body)
	}
	return nil
}

// errEnded says that the server's process ended before it was ready.
var errEnded = errors.New("it ended before it was ready")

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

// A probe is a request to which a ready server responds with 200.
type probe struct {
	method, url, body string
}

// probes returns the readiness checks, in order. After the two health checks the
// server still rejects queries for about half a second, until each partition has a
// leader. A count over all partitions shows that.
func probes(p *ports) []probe {
	admin, ingress := "http://"+hostPort("127.0.0.1", p.admin), "http://"+hostPort("127.0.0.1", p.ingress)
	return []probe{
		{http.MethodGet, admin + "/health", ""},
		{http.MethodGet, ingress + "/restate/health", ""},
		{http.MethodPost, admin + "/query", `{"query":"SELECT COUNT(*) FROM sys_inbox"}`},
	}
}

// awaitReady waits until every probe has succeeded, ctx has ended, or the process
// has ended.
func awaitReady(ctx context.Context, proc *process, p *ports) error {
	// Without keep-alive no connection outlives the server.
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
		return fmt.Errorf("%s %s responded with %s: %q", p.method, p.url, resp.Status, body)
	}
	return nil
}

// errEnded reports that the server's process ended before it was ready.
var errEnded = errors.New("it ended before it was ready")

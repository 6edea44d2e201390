package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/devserver"
)

const (
	memoryMaxInFlight = 500
	memoryInvocations = 5000
)

// measureMemory sends many invocations that sleep, and waits until all of them have
// completed.
func measureMemory(ctx context.Context, server *devserver.Server, by scale) (result, error) {
	invocations := by.of(memoryInvocations)
	p, err := startProcess(ctx, server, spec{Suffix: "Memory", MaxInFlight: memoryMaxInFlight})
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.stop() }()
	before, err := p.usage()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	client := newClient()
	defer client.CloseIdleConnections()
	send := func(int64) (string, []byte) { return "/" + p.service("Plain") + "/Sleep/send", nil }
	if _, err := load(ctx, client, server.IngressURL(), 64, invocations, send); err != nil {
		return nil, err
	}
	completed, err := waitCompleted(ctx, server, p.service("Plain"), invocations)
	if err != nil {
		return nil, err
	}
	after, err := p.usage()
	if err != nil {
		return nil, err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "MaxInFlight\tinvocations\tcompleted\tseconds\tRSS before, MB\tpeak RSS, MB\t")
	fmt.Fprintf(table, "%d\t%d\t%d\t%.0f\t%d\t%d\t\n", memoryMaxInFlight, invocations, completed,
		time.Since(began).Seconds(), before.PeakRSS>>20, after.PeakRSS>>20)
	var out result
	out.add("rss_mb", "%d", after.PeakRSS>>20)
	out.add("completed", "%d", completed)
	return out, table.Flush()
}

// waitCompleted waits until n invocations of a service have succeeded.
func waitCompleted(ctx context.Context, server *devserver.Server, service string, n int) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	c, err := admin.New(admin.Config{URL: server.AdminURL()})
	if err != nil {
		return 0, err
	}
	defer c.CloseIdleConnections()
	const sql = "SELECT count(*) AS n FROM sys_invocation WHERE target_service_name = ? AND status = 'completed' AND completion_result = 'success'"
	for {
		rows, err := admin.Query[struct {
			N int `json:"n"`
		}](ctx, c, sql, service)
		if err != nil {
			return 0, err
		}
		if len(rows) == 1 && rows[0].N >= n {
			return rows[0].N, nil
		}
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return rows[0].N, fmt.Errorf("%d of %d invocations completed: %w", rows[0].N, n, ctx.Err())
		}
	}
}

package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/fxrestate/go/devserver"
)

// measureAdmission sends more invocations to an application than its concurrency limit
// admits, and compares the time of all of them with the time of the work alone.
func measureAdmission(ctx context.Context, server *devserver.Server, by scale) (result, error) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "MaxInFlight\tinvocations\tideal, s\tseconds\tratio\t")
	completed := 0
	measure := func(suffix, handler string, slots, invocations int) (ratio float64, err error) {
		p, err := startProcess(ctx, server, spec{Suffix: suffix, MaxInFlight: slots})
		if err != nil {
			return 0, err
		}
		defer func() { _ = p.stop() }()
		client := newClient()
		defer client.CloseIdleConnections()
		call := func(int64) (string, []byte) {
			return "/" + p.service("Plain") + "/" + handler, []byte(`{"text":"work"}`)
		}
		if _, err := load(ctx, client, server.IngressURL(), 1, 1, call); err != nil {
			return 0, err
		}
		ideal := time.Duration(invocations) * workTime / time.Duration(slots)
		began := time.Now()
		done, err := load(ctx, client, server.IngressURL(), invocations, invocations, call)
		took := time.Since(began)
		completed += len(done)
		fmt.Fprintf(table, "%d\t%d x %s\t%.1f\t%.1f\t%.2f\t\n", slots, invocations, handler, ideal.Seconds(), took.Seconds(), took.Seconds()/ideal.Seconds())
		return took.Seconds() / ideal.Seconds(), err
	}
	nested, err := measure("Nested", "Parent", 10, by.of(100))
	if err != nil {
		return nil, err
	}
	flat, err := measure("Flat", "Work", 20, by.of(2000))
	if err != nil {
		return nil, err
	}
	var out result
	out.add("nested_x", "%.2f", nested)
	out.add("flat_x", "%.2f", flat)
	out.add("completed", "%d", completed)
	return out, table.Flush()
}

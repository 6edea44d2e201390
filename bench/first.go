package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/fxrestate/go/devserver"
)

const (
	firstRounds = 7
	firstLater  = 200
)

// measureFirst starts a new application in each round and compares its first invocation
// with the median of later ones. Each round has a new server, because the work after a
// registration grows with the number of earlier registrations: tens of milliseconds after
// a hundred of them.
func measureFirst(ctx context.Context, by scale) (result, error) {
	var out result
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "application\tfirst µs\tlater µs\tratio\t")
	for _, bare := range []bool{true, false} {
		name := "ours"
		if bare {
			name = "bare SDK"
		}
		var firsts, laters []time.Duration
		var ratios []float64
		for range by.of(firstRounds) {
			var first, later time.Duration
			err := withServer(ctx, func(server *devserver.Server) (err error) {
				first, later, err = firstOf(ctx, server, bare, by.of(firstLater))
				return err
			})
			if err != nil {
				return nil, err
			}
			firsts, laters = append(firsts, first), append(laters, later)
			ratios = append(ratios, float64(first)/float64(later))
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%.2f\t\n", name, median(firsts).Microseconds(), median(laters).Microseconds(), median(ratios))
		if !bare {
			out.add("first_ratio", "%.2f", median(ratios))
		}
	}
	return out, table.Flush()
}

func firstOf(ctx context.Context, server *devserver.Server, bare bool, n int) (first, later time.Duration, err error) {
	client := newClient()
	defer client.CloseIdleConnections()
	p, err := startProcess(ctx, server, spec{Bare: bare, Suffix: "First"})
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = p.stop() }()
	// The caller's connection to the ingress is not what is measured.
	if err := get(ctx, client, server.IngressURL()+"/restate/health"); err != nil {
		return 0, 0, err
	}
	echo := func(int64) (string, []byte) { return "/" + p.service("Plain") + "/Echo", []byte(`{"text":"hello"}`) }
	one, err := load(ctx, client, server.IngressURL(), 1, 1, echo)
	if err != nil {
		return 0, 0, err
	}
	rest, err := load(ctx, client, server.IngressURL(), 1, n, echo)
	return one[0], median(rest), err
}

package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/fxrestate/go/devserver"
)

const (
	startupRounds   = 15
	startupServices = 200
)

// measureStartup starts applications with few and with many services, in turn. Each start
// has a new server, because the time of a registration grows with the number of earlier
// ones.
func measureStartup(ctx context.Context, by scale) (result, error) {
	services := by.of(startupServices)
	var few, many, extra []float64
	for range by.of(startupRounds) {
		one, err := startupOf(ctx, spec{Suffix: "Few", Services: 1})
		if err != nil {
			return nil, err
		}
		all, err := startupOf(ctx, spec{Suffix: "Many", Services: services})
		if err != nil {
			return nil, err
		}
		few, many, extra = append(few, one), append(many, all), append(extra, all-one)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "services of 5 handlers\tfx.New to ready, ms\t")
	fmt.Fprintf(table, "1\t%.0f\t\n%d\t%.0f\t\n", median(few), services, median(many))
	var out result
	out.add("startup_extra_ms", "%.0f", median(extra))
	return out, table.Flush()
}

func startupOf(ctx context.Context, s spec) (ms float64, err error) {
	err = withServer(ctx, func(server *devserver.Server) error {
		p, err := startProcess(ctx, server, s)
		if err != nil {
			return err
		}
		ms = p.StartupMS
		return p.stop()
	})
	return ms, err
}

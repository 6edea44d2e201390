package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
)

const (
	startupRounds   = 15
	startupServices = 200
)

// measureStartup starts applications with few and with many services, in turn. Each start
// has a new server, because the time of a registration grows with the number of earlier
// ones. It also compares a start in production mode that changes nothing with one without
// a registration.
func measureStartup(ctx context.Context, by scale) (result, error) {
	services := by.of(startupServices)
	var few, many, extra, unchanged []float64
	for round := range by.of(startupRounds) {
		one, err := startupOf(ctx, spec{Suffix: "Few", Services: 1})
		if err != nil {
			return nil, err
		}
		all, err := startupOf(ctx, spec{Suffix: "Many", Services: services})
		if err != nil {
			return nil, err
		}
		few, many, extra = append(few, one), append(many, all), append(extra, all-one)
		again, err := startupUnchanged(ctx, services, round%2 == 0)
		if err != nil {
			return nil, err
		}
		unchanged = append(unchanged, again)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "services of 5 handlers\tfx.New to ready, ms\t")
	fmt.Fprintf(table, "1\t%.0f\t\n%d\t%.0f\t\n", median(few), services, median(many))
	var out result
	out.add("startup_extra_ms", "%.0f", median(extra))
	out.add("unchanged_extra_ms", "%.0f", median(unchanged))
	return out, table.Flush()
}

func startupOf(ctx context.Context, s spec) (ms float64, err error) {
	err = withServer(ctx, func(server *devserver.Server) error {
		ms, err = startAndStop(ctx, server, s)
		return err
	})
	return ms, err
}

// startupUnchanged starts an application in production mode that the server knows as it
// is, and one without a registration. It returns how much longer the first takes.
func startupUnchanged(ctx context.Context, services int, first bool) (ms float64, err error) {
	err = withServer(ctx, func(server *devserver.Server) error {
		addr, err := freeAddr()
		if err != nil {
			return err
		}
		known := spec{Suffix: "Known", Services: services, Listen: addr, Mode: string(deployment.Production)}
		none := known
		none.Mode = noRegistration
		if _, err := startAndStop(ctx, server, known); err != nil {
			return err
		}
		order := []spec{known, none}
		if !first {
			order = []spec{none, known}
		}
		for _, s := range order {
			took, err := startAndStop(ctx, server, s)
			if err != nil {
				return err
			}
			if s.Mode == noRegistration {
				took = -took
			}
			ms += took
		}
		return nil
	})
	return ms, err
}

func startAndStop(ctx context.Context, server *devserver.Server, s spec) (ms float64, err error) {
	p, err := startProcess(ctx, server, s)
	if err != nil {
		return 0, err
	}
	return p.StartupMS, p.stop()
}

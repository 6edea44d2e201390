package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/fxrestate/go/devserver"
)

const (
	cpuRounds      = 5
	cpuCallers     = 64
	cpuInvocations = 6000 // per round and workload
	oneInvocations = 1500 // with one caller
	cpuKeys        = 1000
)

// sample is one round of one application.
type sample struct {
	cpu     float64 // microseconds per invocation
	latency float64 // median, in microseconds
}

// measureCPU plays the same load to the bare SDK and to an application of ours, in
// turn, and compares round by round.
func measureCPU(ctx context.Context, server *devserver.Server, by scale) (result, error) {
	bare, err := startProcess(ctx, server, spec{Bare: true, Suffix: "Bare"})
	if err != nil {
		return nil, err
	}
	defer func() { _ = bare.stop() }()
	ours, err := startProcess(ctx, server, spec{Suffix: "Ours"})
	if err != nil {
		return nil, err
	}
	defer func() { _ = ours.stop() }()

	message := []byte(`{"text":"hello"}`)
	var out result
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "workload\tcallers\tbare\tours\tratio\tlowest\thighest\t")
	for _, w := range []struct {
		name, key string
		callers   int
		n         int
		of        func(sample) float64
		make      func(p *process) workload
	}{
		{"echo, CPU µs", "cpu_echo", cpuCallers, cpuInvocations, func(s sample) float64 { return s.cpu }, func(p *process) workload {
			return func(int64) (string, []byte) { return "/" + p.service("Plain") + "/Echo", message }
		}},
		{"three steps, CPU µs", "cpu_steps", cpuCallers, cpuInvocations, func(s sample) float64 { return s.cpu }, func(p *process) workload {
			return func(int64) (string, []byte) { return "/" + p.service("Plain") + "/Steps", message }
		}},
		{"counter, CPU µs", "cpu_counter", cpuCallers, cpuInvocations, func(s sample) float64 { return s.cpu }, func(p *process) workload {
			return func(n int64) (string, []byte) {
				return fmt.Sprintf("/%s/%d/Add", p.service("Counter"), n%cpuKeys), []byte("1")
			}
		}},
		{"echo, latency µs", "latency1", 1, oneInvocations, func(s sample) float64 { return s.latency }, func(p *process) workload {
			return func(int64) (string, []byte) { return "/" + p.service("Plain") + "/Echo", message }
		}},
	} {
		client, n := newClient(), by.of(w.n)
		round := func(p *process, n int) (float64, error) {
			s, err := measureRound(ctx, client, server, p, w.callers, n, w.make(p))
			return w.of(s), err
		}
		for _, p := range []*process{bare, ours} { // warm up
			if _, err := round(p, by.of(w.n/4)); err != nil {
				return nil, err
			}
		}
		var bareValues, oursValues, ratios []float64
		for i := range by.of(cpuRounds) {
			order := []*process{bare, ours}
			if i%2 == 1 {
				slices.Reverse(order)
			}
			values := map[*process]float64{}
			for _, p := range order {
				if values[p], err = round(p, n); err != nil {
					return nil, err
				}
			}
			bareValues = append(bareValues, values[bare])
			oursValues = append(oursValues, values[ours])
			ratios = append(ratios, values[ours]/values[bare])
		}
		client.CloseIdleConnections()
		fmt.Fprintf(table, "%s\t%d\t%.0f\t%.0f\t%.3f\t%.3f\t%.3f\t\n", w.name, w.callers,
			median(bareValues), median(oursValues), median(ratios), slices.Min(ratios), slices.Max(ratios))
		out.add(w.key, "%.3f", median(ratios))
	}
	return out, table.Flush()
}

func measureRound(ctx context.Context, client *http.Client, server *devserver.Server, p *process, callers, n int, w workload) (sample, error) {
	before, err := p.usage()
	if err != nil {
		return sample{}, err
	}
	latencies, err := load(ctx, client, server.IngressURL(), callers, n, w)
	if err != nil {
		return sample{}, err
	}
	after, err := p.usage()
	if err != nil {
		return sample{}, err
	}
	return sample{
		cpu:     float64((after.CPU - before.CPU).Nanoseconds()) / float64(n) / 1000,
		latency: float64(median(latencies)) / float64(time.Microsecond),
	}, nil
}

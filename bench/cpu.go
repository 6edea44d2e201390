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
	cpuSlices      = 12   // of a round, in which the applications take turns
	cpuInvocations = 6000 // per round and workload
	oneInvocations = 1500 // with one caller
	cpuKeys        = 1000
)

// sample is one round of one application.
type sample struct {
	cpu       time.Duration
	latencies []time.Duration
}

// perInvocation is in microseconds.
func (s sample) perInvocation() float64 {
	return float64(s.cpu.Nanoseconds()) / float64(len(s.latencies)) / 1000
}

// latency is the median, in microseconds.
func (s sample) latency() float64 { return float64(median(s.latencies)) / float64(time.Microsecond) }

// cpuWorkload is one row of the table.
type cpuWorkload struct {
	name, key string
	callers   int
	n         int // per round
	of        func(sample) float64
	make      func(p *process) workload
}

func cpuWorkloads() []cpuWorkload {
	message := []byte(`{"text":"hello"}`)
	plain := func(handler string) func(*process) workload {
		return func(p *process) workload {
			return func(int64) (string, []byte) { return "/" + p.service("Plain") + handler, message }
		}
	}
	counter := func(p *process) workload {
		return func(n int64) (string, []byte) {
			return fmt.Sprintf("/%s/%d/Add", p.service("Counter"), n%cpuKeys), []byte("1")
		}
	}
	return []cpuWorkload{
		{"echo, CPU µs", "cpu_echo", cpuCallers, cpuInvocations, sample.perInvocation, plain("/Echo")},
		{"three steps, CPU µs", "cpu_steps", cpuCallers, cpuInvocations, sample.perInvocation, plain("/Steps")},
		{"counter, CPU µs", "cpu_counter", cpuCallers, cpuInvocations, sample.perInvocation, counter},
		{"echo, latency µs", "latency1", 1, oneInvocations, sample.latency, plain("/Echo")},
	}
}

// measureCPU sends the same load to the bare SDK and to an application of this project,
// and compares them round by round. Each round has new processes, because two processes of
// the same program differ by some percent for their whole life. The two take turns within
// a round, so that a change in the speed of the machine affects both.
func measureCPU(ctx context.Context, server *devserver.Server, by scale) (result, error) {
	workloads := cpuWorkloads()
	bare, ours := make([][]float64, len(workloads)), make([][]float64, len(workloads))
	for range by.of(cpuRounds) {
		err := withPair(ctx, server, func(b, o *process) error {
			for i, w := range workloads {
				bareSample, oursSample, err := w.round(ctx, server, b, o, by)
				if err != nil {
					return err
				}
				bare[i] = append(bare[i], w.of(bareSample))
				ours[i] = append(ours[i], w.of(oursSample))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	var out result
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "workload\tcallers\tbare\tours\tratio\tlowest\thighest\t")
	for i, w := range workloads {
		ratios := make([]float64, len(bare[i]))
		for round := range ratios {
			ratios[round] = ours[i][round] / bare[i][round]
		}
		fmt.Fprintf(table, "%s\t%d\t%.0f\t%.0f\t%.3f\t%.3f\t%.3f\t\n", w.name, w.callers,
			median(bare[i]), median(ours[i]), median(ratios), slices.Min(ratios), slices.Max(ratios))
		out.add(w.key, "%.3f", median(ratios))
	}
	return out, table.Flush()
}

// withPair runs the bare SDK and an application of this project side by side.
func withPair(ctx context.Context, server *devserver.Server, f func(bare, ours *process) error) error {
	bare, err := startProcess(ctx, server, spec{Bare: true, Suffix: "Bare"})
	if err != nil {
		return err
	}
	defer func() { _ = bare.stop() }()
	ours, err := startProcess(ctx, server, spec{Suffix: "Ours"})
	if err != nil {
		return err
	}
	defer func() { _ = ours.stop() }()
	return f(bare, ours)
}

// round sends a workload to both, in turn.
func (w cpuWorkload) round(ctx context.Context, server *devserver.Server, bare, ours *process, by scale) (b, o sample, err error) {
	client := newClient()
	defer client.CloseIdleConnections()
	n := by.of(w.n / cpuSlices)
	var warm sample
	for i := -by.of(cpuSlices / 4); i < by.of(cpuSlices); i++ {
		turns := []struct {
			p *process
			s *sample
		}{{bare, &b}, {ours, &o}}
		if i%2 == 0 {
			slices.Reverse(turns)
		}
		for _, t := range turns {
			if i < 0 {
				t.s = &warm
			}
			if err := t.s.play(ctx, client, server, t.p, w.callers, n, w.make(t.p)); err != nil {
				return b, o, err
			}
		}
	}
	return b, o, nil
}

// play makes n invocations and adds them to the sample.
func (s *sample) play(ctx context.Context, client *http.Client, server *devserver.Server, p *process, callers, n int, w workload) error {
	before, err := p.usage()
	if err != nil {
		return err
	}
	latencies, err := load(ctx, client, server.IngressURL(), callers, n, w)
	if err != nil {
		return err
	}
	after, err := p.usage()
	if err != nil {
		return err
	}
	s.cpu += after.CPU - before.CPU
	s.latencies = append(s.latencies, latencies...)
	return nil
}

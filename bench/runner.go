package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"text/tabwriter"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/runner"
)

// runnerInvocations is how many invocations the runner makes.
const runnerInvocations = 10_000

// measureRunner has one caller call a handler of three steps on the runner, which is in
// this process, as the handler is. All of it has one processor.
func measureRunner(ctx context.Context, by scale) (result, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	served, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted}, nil, restate.Reflect(&Plain{name: "Plain"}))
	if err != nil {
		return nil, err
	}
	if err := served.WarmUp(ctx); err != nil {
		return nil, err
	}
	var out result
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "attempts\tinvocations/s\tCPU µs\t")
	for _, replay := range []bool{false, true} {
		perSecond, cpu, err := runnerFigure(ctx, served, replay, by.of(runnerInvocations))
		if err != nil {
			return nil, err
		}
		name, key := "are told what they wait for", "invocations_per_s"
		if replay {
			name, key = "suspend at each step", "replayed_per_s"
		}
		fmt.Fprintf(table, "%s\t%.0f\t%d\t\n", name, perSecond, cpu.Microseconds())
		out.add(key, "%.0f", perSecond)
	}
	return out, table.Flush()
}

// runnerFigure returns how many invocations there are in a second, and what CPU time each
// takes.
func runnerFigure(ctx context.Context, served *endpoint.Endpoint, replay bool, n int) (perSecond float64, cpu time.Duration, err error) {
	r, err := runner.New(served, runner.Config{AlwaysReplay: replay})
	if err != nil {
		return 0, 0, err
	}
	defer r.Close()
	call := runner.Request{Service: "Plain", Handler: "Steps", Body: []byte(`{"text":"hello"}`)}
	if _, err := r.Call(ctx, call); err != nil {
		return 0, 0, err
	}
	before, err := readUsage()
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	for range n {
		if _, err := r.Call(ctx, call); err != nil {
			return 0, 0, err
		}
	}
	took := time.Since(start)
	after, err := readUsage()
	if err != nil {
		return 0, 0, err
	}
	return float64(n) / took.Seconds(), (after.CPU - before.CPU) / time.Duration(n), nil
}

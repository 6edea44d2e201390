package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/fxrestate/go/devserver"
)

const (
	lossRounds     = 6 // each node twice
	lossPartitions = 6 // fewer than the default, 24, for two cores
	// lossPhase is how long the load runs before a node is lost, without it, and when it is
	// back.
	lossPhase = 10 * time.Second
)

// loss is what callers saw of the loss of a node.
type loss struct {
	outcome
	retried  int           // requests that failed, and were sent to the next node
	silence  time.Duration // the longest time without the end of any call, while the node was away
	before   time.Duration // the longest call before the loss,
	longest  time.Duration // while the node was away,
	returned time.Duration // and from its start on
}

// measureLoss kills a node of a cluster under load in each round, another one each time.
func measureLoss(ctx context.Context, by scale) (result, error) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "node\tcalls\tlongest before, ms\twithout the node, ms\tno answer at all, ms\tfrom its return on, ms\tretried\tfailed\tlost\tdoubled\t")
	var silence, longest, returned []float64
	var all outcome
	ms := func(d time.Duration) float64 { return d.Seconds() * 1000 }
	for round := range by.of(lossRounds) {
		node := round % devserver.DefaultNodes
		r, err := lose(ctx, node, by)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(table, "%d\t%d\t%.0f\t%.0f\t%.0f\t%.0f\t%d\t%d\t%d\t%d\t\n", node+1, r.calls,
			ms(r.before), ms(r.longest), ms(r.silence), ms(r.returned), r.retried, r.failed, r.lost, r.doubled)
		silence, longest, returned = append(silence, ms(r.silence)), append(longest, ms(r.longest)), append(returned, ms(r.returned))
		all.failed += r.failed
		all.lost += r.lost
		all.doubled += r.doubled
	}
	var out result
	out.add("silence_ms", "%.0f", median(silence))
	out.add("longest_ms", "%.0f", median(longest))
	out.add("returned_ms", "%.0f", median(returned))
	out.add("failed", "%d", all.failed)
	out.add("lost", "%d", all.lost)
	out.add("doubled", "%d", all.doubled)
	return out, table.Flush()
}

// lose runs a new cluster, kills a node and starts it again, under load.
func lose(ctx context.Context, node int, by scale) (out loss, err error) {
	nodes, err := devserver.StartCluster(ctx, devserver.ClusterConfig{Server: devserver.Config{
		Progress: os.Stderr, StartTimeout: 5 * time.Minute, // partitions have to find their leaders
		Env: map[string]string{
			"RESTATE_LOG_FILTER":             "warn",
			"RESTATE_DEFAULT_NUM_PARTITIONS": strconv.Itoa(by.of(lossPartitions)),
			// The server's default, as in production. That of package devserver is shorter.
			"RESTATE_GOSSIP_SUSPECT_INTERVAL": "5s",
		},
	}})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, nodes.Stop(context.WithoutCancel(ctx))) }()
	app, err := startProcess(ctx, nodes.Node((node+1)%devserver.DefaultNodes), spec{Suffix: "Loss"})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, app.stop()) }()

	load := newSteadyLoad(nodes)
	defer load.client.CloseIdleConnections()
	load.once(ctx) // until all partitions have leaders
	load.retried = 0
	loading, stop := context.WithCancel(ctx)
	defer stop()
	var running sync.WaitGroup
	running.Go(func() { load.run(loading) })
	wait := func() {
		select {
		case <-time.After(by.phase(lossPhase)):
		case <-ctx.Done():
		}
	}
	began := time.Now()
	wait()
	killed := time.Now()
	err = nodes.Node(node).Kill()
	wait()
	started := time.Now()
	err = errors.Join(err, nodes.Node(node).Start(ctx))
	wait()
	stop()
	running.Wait()
	if err = errors.Join(err, ctx.Err()); err != nil {
		return out, err
	}
	out.before, _ = load.between(began, killed)
	out.longest, out.silence = load.between(killed, started)
	out.returned, _ = load.between(started, time.Now())
	out.retried, out.outcome = load.retried, load.outcome(ctx)
	return out, nil
}

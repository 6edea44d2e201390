package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
)

const (
	redeployVersions = 12
	redeployEvery    = 10 * time.Second
	// redeployQuiet is for how many times as long the same load runs without deploys
	// before.
	redeployQuiet = 6
	// redeployPause is how long one call in twenty sleeps between its steps.
	redeployPause = 2 * time.Second
	// redeploySettle is how long a registration may take to reach everything in the
	// server. What starts until then may still go to the version before.
	redeploySettle = time.Second
)

// redeployed is the result of a run with deploys.
type redeployed struct {
	outcome
	deploys, retried int
	quiet            time.Duration // p99 without deploys
}

// measureRedeploy sends a load while new versions of an application are deployed, once
// each at a URL of its own and once below a path of its own at one address.
func measureRedeploy(ctx context.Context, by scale) (result, error) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "a version's own\tdeploys\tcalls\tretried attempts\tp99 before, ms\tp99, ms\tfailed\tlost\tdoubled\tmismatches\t")
	var all redeployed
	ratio := 0.0
	for _, way := range []string{"URL", "path"} {
		r, err := redeploy(ctx, way == "path", by)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%.0f\t%.0f\t%d\t%d\t%d\t%d\t\n", way, r.deploys, r.calls, r.retried,
			r.quiet.Seconds()*1000, r.p99.Seconds()*1000, r.failed, r.lost, r.doubled, r.mismatches)
		all.failed += r.failed
		all.lost += r.lost
		all.doubled += r.doubled
		all.mismatches += r.mismatches
		ratio = max(ratio, float64(r.p99)/float64(max(r.quiet, 1)))
	}
	var out result
	out.add("failed", "%d", all.failed)
	out.add("lost", "%d", all.lost)
	out.add("doubled", "%d", all.doubled)
	out.add("mismatches", "%d", all.mismatches)
	out.add("p99_ratio", "%.2f", ratio)
	return out, table.Flush()
}

// lineCounter counts the log lines of a server about retries and about journals that the
// code does not match.
type lineCounter struct{ retries, mismatches atomic.Int64 }

func (c *lineCounter) Write(p []byte) (int, error) {
	c.retries.Add(int64(bytes.Count(p, []byte("Invocation error, retrying"))))
	for line := range bytes.Lines(p) {
		if bytes.Contains(line, []byte("RT0016")) || bytes.Contains(line, []byte("ournal mismatch")) {
			c.mismatches.Add(1)
		}
	}
	return len(p), nil
}

// redeploy runs versions of an application on a new server.
func redeploy(ctx context.Context, byPath bool, by scale) (out redeployed, err error) {
	var lines lineCounter
	server, err := devserver.Start(ctx, devserver.Config{
		Progress: os.Stderr, Log: &lines,
		Env: map[string]string{"RESTATE_LOG_FILTER": "warn"},
	})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, server.Stop(context.WithoutCancel(ctx))) }()
	versions, err := newReleases(server, byPath, by.phase(redeploySettle))
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, versions.stop()) }()
	if err := versions.next(ctx); err != nil {
		return out, err
	}
	load := &mixedLoad{
		server: server, random: rand.New(rand.NewPCG(1, 1)),
		slow: "/EvolvingRolling/Run", slowBody: fmt.Sprintf(`{"text":%q}`, by.phase(redeployPause)),
	}
	if err := load.warmUp(ctx); err != nil {
		return out, err
	}
	loading, stopLoad := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { load.run(loading) })
	wait := func() {
		select {
		case <-time.After(by.phase(redeployEvery)):
		case <-ctx.Done():
		}
	}
	for range by.of(redeployQuiet) {
		wait()
	}
	out.quiet = load.split()
	for range by.of(redeployVersions) {
		if err = versions.next(ctx); err != nil {
			break
		}
		out.deploys++
		wait()
	}
	stopLoad()
	running.Wait()
	if err != nil {
		return out, err
	}
	out.outcome = load.outcome()
	out.retried = int(lines.retries.Load())
	out.mismatches += int(lines.mismatches.Load())
	return out, versions.retired()
}

// releases are the versions of an application.
type releases struct {
	server  *devserver.Server
	client  *admin.Client
	gateway *gateway // nil if each version has a URL of its own
	settle  time.Duration
	newest  *release
	count   int

	retiring sync.WaitGroup
	mu       sync.Mutex
	failed   error // of what was retired
}

// release is a version that serves.
type release struct {
	*process
	path, deployment string
}

func newReleases(server *devserver.Server, byPath bool, settle time.Duration) (*releases, error) {
	client, err := admin.New(admin.Config{URL: server.AdminURL()})
	if err != nil {
		return nil, err
	}
	r := &releases{server: server, client: client, settle: settle}
	if byPath {
		r.gateway, err = newGateway()
	}
	return r, err
}

// next deploys the next version. The process of the one before ends when no invocation
// is pinned to it any more.
func (r *releases) next(ctx context.Context) error {
	r.count++
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	s := spec{Suffix: "Rolling", Addr: addr, Version: r.count}
	if r.gateway != nil {
		s.VersionName = fmt.Sprintf("build-%d", r.count)
	}
	p, err := startProcess(ctx, r.server, s)
	if err != nil {
		return err
	}
	if err := p.serve(); err != nil {
		return errors.Join(err, p.stop())
	}
	next := &release{process: p}
	if r.gateway != nil {
		next.path = p.VersionPath
		r.gateway.add(next.path, addr)
		addr = r.gateway.addr()
	}
	previous := r.newest
	r.newest = next
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	registered, err := r.client.RegisterDeployment(ctx, admin.RegisterDeploymentRequest{
		URI: "http://" + net.JoinHostPort(r.server.EndpointHost(), port) + next.path,
	})
	next.deployment = registered.ID
	if previous != nil {
		r.retiring.Go(func() { r.retire(ctx, previous) })
	}
	return err
}

// retire ends a version when nothing is pinned to it.
func (r *releases) retire(ctx context.Context, old *release) {
	time.Sleep(r.settle)
	err := deployment.AwaitDrained(ctx, r.client, old.deployment, nil)
	if err == nil {
		err = r.client.DeleteDeployment(ctx, old.deployment, true)
	}
	err = errors.Join(err, r.end(old))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = errors.Join(r.failed, err)
}

func (r *releases) end(old *release) error {
	err := old.stop()
	if r.gateway != nil {
		r.gateway.remove(old.path)
	}
	return err
}

// retired waits for the versions that are on their way out.
func (r *releases) retired() error {
	r.retiring.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *releases) stop() error {
	r.retiring.Wait()
	var err error
	if r.newest != nil {
		err = r.end(r.newest)
	}
	if r.gateway != nil {
		err = errors.Join(err, r.gateway.close())
	}
	r.client.CloseIdleConnections()
	return err
}

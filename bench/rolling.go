package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/devserver"
)

const (
	rollingRounds   = 5
	rollingRestarts = 6
	rollingEvery    = 4 * time.Second
	rollingRate     = 55 // calls a second
)

// rolled is the result of a run with restarts.
type rolled struct {
	outcome
	restarts, retried int
}

// measureRolling sends a load while an application is restarted every few seconds, once in
// place and once as one of two replicas behind a load balancer.
func measureRolling(ctx context.Context, by scale) (result, error) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "seed\treplicas\t\trestarts\tcalls\tretried attempts\tp99, ms\tfailed\t")
	retried, p99, failed := map[string]int{}, map[string][]float64{}, 0
	for seed := range by.of(rollingRounds) {
		for _, replicas := range []int{1, 2} {
			var of [2]rolled // ours, bare
			for i := range of {
				bare := (i+seed)%2 == 1 // in turns
				r, err := roll(ctx, bare, replicas, uint64(seed), by)
				if err != nil {
					return nil, err
				}
				name := map[bool]string{false: "ours", true: "bare"}[bare]
				retried[fmt.Sprint(name, replicas)] += r.retried
				fmt.Fprintf(table, "%d\t%d\t%s\t%d\t%d\t%d\t%.0f\t%d\t\n", seed, replicas, name, r.restarts, r.calls, r.retried, r.p99.Seconds()*1000, r.failed)
				if bare {
					of[1] = r
				} else {
					of[0] = r
					failed += r.failed
				}
			}
			for i, name := range []string{"ours", "bare"} {
				key := fmt.Sprint(name, replicas)
				p99[key] = append(p99[key], float64(of[i].p99))
			}
		}
	}
	ratio := func(replicas string) float64 {
		return float64(retried["ours"+replicas]) / float64(max(retried["bare"+replicas], 1))
	}
	var out result
	out.add("retried_inplace", "%.2f", ratio("1"))
	out.add("retried_overlap", "%.2f", ratio("2"))
	out.add("p99_inplace", "%.2f", median(p99["ours1"])/median(p99["bare1"]))
	out.add("p99_overlap", "%.2f", median(p99["ours2"])/median(p99["bare2"]))
	out.add("failed", "%d", failed)
	return out, table.Flush()
}

// retryCounter counts the log lines of a server about retries.
type retryCounter struct{ lines atomic.Int64 }

func (c *retryCounter) Write(p []byte) (int, error) {
	c.lines.Add(int64(bytes.Count(p, []byte("Invocation error, retrying"))))
	return len(p), nil
}

// roll runs replicas of an application on a new server.
func roll(ctx context.Context, bare bool, replicas int, seed uint64, by scale) (out rolled, err error) {
	var retries retryCounter
	server, err := devserver.Start(ctx, devserver.Config{
		Progress: os.Stderr, Log: &retries,
		Env: map[string]string{"RESTATE_LOG_FILTER": "warn"},
	})
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, server.Stop(context.WithoutCancel(ctx))) }()

	fleet := &fleet{server: server, spec: spec{Bare: bare, Suffix: "Rolling"}}
	defer fleet.stop()
	if err := fleet.start(ctx, replicas); err != nil {
		return out, err
	}
	load := &mixedLoad{server: server, random: rand.New(rand.NewPCG(seed, 1)), slow: "/PlainRolling/Sleep"}
	if err := load.warmUp(ctx); err != nil {
		return out, err
	}
	retries.lines.Store(0)
	loading, stopLoad := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { load.run(loading) })
	for range by.of(rollingRestarts) {
		select {
		case <-time.After(by.phase(rollingEvery)):
		case <-ctx.Done():
		}
		if err = fleet.restart(ctx, out.restarts%replicas); err != nil {
			break
		}
		out.restarts++
	}
	time.Sleep(by.phase(rollingEvery) / 2)
	stopLoad()
	running.Wait()
	if err != nil {
		return out, err
	}
	out.outcome = load.outcome()
	out.failed += out.lost + out.doubled
	out.retried = int(retries.lines.Load())
	return out, nil
}

// fleet has the replicas of an application.
type fleet struct {
	server    *devserver.Server
	spec      spec
	addrs     []string
	processes []*process
	balancer  *balancer
}

func (f *fleet) start(ctx context.Context, replicas int) error {
	for range replicas {
		addr, err := freeAddr()
		if err != nil {
			return err
		}
		f.addrs = append(f.addrs, addr)
	}
	for i := range replicas {
		p, err := f.standBy(ctx, i)
		if err != nil {
			return err
		}
		f.processes = append(f.processes, p)
		if err := p.serve(); err != nil {
			return err
		}
	}
	addr := f.addrs[0]
	if replicas > 1 {
		var err error
		if f.balancer, err = newBalancer(f.addrs...); err != nil {
			return err
		}
		addr = f.balancer.addr()
	}
	client, err := admin.New(admin.Config{URL: f.server.AdminURL()})
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	_, err = client.RegisterDeployment(ctx, admin.RegisterDeploymentRequest{URI: "http://" + net.JoinHostPort(f.server.EndpointHost(), port), Force: true})
	return err
}

func (f *fleet) standBy(ctx context.Context, i int) (*process, error) {
	s := f.spec
	s.Addr = f.addrs[i]
	return startProcess(ctx, f.server, s)
}

// restart ends a replica, and replaces it with a process that stands by.
func (f *fleet) restart(ctx context.Context, i int) error {
	next, err := f.standBy(ctx, i)
	if err != nil {
		return err
	}
	old := f.processes[i]
	f.processes[i] = next
	if err := old.stop(); err != nil {
		return err
	}
	return next.serve()
}

func (f *fleet) stop() {
	for _, p := range f.processes {
		_ = p.stop()
	}
	if f.balancer != nil {
		f.balancer.close()
	}
}

// mixedLoad calls handlers at random moments, as independent callers do.
type mixedLoad struct {
	server         *devserver.Server
	random         *rand.Rand
	slow, slowBody string // a handler that sleeps on purpose, and its input

	mu        sync.Mutex
	latencies []time.Duration // without those of calls that sleep on purpose
	added     map[string]int  // by path
	result    outcome
}

// outcome is what became of calls.
type outcome struct {
	calls, failed int
	lost, doubled int // additions
	mismatches    int // calls that failed because of one
	p99           time.Duration
}

const rollingKeys = 20

// pick returns a call and whether it sleeps.
func (l *mixedLoad) pick() (path string, body string, sleeps bool) {
	switch n := l.random.IntN(20); {
	case n < 8:
		return "/PlainRolling/Echo", `{"text":"hello"}`, false
	case n < 12:
		return "/PlainRolling/Steps", `{"text":"hello"}`, false
	case n < 16:
		return "/CounterRolling/" + strconv.Itoa(l.random.IntN(rollingKeys)) + "/Add", "1", false
	case n < 19:
		return "/PlainRolling/Relay", `{"text":"hello"}`, false
	default:
		return l.slow, l.slowBody, true
	}
}

func (l *mixedLoad) warmUp(ctx context.Context) error {
	client := newClient()
	defer client.CloseIdleConnections()
	for range 100 {
		path, body, sleeps := l.pick()
		if sleeps || body == "1" {
			continue
		}
		if err := post(ctx, client, l.server.IngressURL()+path, []byte(body)); err != nil {
			return err
		}
	}
	return nil
}

// run makes calls until ctx ends, and waits for the last one.
func (l *mixedLoad) run(ctx context.Context) {
	client := newClient()
	defer client.CloseIdleConnections()
	l.added = map[string]int{}
	var calls sync.WaitGroup
	for {
		wait := time.Duration(l.random.ExpFloat64() * float64(time.Second) / rollingRate)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			calls.Wait()
			l.check(client)
			return
		}
		path, body, sleeps := l.pick()
		calls.Go(func() { l.call(client, path, body, sleeps) })
	}
}

func (l *mixedLoad) call(client *http.Client, path, body string, sleeps bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	began := time.Now()
	err := post(ctx, client, l.server.IngressURL()+path, []byte(body))
	took := time.Since(began)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.result.calls++
	if err != nil {
		l.result.failed++
		fmt.Fprintln(os.Stderr, "bench:", err)
		l.result.mismatches += strings.Count(err.Error(), "journal mismatch")
	}
	if body == "1" {
		l.added[path]++
	}
	if !sleeps {
		l.latencies = append(l.latencies, took)
	}
}

// check counts additions that were lost or made twice.
func (l *mixedLoad) check(client *http.Client) {
	for path, added := range l.added {
		out, err := postFor(context.Background(), client, l.server.IngressURL()+path, []byte("0"))
		counted, notNumber := strconv.Atoi(string(out))
		if err := errors.Join(err, notNumber); err != nil {
			l.result.failed++
			fmt.Fprintln(os.Stderr, "bench:", err)
			continue
		}
		l.result.lost += max(added-counted, 0)
		l.result.doubled += max(counted-added, 0)
	}
}

// split returns the p99 so far, and begins another one.
func (l *mixedLoad) split() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	p99 := percentile99(l.latencies)
	l.latencies = nil
	return p99
}

func (l *mixedLoad) outcome() outcome {
	l.result.p99 = l.split()
	return l.result
}

func percentile99(latencies []time.Duration) time.Duration {
	if len(latencies) == 0 {
		return 0
	}
	slices.Sort(latencies)
	return latencies[len(latencies)*99/100]
}

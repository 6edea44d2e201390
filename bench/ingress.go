package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	sdkingress "github.com/restatedev/sdk-go/ingress"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
)

const (
	ingressRounds  = 7
	ingressCallers = 64
	ingressCalls   = 6000 // per round
)

// caller makes one call.
type caller func(ctx context.Context) error

// measureIngress calls an echo handler through the SDK's ingress client with its defaults
// and through ours, in turn, and compares them round by round.
func measureIngress(ctx context.Context, server *devserver.Server, by scale) (result, error) {
	calls := by.of(ingressCalls)
	app, err := startProcess(ctx, server, spec{Suffix: ""})
	if err != nil {
		return nil, err
	}
	defer func() { _ = app.stop() }()
	sdk, ours, closeIdle, err := ingressCallersFor(server.IngressURL())
	if err != nil {
		return nil, err
	}
	defer closeIdle()

	var rates, cpus [2][]float64
	var rateRatios, cpuRatios []float64
	for _, c := range []caller{sdk, ours} { // warm up
		if _, _, err := ingressRound(ctx, c, by.of(ingressCalls/4)); err != nil {
			return nil, err
		}
	}
	for i := range by.of(ingressRounds) {
		order := []int{0, 1}
		if i%2 == 1 {
			slices.Reverse(order)
		}
		for _, k := range order {
			rate, cpu, err := ingressRound(ctx, []caller{sdk, ours}[k], calls)
			if err != nil {
				return nil, err
			}
			rates[k], cpus[k] = append(rates[k], rate), append(cpus[k], cpu)
		}
		rateRatios = append(rateRatios, rates[1][i]/rates[0][i])
		cpuRatios = append(cpuRatios, cpus[1][i]/cpus[0][i])
	}
	conns, err := ingressConnections(ctx, server, calls)
	if err != nil {
		return nil, err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "ingress client\tcalls/s\tclient CPU µs/call\t")
	fmt.Fprintf(table, "SDK\t%.0f\t%.0f\t\nours\t%.0f\t%.0f\t\nratio\t%.2f\t%.2f\t\n",
		median(rates[0]), median(cpus[0]), median(rates[1]), median(cpus[1]), median(rateRatios), median(cpuRatios))
	fmt.Fprintf(table, "connections that ours opened for %d calls by %d callers: %d\n", calls, ingressCallers, conns)
	var out result
	out.add("throughput", "%.2f", median(rateRatios))
	out.add("client_cpu", "%.2f", median(cpuRatios))
	out.add("conns", "%d", conns)
	return out, table.Flush()
}

func ingressCallersFor(url string) (sdk, ours caller, closeIdle func(), err error) {
	raw := sdkingress.Service[Message, Message](sdkingress.NewClient(url), "Plain", "Echo")
	client, err := ingress.New(ingress.Config{URL: url}, mustRegistry())
	if err != nil {
		return nil, nil, nil, err
	}
	plain := ingress.NewService[*Plain](client)
	message := Message{Text: "hello"}
	sdk = func(ctx context.Context) error {
		_, err := raw.Request(ctx, message)
		return err
	}
	ours = func(ctx context.Context) error {
		_, err := ingress.Call(ctx, plain, (*Plain).Echo, message)
		return err
	}
	return sdk, ours, client.CloseIdleConnections, nil
}

// mustRegistry returns a registry with the names of the application's services.
func mustRegistry() *handler.Registry {
	desc, err := handler.Spec{Type: plainType, Name: "Plain"}.Describe()
	if err != nil {
		panic(err) // the services of this program are valid
	}
	registry, err := handler.NewRegistry(desc)
	if err != nil {
		panic(err)
	}
	return registry
}

// ingressRound makes n calls and returns calls per second and the CPU time that
// this process spent on each, in microseconds.
func ingressRound(ctx context.Context, c caller, n int) (rate, cpu float64, err error) {
	before, err := readUsage()
	if err != nil {
		return 0, 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	began := time.Now()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range ingressCallers {
		wg.Go(func() {
			for next.Add(1) <= int64(n) && ctx.Err() == nil {
				if err := c(ctx); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return 0, 0, err
	}
	took := time.Since(began)
	after, err := readUsage()
	return float64(n) / took.Seconds(), float64((after.CPU - before.CPU).Microseconds()) / float64(n), err
}

// ingressConnections counts the connections that our client opens, with a proxy in front
// of the server.
func ingressConnections(ctx context.Context, server *devserver.Server, calls int) (int64, error) {
	target := server.IngressURL()[len("http://"):]
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	var opened atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			opened.Add(1)
			go forward(c, target)
		}
	}()
	_, ours, closeIdle, err := ingressCallersFor("http://" + l.Addr().String())
	if err != nil {
		return 0, err
	}
	defer closeIdle()
	_, _, err = ingressRound(ctx, ours, calls)
	return opened.Load(), err
}

func forward(c net.Conn, target string) {
	defer c.Close()
	up, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer up.Close()
	go func() {
		_, _ = io.Copy(up, c)
		_ = up.Close()
	}()
	_, _ = io.Copy(c, up)
}

// Command bench measures the figures that the project promises:
//
//	go run ./bench NAME
//
// It runs applications in separate processes on a real restate-server. It prints a table
// and, on the last line, the figures for programs:
//
//	RESULT key=value …
//
// RESULTS.md keeps the results, with the machine and the date. Measure on an idle
// machine.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fxrestate/go/devserver"
)

// figure is a figure that can be measured.
type figure struct {
	about   string
	measure func(context.Context, scale) (result, error)
}

// scale divides the amount of work, for tests of this program.
type scale int

func (s scale) of(n int) int { return max(n/int(s), 1) }

// phase returns how long a part of a measurement lasts: it needs some time even in a test.
func (s scale) phase(d time.Duration) time.Duration { return max(d/time.Duration(s), d/8) }

var figures = map[string]figure{
	"first":     {"the first invocation after ready, against the median of later ones", measureFirst},
	"cpu":       {"CPU time per invocation and latency, against the bare SDK", onOneServer(measureCPU)},
	"ingress":   {"calls by 64 callers, against the SDK's ingress client", onOneServer(measureIngress)},
	"startup":   {"from fx.New to ready with 200 services of 5 handlers, against one", measureStartup},
	"admission": {"time at a limit of 10 and 20, with parents that wait for their children, and with too many invocations", onOneServer(measureAdmission)},
	"rolling":   {"attempts that restarts make Restate retry, and p99, against the bare SDK that ends at once", measureRolling},
	"redeploy":  {"calls that fail, are lost or made twice while versions are deployed, and p99 against that without", measureRedeploy},
	"loss":      {"how long calls take when a cluster of three loses a node, and calls that fail, are lost or made twice", measureLoss},
	"runner":    {"the kit for tests: invocations of three steps in process, on one processor; crashes everywhere; when a test is ready", measureRunner},
	"memory":    {"memory with 5,000 sleeping invocations and MaxInFlight 500", onOneServer(measureMemory)},
}

func main() {
	if spec := os.Getenv(appEnv); spec != "" {
		exit(runApp(spec))
	}
	if len(os.Args) != 2 || figures[os.Args[1]].measure == nil {
		fmt.Fprintln(os.Stderr, "usage: go run ./bench NAME, where NAME is one of")
		for _, name := range slices.Sorted(maps.Keys(figures)) {
			fmt.Fprintf(os.Stderr, "  %-9s %s\n", name, figures[name].about)
		}
		os.Exit(2)
	}
	exit(run(figures[os.Args[1]], 1))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(f figure, by scale) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := withServer(ctx, func(server *devserver.Server) error {
		_, err := fmt.Printf("%s\n%s/%s, %d cores, %s, restate-server %s\n\n",
			f.about, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), server.Version())
		return err
	})
	if err != nil {
		return err
	}
	out, err := f.measure(ctx, by)
	if err != nil {
		return err
	}
	fmt.Println("\n" + out.String())
	return nil
}

// result is the last line of the output.
type result []string

func (r *result) add(key string, format string, value any) {
	*r = append(*r, fmt.Sprintf("%s="+format, key, value))
}

func (r result) String() string { return "RESULT " + strings.Join(r, " ") }

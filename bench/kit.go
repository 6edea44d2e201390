package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

const (
	kitRounds = 5
	kitSteps  = 30 // of the saga that dies everywhere
)

var kitTests = []string{"TestASagaSurvivesACrashAtEachEntry", "TestTheFirstTestOfABinaryAndFurtherOnes"}

// kitFigures are what the tests in the folder kit print, and what is said of them.
var kitFigures = []struct{ name, about string }{
	{"crash_s", "CrashEverywhere in process, a saga of 30 steps"},
	{"crash_undone_s", "the same with 30 compensations"},
	{"first_s", "on a server: from the start of the test binary until the first test is ready"},
	{"next_s", "on a server: from the end of a test until the next one is ready"},
}

// measureKit runs the tests in the folder kit, each in a new process in each round. The server
// was started before, which has warmed the caches.
func measureKit(ctx context.Context, by scale) (result, error) {
	dir, err := os.MkdirTemp("", "fxrestate-bench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary := filepath.Join(dir, "kit.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, "github.com/fxrestate/go/bench/kit")
	if said, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the tests: %w\n%s", err, said)
	}
	took := map[string][]float64{}
	for range by.of(kitRounds) {
		for _, test := range kitTests {
			if err := kitTest(ctx, binary, test, by.of(kitSteps), took); err != nil {
				return nil, err
			}
		}
	}
	var out result
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "the kit\tseconds\tlowest\thighest\t")
	for _, f := range kitFigures {
		all := took[f.name]
		if len(all) == 0 {
			return nil, fmt.Errorf("the tests did not print %s", f.name)
		}
		fmt.Fprintf(table, "%s\t%.2f\t%.2f\t%.2f\t\n", f.about, median(all), slices.Min(all), slices.Max(all))
		out.add(f.name, "%.2f", median(all))
	}
	return out, table.Flush()
}

// kitTest runs one of the tests, and adds what it prints, by name.
func kitTest(ctx context.Context, binary, test string, steps int, took map[string][]float64) error {
	cmd := exec.CommandContext(ctx, binary, "-test.run", "^"+test+"$")
	cmd.Env = append(os.Environ(),
		"FXRESTATE_BENCH_STEPS="+strconv.Itoa(steps),
		"FXRESTATE_BENCH_BEGAN="+strconv.FormatInt(time.Now().UnixNano(), 10))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	said, err := cmd.Output()
	if err != nil {
		return errors.Join(fmt.Errorf("run the tests: %w", err), errors.New(string(said)+stderr.String()))
	}
	for line := range strings.Lines(string(said)) {
		var name string
		var seconds float64
		if n, _ := fmt.Sscanf(line, "FIGURE %s %f", &name, &seconds); n == 2 {
			took[name] = append(took[name], seconds)
		}
	}
	return nil
}

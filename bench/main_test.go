package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/testkit"
)

// figureEnv makes the test binary measure a figure with little work.
const figureEnv = "FXRESTATE_BENCH_FIGURE"

func TestMain(m *testing.M) {
	switch spec, name := os.Getenv(appEnv), os.Getenv(figureEnv); {
	case spec != "":
		exit(runApp(spec))
	case name != "":
		exit(run(figures[name], 100))
	default:
		binary, remove, err := testkit.Unraced()
		if err != nil {
			exit(err)
		}
		// The numbers do not matter, and what measures them is raced.
		_ = os.Setenv(binaryEnv, binary)
		code := m.Run()
		remove()
		os.Exit(code)
	}
}

func TestLastLineOfEachFigureIsForMachines(t *testing.T) {
	t.Parallel()
	const number = `\d+(\.\d+)?`
	want := map[string]string{
		"first":     "first_ratio=" + number,
		"cpu":       "cpu_echo=" + number + " cpu_steps=" + number + " cpu_counter=" + number + " latency1=" + number,
		"ingress":   "throughput=" + number + " client_cpu=" + number + " conns=" + number,
		"startup":   "startup_extra_ms=-?" + number + " unchanged_extra_ms=-?" + number,
		"admission": "nested_x=" + number + " flat_x=" + number + " completed=21",
		"rolling":   "retried_inplace=" + number + " retried_overlap=" + number + " p99_inplace=" + number + " p99_overlap=" + number + " failed=0",
		"redeploy":  "failed=0 lost=0 doubled=0 mismatches=0 p99_ratio=" + number,
		"loss":      "silence_ms=" + number + " longest_ms=" + number + " returned_ms=" + number + " failed=0 lost=0 doubled=0",
		"runner": "invocations_per_s=" + number + " replayed_per_s=" + number +
			" crash_s=" + number + " crash_undone_s=" + number + " first_s=" + number + " next_s=" + number,
		"memory": "rss_mb=" + number + " completed=50",
	}
	require.Len(t, want, len(figures))
	for name := range figures {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // the numbers do not matter
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), figureEnv+"="+name)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			require.NoError(t, err, stderr.String())
			lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
			require.Regexp(t, "^RESULT "+want[name]+"$", lines[len(lines)-1])
		})
	}
}

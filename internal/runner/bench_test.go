package runner_test

import (
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/runner"
)

// BenchmarkThreeSteps is an invocation of a handler with three steps, through the Go API.
func BenchmarkThreeSteps(b *testing.B) {
	for name, cfg := range map[string]runner.Config{
		"streaming":      {},
		"always replays": {AlwaysReplay: true},
	} {
		b.Run(name, func(b *testing.B) {
			cfg.Log = func(string, ...any) {}
			r := start(b, cfg, restate.NewService("Steps").Handler("three", restate.NewServiceHandler(func(ctx restate.Context, in int) (int, error) {
				for range 3 {
					var err error
					if in, err = restate.Run(ctx, func(restate.RunContext) (int, error) { return in + 1, nil }); err != nil {
						return 0, err
					}
				}
				return in, nil
			})))
			q := request(b, "Steps", "", "three", 1)
			_, err := r.Call(b.Context(), q)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Call(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "invocations/s")
		})
	}
}

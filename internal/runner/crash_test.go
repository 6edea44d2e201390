package runner_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/runner"
)

// transfers moves money between accounts, with a nap.
func transfers() restate.ServiceDefinition {
	return restate.NewService("Transfers").Handler("Move", restate.NewServiceHandler(func(ctx restate.Context, n int) (restate.Void, error) {
		id, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return n, nil })
		if err != nil {
			return restate.Void{}, err
		}
		if _, err := restate.Object[int](ctx, "Counter", "from", "Add").Request(-id); err != nil {
			return restate.Void{}, err
		}
		if err := restate.Sleep(ctx, time.Minute); err != nil {
			return restate.Void{}, err
		}
		_, err = restate.Object[int](ctx, "Counter", "to", "Add").Request(id)
		return restate.Void{}, err
	}))
}

func TestNothingIsLostOrDoubledWhenApplicationsDie(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, cfg runner.Config) {
		cfg.Log = func(string, ...any) {} // there is much
		cfg.Retry = &runner.RetryPolicy{InitialInterval: time.Second, Factor: 1}
		applications := make([]http.Handler, 3)
		for i := range applications {
			applications[i] = app(t, counter(), transfers())
		}
		r, err := runner.New(applications[0], cfg)
		require.NoError(t, err)
		defer r.Close()
		const callers, each = 20, 5
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				for range each {
					if _, err := r.Call(ctxOf(t), request(t, "Transfers", "", "Move", 1)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		over := make(chan struct{})
		go func() {
			defer close(over)
			all.Wait()
		}()
		for i := 1; ; i++ {
			select {
			case <-over:
				require.Equal(t, "-100", string(r.State("Counter", "from")["sum"]))
				require.Equal(t, "100", string(r.State("Counter", "to")["sum"]))
				return
			case <-time.After(time.Duration(i) * time.Millisecond): // longer each time, so that it ends on any machine
				require.NoError(t, r.SwapHandler(nil))
				require.NoError(t, r.SwapHandler(applications[i%len(applications)]))
			}
		}
	})
}

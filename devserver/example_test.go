package devserver_test

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
)

func ExampleStart() {
	ctx := context.Background()
	s, err := devserver.Start(ctx, devserver.Config{
		Progress: os.Stderr,
		Env: map[string]string{
			// Suspend at every await, so that each step is replayed.
			"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s",
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Stop(ctx)

	resp, err := http.Get(s.AdminURL() + "/health")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 200 OK
}

// The server crashes and starts again with its data.
func ExampleServer_Kill() {
	ctx := context.Background()
	s, err := devserver.Start(ctx, devserver.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Stop(ctx) // removes the temporary directory

	if err := s.Kill(); err != nil {
		fmt.Println(err)
		return
	}
	again, err := devserver.Start(ctx, s.Config())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer again.Stop(ctx)
	fmt.Println(again.IngressURL() == s.IngressURL(), again.Dir() == s.Dir())
	// Output: true true
}

func ExampleModule() {
	app := fx.New(
		fx.NopLogger,
		devserver.Module,
		fx.Supply(devserver.Config{Progress: os.Stderr}),
		// The URLs are known before the server runs.
		fx.Invoke(func(lc fx.Lifecycle, s *devserver.Server) {
			ingress := s.IngressURL()
			lc.Append(fx.StartHook(func() error {
				resp, err := http.Get(ingress + "/restate/health")
				if err != nil {
					return err
				}
				fmt.Println(resp.Status)
				return resp.Body.Close()
			}))
		}),
	)
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
	}
	if err := app.Stop(ctx); err != nil {
		fmt.Println(err)
	}
	// Output: 200 OK
}

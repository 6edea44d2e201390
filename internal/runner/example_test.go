package runner_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"

	"github.com/fxrestate/go/internal/runner"
)

// A handler that waits for a day is called, and the clock jumps.
func Example() {
	handler, err := server.NewRestate().WithLogger(slog.DiscardHandler, false).Bind(
		restate.NewService("Reminders").Handler("Remind", restate.NewServiceHandler(func(ctx restate.Context, who string) (string, error) {
			if err := restate.Sleep(ctx, 24*time.Hour); err != nil {
				return "", err
			}
			return restate.Run(ctx, func(restate.RunContext) (string, error) { return "reminded " + who, nil }, restate.WithName("mail"))
		})),
	).Handler()
	if err != nil {
		panic(err)
	}
	r, err := runner.New(handler, runner.Config{})
	if err != nil {
		panic(err)
	}
	defer r.Close()
	before := r.Now()
	result, err := r.Call(context.Background(), runner.Request{Service: "Reminders", Handler: "Remind", Body: []byte(`"Ada"`)})
	fmt.Println(string(result), err, r.Now().Sub(before).Round(time.Hour))
	for _, e := range r.Invocations()[0].Journal {
		fmt.Println(e)
	}
	// Output:
	// "reminded Ada" <nil> 24h0m0s
	// Command: Input
	// Command: Sleep
	// Notification: Sleep
	// Command: Run mail
	// Notification: Run
	// Command: Output
}

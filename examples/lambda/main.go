// Command lambda is a function for AWS Lambda: the trials of a product, each of which
// takes two weeks and a few milliseconds of the function. On this machine it needs only Go
// and npm (or a restate-server on PATH):
//
//	go -C examples/lambda run .
//
// It starts itself as a function beside a stand-in for AWS Lambda, finds or installs a
// restate-server, runs it with its data in a temporary directory, registers the function
// by its ARN, and prints requests to try, and then each event that the function takes.
// With -demo it sends the requests itself and exits. With -trial 20s a trial takes 20
// seconds.
//
// On AWS Lambda, whose runtime it finds in the environment, it is the function alone:
// docs/endpoint-modes.md has the commands that build, publish and register it. There the
// variable TRIAL says how long a trial takes.
//
// It shows:
//   - the handler of the graph in mode endpoint.Lambda, given to lambda.Start ([function]);
//   - a workflow that waits for two weeks, while no function runs, and is not billed
//     ([Trial.Run]);
//   - how a real server and the real runtime of a function are tried without an account
//     ([Platform]).
//
// Worth a try: upgrade while a trial runs, and see which events come.
//
// The folder is a module of its own, so that applications with fxrestate do not depend on
// aws-lambda-go.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/restatedev/sdk-go/server"
	"go.uber.org/fx"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
)

// The variables of the function's environment. Lambda sets the first.
const (
	runtimeVariable = "AWS_LAMBDA_RUNTIME_API"
	trialVariable   = "TRIAL"
)

func main() {
	run := function
	if os.Getenv(runtimeVariable) == "" {
		runDemo := flag.Bool("demo", false, "send the requests, show the responses, and exit")
		length := flag.Duration("trial", time.Minute, "how long a trial takes")
		flag.Parse()
		run = func() error { return onThisMachine(*runDemo, *length) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "lambda:", err)
		os.Exit(1)
	}
}

// function serves the events of AWS Lambda until the platform ends the process.
func function() error {
	length, err := time.ParseDuration(cmp.Or(os.Getenv(trialVariable), "336h"))
	if err != nil {
		return fmt.Errorf("%s: %w", trialVariable, err)
	}
	var handle server.LambdaHandlerFunc
	app := fx.New(trials(Length(length)), fx.Populate(&handle))
	if err := app.Start(context.Background()); err != nil {
		return err
	}
	lambda.Start(handle)
	return nil
}

// trials is the application. It does not register itself: the function is registered by
// its ARN, once for each version that is published.
func trials(length Length) fx.Option {
	return fx.Options(
		fxrestate.Module,
		fx.Supply(length, fxrestate.Config{Endpoint: endpoint.Config{Mode: endpoint.Lambda}}),
		fx.Provide(NewPost),
		fxrestate.Workflow[*Trial](NewTrial, fxrestate.Name("trial")),
		fxrestate.Service[*Mails](NewMails, fxrestate.Name("mails")),
	)
}

func onThisMachine(runDemo bool, length time.Duration) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if runDemo {
		length = min(length, time.Second)
	}
	show := func(e Event) { fmt.Println("  function:", e) }
	return withFunction(ctx, length, show, func(r *Running) error {
		fmt.Printf("ready: %s\n\n", r.IngressURL)
		return tryOut(ctx, r, runDemo)
	})
}

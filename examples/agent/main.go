// Command agent answers questions with a language model that uses tools. The model is a
// script, so it needs no key and no network. It needs only Go and npm (or docker, or a
// restate-server on PATH):
//
//	go run ./examples/agent
//
// It finds or installs a restate-server, runs it with its data in a temporary directory,
// serves the handlers to it, and prints requests to try. With -demo it sends them itself
// and exits. With -patience 20s people have 20 seconds to decide on a large claim.
//
// It shows:
//   - a loop that asks the model, uses the tools that it wants, and asks again
//     ([Agent.Answer]). Each turn of the model is a step: it is retried, and after a crash
//     nobody pays for it twice;
//   - tools that are handlers ([NewTools]). Those of one turn run at the same time. A tool
//     that fails for good is no failure of the run: the model is told;
//   - a tool that waits for a person, for hours, with a timeout ([Claims.Settle]);
//   - a conversation with a memory ([Chat]);
//   - a run that fails or is cancelled, and gives back what it paid.
//
// Worth a try: ask for the weather in Denver, whose station is down at first, and in
// Atlantis. Stop the program while a claim waits, and start it again on a server that keeps
// its data. Put a real model in, with a constructor in place of [NewScript].
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
)

//go:generate go run github.com/fxrestate/go/cmd/fxrestate gen

func main() {
	runDemo := flag.Bool("demo", false, "send the requests, show the responses, and exit")
	patience := flag.Duration("patience", 3*time.Hour, "how long a person may take to decide on a claim")
	flag.Parse()
	if err := run(*runDemo, Patience(*patience)); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

// insurance is the application without its server and its log.
func insurance(patience Patience) fx.Option {
	return fx.Options(
		fxrestate.Module,
		fx.Supply(patience),
		fx.Provide(NewAgent, NewTools, NewBank, NewDesk),
		fx.Provide(fx.Annotate(NewScript, fx.As(new(Model)))), // a real one goes here
		fx.Provide(fx.Annotate(NewSky, fx.As(new(Station)))),
		fxrestate.Service[*Assistant](NewAssistant, fxrestate.Name("assistant")),
		fxrestate.Object[*Chat](NewChat, fxrestate.Name("chat")),
		fxrestate.Service[*Weather](NewWeather, fxrestate.Name("weather")),
		fxrestate.Service[*Claims](NewClaims, fxrestate.Name("claims")),
	)
}

func run(runDemo bool, patience Patience) error {
	var client *ingress.Client
	var desk *Desk
	return fxrestate.RunWith(
		func(ctx context.Context) error {
			fmt.Printf("ready: %s\n\n", client.URL())
			if runDemo {
				return demo(ctx, client, desk)
			}
			requests.Print(os.Stdout, client.URL(), tour)
			<-ctx.Done() // Ctrl-C
			return nil
		},
		insurance(patience),
		fxrestate.DevServer(devserver.Config{Progress: os.Stderr}),
		fx.Populate(&client, &desk),
	)
}

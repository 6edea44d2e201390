// Command greeter is the smallest application: a service that greets, an object that
// counts, and a service that changes the role of a user. It needs only Go and npm (or
// docker, or a restate-server on PATH):
//
//	go run ./examples/greeter
//
// It finds or installs a restate-server, runs it with its data in a temporary
// directory, serves the handlers to it, and prints requests to try. With -demo it sends
// them itself and exits.
//
// It shows:
//   - steps, whose results are journaled: Alice's mails fail at first and are sent once
//     all the same ([Greeter.Greet]);
//   - a timer that survives the process: stop the program within the second before the
//     reminder, and start it again on a server that keeps its data;
//   - the state of an object, for each key ([Counter]);
//   - an update in several systems that goes on where it was interrupted ([Roles.Apply]).
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

func main() {
	runDemo := flag.Bool("demo", false, "send the requests, show the responses, and exit")
	flag.Parse()
	if err := run(*runDemo); err != nil {
		fmt.Fprintln(os.Stderr, "greeter:", err)
		os.Exit(1)
	}
}

// greeting is the application without its server and its log.
func greeting() fx.Option {
	return fx.Options(
		fxrestate.Module,
		fx.Provide(NewMailbox, NewAccess),
		fxrestate.Service[*Greeter](NewGreeter, fxrestate.Name("greeter")),
		fxrestate.Object[*Counter](NewCounter, fxrestate.Name("counter")),
		fxrestate.Service[*Roles](NewRoles, fxrestate.Name("roles")),
	)
}

// tour has the requests, one after another.
var tour = []requests.Request{
	{Title: "a greeting, and a reminder a second later", Path: "/greeter/Greet", Body: `{"name":"Sarah"}`},
	{Title: "Alice's mails fail at first", Path: "/greeter/Greet", Body: `{"name":"Alice"}`},
	{Title: "a counter for each name", Path: "/counter/Sarah/Greet"},
	{Title: "keeps its state", Path: "/counter/Sarah/Greet"},
	{Title: "until it is told to count from the beginning", Path: "/counter/Sarah/Forget"},
	{Title: "a role with its permissions, in two systems", Path: "/roles/Apply", Body: `{"user":"sarah","role":"editor","permissions":["read","write"]}`},
	{Title: "a role that is refused changes nothing", Path: "/roles/Apply", Body: `{"user":"sarah","role":"owner","permissions":["delete"]}`},
}

func run(runDemo bool) error {
	var client *ingress.Client
	return fxrestate.RunWith(
		func(ctx context.Context) error {
			fmt.Printf("ready: %s\n\n", client.URL())
			if runDemo {
				ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
				defer cancel()
				return requests.Send(ctx, os.Stdout, client.URL(), tour)
			}
			requests.Print(os.Stdout, client.URL(), tour)
			<-ctx.Done() // Ctrl-C
			return nil
		},
		greeting(),
		fxrestate.DevServer(devserver.Config{Progress: os.Stderr}),
		fx.Populate(&client),
	)
}

// Command workflows is a tour of workflows: three ways to sign a user up. It needs only Go
// and npm (or docker, or a restate-server on PATH):
//
//	go run ./examples/workflows
//
// It finds or installs a restate-server, runs it with its data in a temporary directory,
// serves the handlers to it, and prints requests to try. With -demo it sends them itself
// and exits. With -remind 5s -give-up 1m it has less patience with a user.
//
// It shows:
//   - activities, as steps and as a call of another service; a query of the status; an
//     event that others wait for; and a step that is given up after three attempts without
//     failing the workflow ([Signup]);
//   - a signal from outside, reminders until it comes, and a time after which nobody waits
//     for it any more; and what a cancellation undoes ([Verification]);
//   - a saga of steps and calls ([PaidSignup]).
//
// Worth a try: sign the same user up twice. Sign up with "taken@mail.com". Sign up as
// "Alice", whose mails nobody accepts, and who cannot have the paid plan. Cancel a
// verification: PATCH /invocations/{id}/cancel of the admin API.
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
	remind := flag.Duration("remind", 15*time.Second, "how often a user is reminded")
	giveUp := flag.Duration("give-up", 24*time.Hour, "how long a user is waited for")
	flag.Parse()
	if err := run(*runDemo, Patience{Remind: *remind, GiveUp: *giveUp}); err != nil {
		fmt.Fprintln(os.Stderr, "workflows:", err)
		os.Exit(1)
	}
}

// site is the application without its server and its log.
func site(patience Patience) fx.Option {
	return fx.Options(
		fxrestate.Module,
		fx.Supply(patience),
		fx.Provide(NewDirectory, NewMailbox, NewSecrets, NewPlans),
		fxrestate.Service[*Users](NewUsers, fxrestate.Name("users")),
		fxrestate.Workflow[*Signup](NewSignup, fxrestate.Name("signup")),
		fxrestate.Workflow[*Verification](NewVerification, fxrestate.Name("verification")),
		fxrestate.Workflow[*PaidSignup](NewPaidSignup, fxrestate.Name("paid-signup")),
	)
}

func run(runDemo bool, patience Patience) error {
	var client *ingress.Client
	var mailbox *Mailbox
	return fxrestate.RunWith(
		func(ctx context.Context) error {
			fmt.Printf("ready: %s\n\n", client.URL())
			if runDemo {
				return demo(ctx, client, mailbox)
			}
			requests.Print(os.Stdout, client.URL(), tour)
			<-ctx.Done() // Ctrl-C
			return nil
		},
		site(patience),
		fxrestate.DevServer(devserver.Config{Progress: os.Stderr}),
		fx.Populate(&client, &mailbox),
	)
}

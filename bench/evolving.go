package main

import (
	"fmt"
	"time"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
)

// evolving is a service that each version of an application changes: its interface has
// one handler more, and its handler Run another journal.
func evolving(version int, suffix string) fx.Option {
	if version == 0 {
		return fx.Options()
	}
	service := restate.NewService("Evolving"+suffix).
		Handler("Run", restate.NewServiceHandler(func(ctx restate.Context, in Message) (Message, error) {
			return evolve(ctx, version, in)
		}))
	for n := range version {
		service = service.Handler(fmt.Sprintf("Since%d", n+1),
			restate.NewServiceHandler(func(_ restate.Context, in Message) (Message, error) { return in, nil }))
	}
	return fxrestate.Definition(service)
}

// evolve does steps before and after a sleep of the duration that the input is. Their
// names and number are the version's, so another version's journal does not match. It
// fails if another one did any of them nevertheless.
func evolve(ctx restate.Context, version int, in Message) (Message, error) {
	pause, err := time.ParseDuration(in.Text)
	if err != nil {
		return Message{}, restate.TerminalErrorf("the input is no duration: %v", err)
	}
	step := func(n int) error {
		by, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return version, nil },
			restate.WithName(fmt.Sprintf("v%d step %d", version, n)))
		if err == nil && by != version {
			err = restate.TerminalErrorf("journal mismatch: version %d goes on with version %d's", version, by)
		}
		return err
	}
	for n := range version%3 + 1 {
		if err := step(n); err != nil {
			return Message{}, err
		}
	}
	if err := restate.Sleep(ctx, pause); err != nil {
		return Message{}, err
	}
	return in, step(-1)
}

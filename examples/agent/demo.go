package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/ingress"
)

// questions have one for each thing that the agent does, but for a claim that waits.
var questions = []requests.Request{
	{Title: "two tools at the same time", Path: "/assistant/Ask", Body: `"How is the weather in Paris and Rome?"`},
	{Title: "a tool whose partner is down at first", Path: "/assistant/Ask", Body: `"How is the weather in Denver?"`},
	{Title: "a tool that fails: the model is told", Path: "/assistant/Ask", Body: `"How is the weather in Atlantis?"`},
	{Title: "a model that does not respond at first", Path: "/assistant/Ask", Body: `"I am unlucky. How is the weather in Oslo?"`},
	{Title: "a small claim", Path: "/assistant/Ask", Body: `"A claim of 200 euros for a bicycle, please"`},
	{Title: "a run that fails: its payment is taken back", Path: "/assistant/Ask", Body: `"A claim of 300 euros for a window, and break"`},
	{Title: "a conversation", Path: "/chat/ada/Say", Body: `"How is the weather in Lima?"`},
	{Title: "which has a memory", Path: "/chat/ada/Say", Body: `"What have I said so far?"`},
	{Title: "and can be read", Path: "/chat/ada/History"},
}

// large is a claim that a person decides on. It is sent and not waited for; the log tells
// how to decide.
var large = requests.Request{
	Title: "a large claim: a person decides, see the log", Path: "/assistant/Ask/send",
	Body: `"A claim of 3000 euros for a broken leg, please"`,
}

// demo sends the requests and shows the responses. Then it files a large claim and decides
// on it.
func demo(ctx context.Context, client *ingress.Client, desk *Desk) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := requests.Send(ctx, os.Stdout, client.URL(), questions); err != nil {
		return err
	}
	const claim = "A claim of 3000 euros for a broken leg, please"
	fmt.Printf("# a large claim waits for a person\n  %s\n", claim)
	sent, err := ingress.Send(ctx, ingress.NewService[*Assistant](client), (*Assistant).Ask, claim)
	if err != nil {
		return err
	}
	for len(desk.Questions()) == 0 {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	approve := requests.Request{
		Title: "a person decides", Path: "/restate/awakeables/" + desk.Questions()[0] + "/resolve", Body: `{"approved":true,"by":"Grace"}`,
	}
	if err := requests.Send(ctx, os.Stdout, client.URL(), []requests.Request{approve}); err != nil {
		return err
	}
	said, err := sent.Attach(ctx)
	fmt.Printf("# the answer\n  %s\n", said)
	return err
}

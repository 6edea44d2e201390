package main

import (
	"context"
	"os"
	"time"

	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/ingress"
)

// tour has a request for each thing that the agent does.
var tour = []requests.Request{
	{Title: "two tools at the same time", Path: "/assistant/Ask", Body: `"How is the weather in Paris and Rome?"`},
	{Title: "a tool whose partner is down at first", Path: "/assistant/Ask", Body: `"How is the weather in Denver?"`},
	{Title: "a tool that fails: the model is told", Path: "/assistant/Ask", Body: `"How is the weather in Atlantis?"`},
	{Title: "a model that does not respond at first", Path: "/assistant/Ask", Body: `"I am unlucky. How is the weather in Oslo?"`},
	{Title: "a small claim", Path: "/assistant/Ask", Body: `"A claim of 200 euros for a bicycle, please"`},
	{Title: "a run that fails: its payment is taken back", Path: "/assistant/Ask", Body: `"A claim of 300 euros for a window, and break"`},
	{Title: "a conversation", Path: "/chat/ada/Say", Body: `"How is the weather in Lima?"`},
	{Title: "which has a memory", Path: "/chat/ada/Say", Body: `"What have I said so far?"`},
	{Title: "a large claim: the log has how a person decides", Path: "/chat/bob/Say/send", Body: `"A claim of 3000 euros for a broken leg, please"`},
	{Title: "the conversation can be read meanwhile", Path: "/chat/bob/History"},
}

// decided is what follows when the person has decided.
var decided = []requests.Request{
	{Title: "the next message waited for the answer", Path: "/chat/bob/Say", Body: `"What have I said so far?"`},
	{Title: "which is there now", Path: "/chat/bob/History"},
}

// demo sends the requests and shows the responses. Then it decides on the large claim.
func demo(ctx context.Context, client *ingress.Client, desk *Desk) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if err := requests.Send(ctx, os.Stdout, client.URL(), tour); err != nil {
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
		Title: "a person decides",
		Path:  "/restate/awakeables/" + desk.Questions()[0] + "/resolve",
		Body:  `{"approved":true,"by":"Grace"}`,
	}
	return requests.Send(ctx, os.Stdout, client.URL(), append([]requests.Request{approve}, decided...))
}

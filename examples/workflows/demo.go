package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/ingress"
)

// tour has the requests, one after another.
var tour = []requests.Request{
	{Title: "a signup", Path: "/signup/carl/Run", Body: `{"name":"Carl","email":"carl@mail.com"}`},
	{Title: "what came of it", Path: "/signup/carl/Status"},
	{Title: "who waits for the user hears of it", Path: "/signup/carl/Created"},
	{Title: "a second time is refused", Path: "/signup/carl/Run", Body: `{"name":"Carl","email":"carl@mail.com"}`},
	{Title: "the address is taken", Path: "/signup/dora/Run", Body: `{"name":"Dora","email":"taken@mail.com"}`},
	{Title: "the welcome is given up after three attempts", Path: "/signup/alice/Run", Body: `{"name":"Alice","email":"alice@mail.com"}`},
	{Title: "Alice cannot have the plan: all is undone", Path: "/paid-signup/alice/Run", Body: `{"name":"Alice","email":"alice@mail.com"}`},
	{Title: "others can", Path: "/paid-signup/bob/Run", Body: `{"name":"Bob","email":"bob@mail.com"}`},
	{Title: "a user who has to verify the address: the log has the mail", Path: "/verification/jane/Run/send", Body: `{"name":"Jane","email":"jane@mail.com"}`},
	{Title: "with the secret that is in it", Path: "/verification/jane/Verify", Body: `"a guess"`},
}

// demo sends the requests and shows the responses. Then it clicks the link that is in
// Jane's mail.
func demo(ctx context.Context, client *ingress.Client, mailbox *Mailbox) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if err := requests.Send(ctx, os.Stdout, client.URL(), tour); err != nil {
		return err
	}
	for mailbox.Secret("jane") == "" {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	link := requests.Request{Title: "the link in the mail", Path: "/verification/jane/Verify", Body: fmt.Sprintf("%q", mailbox.Secret("jane"))}
	return requests.Send(ctx, os.Stdout, client.URL(), []requests.Request{link})
}

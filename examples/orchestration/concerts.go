package main

import (
	"context"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Purchase is a request for a ticket of a concert.
type Purchase struct {
	Customer string    `json:"customer"`
	Cents    int       `json:"cents"`
	Starts   time.Time `json:"starts"`
}

// Concerts is a service that sells tickets.
type Concerts struct {
	accounts AccountClient
	mails    MailsClient
}

// NewConcerts is the constructor of Concerts.
func NewConcerts(accounts AccountClient, mails MailsClient) *Concerts {
	return &Concerts{accounts, mails}
}

// Buy sells a ticket and returns its id. It waits for the money, and not for the mails:
// the second one is sent a day before the concert.
func (c *Concerts) Buy(ctx restate.Context, in Purchase) (string, error) {
	if _, err := c.accounts.Key(in.Customer).Withdraw(ctx, in.Cents); err != nil {
		return "", err
	}
	id := restate.UUID(ctx).String()
	now, err := durable.Now(ctx)
	if err != nil {
		return "", err
	}
	if _, err := c.mails.Send().Deliver(ctx, Mail{id, in.Customer, "your ticket"}); err != nil {
		return "", err
	}
	wait := in.Starts.AddDate(0, 0, -1).Sub(now)
	_, err = c.mails.Send().Deliver(ctx, Mail{id + "-reminder", in.Customer, "see you tomorrow"}, restate.WithDelay(max(0, wait)))
	return id, err
}

// Mail is the input of Mails.
type Mail struct {
	ID   string `json:"id"` // the post delivers an id once
	To   string `json:"to"`
	Text string `json:"text"`
}

// Mails is a service that sends mails.
type Mails struct{ post *Post }

// NewMails is the constructor of Mails.
func NewMails(post *Post) *Mails { return &Mails{post} }

// sendMail is a step of Deliver.
var sendMail = durable.NewStep[restate.Void]("send-mail")

// Deliver sends a mail, and tries again until it is accepted.
func (m *Mails) Deliver(ctx restate.Context, in Mail) error {
	return durable.RunVoid(ctx, sendMail, func(ctx context.Context) error { return m.post.Deliver(ctx, in) })
}

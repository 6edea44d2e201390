package main

import (
	"context"
	"log/slog"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/rpc"
)

// Length is how long a trial takes.
type Length time.Duration

// How a trial ends.
const (
	Upgraded = "upgraded"
	Ended    = "ended"
)

// The plan that the customer decides for, and the step that sends a mail.
var (
	plan     = durable.NewPromiseKey[string]("plan")
	sendMail = durable.NewStep[restate.Void]("send-mail")
)

// Trial is a workflow: the trial of one customer.
type Trial struct {
	length time.Duration
	mails  rpc.Service[*Mails]
}

// NewTrial is the constructor of Trial.
func NewTrial(length Length, mails rpc.Service[*Mails]) *Trial {
	return &Trial{time.Duration(length), mails}
}

// Run welcomes the customer and waits for a plan, until the trial is over. While it waits,
// no function runs: Restate has the timer, and calls the function again with what happened.
func (t *Trial) Run(ctx restate.WorkflowContext, address string) (string, error) {
	id := restate.Key(ctx)
	if err := t.mail(ctx, Mail{id + "-welcome", address, "welcome"}); err != nil {
		return "", err
	}
	chosen, err := plan.Future(ctx).OrTimeout(ctx, t.length).Await(ctx)
	if durable.IsTimeout(err) {
		switch failed := plan.Reject(ctx, err); {
		case durable.IsCancelled(failed):
			return "", failed
		case failed != nil:
			chosen, err = plan.Result(ctx) // it came at this moment, and counts
		}
	}
	switch {
	case durable.IsTimeout(err):
		return Ended, t.mail(ctx, Mail{id + "-ended", address, "your trial is over"})
	case err != nil:
		return "", err
	}
	return Upgraded, t.mail(ctx, Mail{id + "-upgraded", address, "thank you for choosing " + chosen})
}

func (t *Trial) mail(ctx restate.Context, m Mail) error {
	return rpc.CallVoid(ctx, t.mails, (*Mails).Deliver, m)
}

// Upgrade decides for a plan. It fails with 409 when the trial is over.
func (*Trial) Upgrade(ctx restate.WorkflowSharedContext, chosen string) error {
	return plan.Resolve(ctx, chosen)
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

// Deliver sends a mail, and tries again until it is accepted.
func (m *Mails) Deliver(ctx restate.Context, in Mail) error {
	return durable.RunVoid(ctx, sendMail, func(ctx context.Context) error { return m.post.Deliver(ctx, in) })
}

// Post delivers mails: it logs them. A real post is another system, which knows the ids of
// those that it has delivered.
type Post struct{ log *slog.Logger }

// NewPost is the constructor of Post.
func NewPost(log *slog.Logger) *Post { return &Post{log} }

// Deliver delivers a mail.
func (p *Post) Deliver(ctx context.Context, m Mail) error {
	p.log.InfoContext(ctx, "mail delivered", "id", m.ID, "to", m.To, "text", m.Text)
	return nil
}

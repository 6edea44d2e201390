package main

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Mail is a mail to a customer.
type Mail struct {
	To   string `json:"to"`
	Text string `json:"text"`
}

// Postbox collects mails. A real one sends them.
type Postbox struct {
	log *slog.Logger

	mu    sync.Mutex
	mails []Mail
}

// NewPostbox is the constructor of Postbox.
func NewPostbox(log *slog.Logger) *Postbox { return &Postbox{log: log} }

// Post adds a mail.
func (p *Postbox) Post(ctx context.Context, m Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, m)
	p.log.InfoContext(ctx, "mail sent", "to", m.To, "text", m.Text)
	return nil
}

// For returns the mails to a customer.
func (p *Postbox) For(customer string) []Mail {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.mails), func(m Mail) bool { return m.To != customer })
}

// Notifications is a service that writes to customers. Other services send to it
// and do not wait.
type Notifications struct{ postbox *Postbox }

// NewNotifications is the constructor of Notifications.
func NewNotifications(postbox *Postbox) *Notifications { return &Notifications{postbox} }

// sendMail is the step of Notify.
var sendMail = durable.NewStep[restate.Void]("send-mail")

// Notify sends a mail.
func (n *Notifications) Notify(ctx restate.Context, m Mail) error {
	return durable.RunVoid(ctx, sendMail, func(ctx context.Context) error { return n.postbox.Post(ctx, m) })
}

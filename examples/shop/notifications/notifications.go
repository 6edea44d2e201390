// Package notifications writes to customers.
package notifications

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Service sends mails. Who sends to it does not wait.
type Service struct{ mailer *Mailer }

// New is the constructor of Service.
func New(mailer *Mailer) *Service { return &Service{mailer} }

// Welcome is to whom a welcome goes.
type Welcome struct {
	Email string `json:"email"`
	Name  string `json:"name"`
}

// SendWelcome welcomes a customer.
func (s *Service) SendWelcome(ctx restate.Context, in Welcome) error {
	return s.Send(ctx, Mail{To: in.Email, Text: "Welcome, " + in.Name + "!"})
}

// sendMail is the step of the service.
var sendMail = durable.NewStep[restate.Void]("send-mail")

// Send sends a mail. Its id is the same on every attempt.
func (s *Service) Send(ctx restate.Context, mail Mail) error {
	id := restate.UUID(ctx).String()
	return durable.RunVoid(ctx, sendMail, func(ctx context.Context) error { return s.mailer.Deliver(ctx, id, mail) })
}

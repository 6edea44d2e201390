package main

import (
	"context"
	"fmt"
	"strings"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// price is the price of a seat, in cents.
const price = 4_000

// Purchase is the input of a payment.
type Purchase struct {
	ID       string   `json:"id"` // of the payment: the bank charges an id once
	Customer string   `json:"customer"`
	Seats    []string `json:"seats"`
}

// Checkout is a service that takes money for seats, and gives it back.
type Checkout struct {
	bank  *Bank
	mails MailsClient
}

// NewCheckout is the constructor of Checkout.
func NewCheckout(bank *Bank, mails MailsClient) *Checkout { return &Checkout{bank, mails} }

// The steps of Checkout and Mails.
var (
	charge   = durable.NewStep[restate.Void]("charge")
	refund   = durable.NewStep[bool]("refund")
	sendMail = durable.NewStep[restate.Void]("send-mail")
)

// Pay charges the customer's card. The customer gets a mail, whether that succeeds or
// not.
func (c *Checkout) Pay(ctx restate.Context, in Purchase) error {
	err := durable.RunVoid(ctx, charge, func(ctx context.Context) error {
		return c.bank.Charge(ctx, in.Customer, price*len(in.Seats), in.ID)
	})
	if err != nil {
		// A failure of the mail says nothing about the payment.
		_, _ = c.mails.Send().Deliver(ctx, Mail{in.ID + "-failed", in.Customer, "not paid: " + err.Error()})
		return err
	}
	text := fmt.Sprintf("enjoy the play, in %s", strings.Join(in.Seats, ", "))
	_, err = c.mails.Send().Deliver(ctx, Mail{in.ID + "-paid", in.Customer, text})
	return err
}

// Refund gives the money back, if there was a payment, and says so in a mail.
func (c *Checkout) Refund(ctx restate.Context, in Purchase) error {
	paid, err := refund.Run(ctx, func(ctx context.Context) (bool, error) { return c.bank.Refund(ctx, in.ID) })
	if err != nil || !paid {
		return err
	}
	_, err = c.mails.Send().Deliver(ctx, Mail{in.ID + "-refunded", in.Customer, "your money is on its way back"})
	return err
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

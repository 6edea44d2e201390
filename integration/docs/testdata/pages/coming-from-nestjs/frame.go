// Package nestjs is the frame in which the tests compile the page for those who come from
// NestJS: the providers that its application takes for granted.
package nestjs

import "context"

// Stripe charges cards.
type Stripe struct{}

// NewStripe is the constructor of Stripe.
func NewStripe() *Stripe { return &Stripe{} }

// Charge charges a card and returns the id of the receipt.
func (*Stripe) Charge(_ context.Context, _ string, _ int) (string, error) { return "receipt-1", nil }

// Refund gives the money of a transaction back.
func (*Stripe) Refund(_ context.Context, _ string) error { return nil }

// Mailer sends mails.
type Mailer struct{}

// NewMailer is the constructor of Mailer.
func NewMailer() *Mailer { return &Mailer{} }

// Send sends a mail.
func (*Mailer) Send(_ context.Context, _, _ string) error { return nil }

// Users are the users in a database.
type Users struct{}

// NewUsers is the constructor of Users.
func NewUsers() *Users { return &Users{} }

// Activate activates a user.
func (*Users) Activate(_ context.Context, _ string) error { return nil }

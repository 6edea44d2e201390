package main

import (
	"maps"
	"net/http"
	"slices"
	"time"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// Hold is how long a cart holds a seat that is not paid for.
type Hold time.Duration

// held has the reservations of a cart by their seats.
var held = durable.NewStateKey[map[string]string]("held")

// Reservation is a seat that a cart holds.
type Reservation struct {
	Seat string `json:"seat"`
	ID   string `json:"id"`
}

// Cart is a virtual object: the cart of one customer.
type Cart struct {
	hold     time.Duration
	carts    CartClient // also of this cart: for messages to itself
	tickets  TicketClient
	checkout CheckoutClient
}

// NewCart is the constructor of Cart.
func NewCart(hold Hold, carts CartClient, tickets TicketClient, checkout CheckoutClient) *Cart {
	return &Cart{hold: time.Duration(hold), carts: carts, tickets: tickets, checkout: checkout}
}

// Add reserves a seat, or fails with 409 if somebody else has it.
func (c *Cart) Add(ctx restate.ObjectContext, seat string) error {
	seats, err := held.GetOr(ctx, map[string]string{})
	if err != nil || seats[seat] != "" {
		return err
	}
	r := Reservation{Seat: seat, ID: restate.UUID(ctx).String()}
	if err := c.tickets.Key(seat).Reserve(ctx, r.ID); err != nil {
		return err
	}
	seats[seat] = r.ID
	if err := held.Set(ctx, seats); err != nil {
		return err
	}
	_, err = c.carts.Key(restate.Key(ctx)).Send().Expire(ctx, r, restate.WithDelay(c.hold))
	return err
}

// Expire gives a reservation up, if the cart still has it. The id tells it from a later
// reservation of the same seat. The cart sends it to itself when it adds a seat.
func (c *Cart) Expire(ctx restate.ObjectContext, r Reservation) error {
	seats, err := held.Get(ctx)
	if err != nil || seats[r.Seat] == "" || seats[r.Seat] != r.ID {
		return err
	}
	delete(seats, r.Seat)
	if err := held.Set(ctx, seats); err != nil {
		return err
	}
	_, err = c.tickets.Key(r.Seat).Send().Release(ctx, r.ID)
	return err
}

// Remove gives a seat back before it expires.
func (c *Cart) Remove(ctx restate.ObjectContext, seat string) error {
	seats, err := held.Get(ctx)
	if err != nil {
		return err
	}
	return c.Expire(ctx, Reservation{Seat: seat, ID: seats[seat]})
}

// Checkout pays for all seats of the cart and returns the id of the payment. If that
// fails, the cart keeps its seats until they expire.
func (c *Cart) Checkout(ctx restate.ObjectContext) (string, error) {
	seats, err := held.Get(ctx)
	if err != nil {
		return "", err
	}
	if len(seats) == 0 {
		return "", refuse(http.StatusConflict, "the cart is empty")
	}
	in := Purchase{
		ID:       restate.UUID(ctx).String(),
		Customer: restate.Key(ctx),
		Seats:    slices.Sorted(maps.Keys(seats)),
	}
	return durable.Saga(ctx, func(undo *durable.Compensations) (string, error) {
		// Registered before: a customer who cancels while the bank is busy may have paid.
		undo.Call("refund", func(ctx restate.Context) error { return c.checkout.Refund(ctx, in) })
		if err := c.checkout.Pay(ctx, in); err != nil {
			return "", err
		}
		// Messages, not calls: nothing waits from here on, so no cancellation comes between
		// the payment and the seats.
		for _, seat := range in.Seats {
			if _, err := c.tickets.Key(seat).Send().MarkSold(ctx, seats[seat]); err != nil {
				return "", err
			}
		}
		return in.ID, held.Clear(ctx)
	})
}

// Seats returns the seats that the cart holds.
func (*Cart) Seats(ctx restate.ObjectSharedContext) ([]string, error) {
	seats, err := held.Get(ctx)
	return slices.Sorted(maps.Keys(seats)), err
}

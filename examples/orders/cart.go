package main

import (
	"errors"
	"net/http"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
)

// lines is the state of a cart.
var lines = durable.NewStateKey[[]Line]("lines")

// Line is a tea in a cart.
type Line struct {
	Tea   string `json:"tea"`
	Grams int    `json:"grams"`
	Cents int    `json:"cents"` // for the whole line
}

// Cart is a virtual object: each customer has one, with one writer at a time.
type Cart struct{}

// NewCart is the constructor of Cart.
func NewCart() *Cart { return &Cart{} }

// Add puts a tea into the cart and returns the contents.
func (*Cart) Add(ctx restate.ObjectContext, line Line) ([]Line, error) {
	if line.Tea == "" || line.Grams <= 0 || line.Cents < 0 {
		return nil, refuse(http.StatusUnprocessableEntity, "a line needs a tea, its grams and its price")
	}
	all, err := lines.Get(ctx)
	if err != nil {
		return nil, err
	}
	all = append(all, line)
	return all, lines.Set(ctx, all)
}

// Total returns the price of the contents, in cents.
func (*Cart) Total(ctx restate.ObjectSharedContext) (int, error) {
	all, err := lines.Get(ctx)
	return total(all), err
}

// Checkout empties the cart and returns its contents.
func (*Cart) Checkout(ctx restate.ObjectContext) ([]Line, error) {
	all, err := lines.Get(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, refuse(http.StatusConflict, "the cart is empty")
	}
	restate.Clear(ctx, lines.Name())
	return all, nil
}

// PutBack undoes a Checkout.
func (*Cart) PutBack(ctx restate.ObjectContext, bought []Line) error {
	all, err := lines.Get(ctx)
	if err != nil {
		return err
	}
	return lines.Set(ctx, append(bought, all...))
}

func total(all []Line) (cents int) {
	for _, line := range all {
		cents += line.Cents
	}
	return cents
}

// refuse makes a terminal error: it is not retried.
func refuse(code restate.Code, why string) error {
	return restate.ToTerminalError(errors.New(why), restate.WithErrorCode(code))
}

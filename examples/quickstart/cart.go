package main

import (
	"net/http"

	restate "github.com/restatedev/sdk-go"
)

// Item is a line of a cart.
type Item struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
	Price    int    `json:"price"` // of one piece, in cents
}

// Contents are the contents of a cart.
type Contents struct {
	Items []Item `json:"items"`
	Total int    `json:"total"` // in cents
}

// Cart is a virtual object: each customer's cart has its own state, which Restate
// keeps, and one writer at a time.
type Cart struct{}

// NewCart is the constructor of Cart.
func NewCart() *Cart { return &Cart{} }

// Add puts an item into the cart.
func (*Cart) Add(ctx restate.ObjectContext, item Item) (Contents, error) {
	if item.SKU == "" || item.Quantity <= 0 || item.Price < 0 {
		return Contents{}, restate.ToTerminalError(errBadItem, restate.WithErrorCode(http.StatusUnprocessableEntity))
	}
	items, err := restate.Get[[]Item](ctx, "items")
	if err != nil {
		return Contents{}, err
	}
	items = append(items, item)
	restate.Set(ctx, "items", items)
	return contents(items), nil
}

// View returns the contents of the cart. It is a shared handler: it runs
// concurrently with others and only reads.
func (*Cart) View(ctx restate.ObjectSharedContext) (Contents, error) {
	items, err := restate.Get[[]Item](ctx, "items")
	if err != nil {
		return Contents{}, err
	}
	return contents(items), nil
}

// Empty empties the cart and returns its contents.
func (*Cart) Empty(ctx restate.ObjectContext) (Contents, error) {
	items, err := restate.Get[[]Item](ctx, "items")
	if err != nil {
		return Contents{}, err
	}
	restate.Clear(ctx, "items")
	return contents(items), nil
}

func contents(items []Item) Contents {
	c := Contents{Items: items}
	for _, item := range items {
		c.Total += item.Quantity * item.Price
	}
	return c
}

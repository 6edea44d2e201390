// Package carts has a cart for each customer, with its state in Restate.
package carts

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/examples/shop/catalogue"
	"github.com/fxrestate/go/examples/shop/problem"
	"github.com/fxrestate/go/rpc"
)

// Item is what a customer puts into the cart.
type Item struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

// Line is an item in the cart, with its price.
type Line struct {
	Item

	Cents int `json:"cents"` // for one piece
}

// Total returns the price of lines, in cents.
func Total(lines []Line) (cents int) {
	for _, line := range lines {
		cents += line.Quantity * line.Cents
	}
	return cents
}

// What fits into a cart. Without a bound a total could be too large for an int.
const (
	mostOfAnItem = 1000
	mostLines    = 100
)

// Cart is a virtual object: one writer at a time for each customer.
type Cart struct {
	products rpc.Object[*catalogue.Product]
}

// NewCart is the constructor of Cart.
func NewCart(products rpc.Object[*catalogue.Product]) *Cart { return &Cart{products} }

// The state of a cart: what is in it, and what orders took out of it.
var (
	items = durable.NewStateKey[[]Line]("items")
	taken = durable.NewStateKey[map[string][]Line]("taken")
)

// AddItem puts an item into the cart, at the price of today, and returns the contents.
func (c *Cart) AddItem(ctx restate.ObjectContext, item Item) ([]Line, error) {
	if item.Quantity < 1 || item.Quantity > mostOfAnItem {
		return nil, problem.Invalid("the quantity must be from 1 to %d", mostOfAnItem)
	}
	price, err := rpc.Call0(ctx, c.products.Key(item.SKU), (*catalogue.Product).Price)
	if err != nil {
		return nil, err
	}
	all, err := items.Get(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) == mostLines {
		return nil, problem.Conflict("the cart is full")
	}
	all = append(all, Line{item, price.Cents})
	return all, items.Set(ctx, all)
}

// GetTotal returns the price of the contents, in cents. It is shared: it does not wait for
// writers.
func (*Cart) GetTotal(ctx restate.ObjectSharedContext) (int, error) {
	all, err := items.Get(ctx)
	return Total(all), err
}

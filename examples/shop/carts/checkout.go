package carts

import (
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/examples/shop/problem"
)

// Checkout gives the contents to an order. The cart remembers whose they are until the order
// says [Cart.Sold] or [Cart.PutBack].
func (*Cart) Checkout(ctx restate.ObjectContext, order string) ([]Line, error) {
	all, err := items.Get(ctx)
	if err == nil && len(all) == 0 {
		err = problem.Conflict("the cart is empty")
	}
	if err != nil {
		return nil, err
	}
	orders, err := taken.GetOr(ctx, map[string][]Line{})
	if err != nil {
		return nil, err
	}
	orders[order] = all
	if err := taken.Set(ctx, orders); err != nil {
		return nil, err
	}
	return all, items.Clear(ctx)
}

// PutBack undoes a Checkout, if there was one: the order need not know.
func (c *Cart) PutBack(ctx restate.ObjectContext, order string) error {
	orders, err := taken.Get(ctx)
	if err != nil || orders[order] == nil {
		return err
	}
	all, err := items.Get(ctx)
	if err != nil {
		return err
	}
	if err := items.Set(ctx, append(orders[order], all...)); err != nil {
		return err
	}
	return c.Sold(ctx, order)
}

// Sold forgets what an order took.
func (*Cart) Sold(ctx restate.ObjectContext, order string) error {
	orders, err := taken.GetOr(ctx, map[string][]Line{})
	if err != nil {
		return err
	}
	delete(orders, order)
	return taken.Set(ctx, orders)
}

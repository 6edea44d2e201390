// Package catalogue has what the shop sells. It is in the database, and a virtual object is
// the only writer of each row.
package catalogue

import (
	"context"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/examples/shop/problem"
)

// Product is a virtual object. Its key is that of the row.
type Product struct{ table *Table }

// NewProduct is the constructor of Product.
func NewProduct(table *Table) *Product { return &Product{table} }

// The steps of a change.
var (
	find    = durable.NewStep[Price]("find")
	replace = durable.NewStep[restate.Void]("replace")
)

// Change is by how much a price changes.
type Change struct {
	Percent int `json:"percent"`
}

// Reprice changes the price, exactly once, although a step may run more than once. What was
// found is journaled, so each attempt writes the same price over the same version. If the
// row no longer has that version, an attempt has written it, and died before it could say
// so: nobody else writes the row meanwhile. Nor can an attempt that Restate has given up
// undo a later change, however late its write arrives.
func (p *Product) Reprice(ctx restate.ObjectContext, in Change) (Price, error) {
	if in.Percent <= -100 {
		return Price{}, problem.Invalid("nothing is for free")
	}
	if in.Percent > 100 {
		return Price{}, problem.Invalid("a price at most doubles")
	}
	now, err := p.Price(ctx)
	if err != nil {
		return now, err
	}
	now.Cents += now.Cents * in.Percent / 100
	now.Version++
	sku := restate.Key(ctx)
	return now, durable.RunVoid(ctx, replace, func(ctx context.Context) error {
		_, err := p.table.Replace(ctx, sku, now)
		return err
	})
}

// Price returns the price. It is shared: it does not wait for a change.
func (p *Product) Price(ctx restate.ObjectSharedContext) (Price, error) {
	sku := restate.Key(ctx)
	return find.Run(ctx, func(ctx context.Context) (Price, error) { return p.table.Find(ctx, sku) })
}

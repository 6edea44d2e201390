package catalogue

import (
	"context"
	"database/sql"
	"errors"

	"github.com/fxrestate/go/examples/shop/problem"
)

// Price is a row of the table products.
type Price struct {
	Cents   int `json:"cents"`
	Version int `json:"version"` // one more with each change
}

// Table is the table products.
type Table struct{ db *sql.DB }

// NewTable is the constructor of Table.
func NewTable(db *sql.DB) *Table { return &Table{db} }

// Find returns the price of a product.
func (t *Table) Find(ctx context.Context, sku string) (p Price, err error) {
	err = t.db.QueryRowContext(ctx, `SELECT cents, version FROM products WHERE sku = $1`, sku).Scan(&p.Cents, &p.Version)
	if errors.Is(err, sql.ErrNoRows) {
		err = problem.NotFound("product", sku)
	}
	return p, err
}

// Replace writes a price, on the condition that the row has the version before it. It tells
// whether that was so.
func (t *Table) Replace(ctx context.Context, sku string, p Price) (bool, error) {
	done, err := t.db.ExecContext(ctx,
		`UPDATE products SET cents = $1, version = $2 WHERE sku = $3 AND version = $4`,
		p.Cents, p.Version, sku, p.Version-1)
	if err != nil {
		return false, err
	}
	rows, err := done.RowsAffected()
	return rows == 1, err
}

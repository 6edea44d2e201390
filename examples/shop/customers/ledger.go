package customers

import (
	"context"
	"database/sql"
	"errors"

	"github.com/fxrestate/go/examples/shop/problem"
)

// Ledger is the table customers, and that of the tokens.
type Ledger struct{ db *sql.DB }

// NewLedger is the constructor of Ledger.
func NewLedger(db *sql.DB) *Ledger { return &Ledger{db} }

// Open inserts a customer. The primary key sees to it that there is one row.
func (l *Ledger) Open(ctx context.Context, email string) error {
	_, err := l.db.ExecContext(ctx, `INSERT INTO customers (email) VALUES ($1) ON CONFLICT (email) DO NOTHING`, email)
	return err
}

// Points returns how many points a customer has.
func (l *Ledger) Points(ctx context.Context, email string) (points int, err error) {
	err = l.db.QueryRowContext(ctx, `SELECT points FROM customers WHERE email = $1`, email).Scan(&points)
	if errors.Is(err, sql.ErrNoRows) {
		err = problem.NotFound("customer", email)
	}
	return points, err
}

// Add gives points to a customer, once for each token: the token is inserted in the same
// transaction. Who is no customer gets none.
func (l *Ledger) Add(ctx context.Context, token, email string, points int) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it does nothing after a commit
	done, err := tx.ExecContext(ctx, `INSERT INTO tokens (id) VALUES ($1) ON CONFLICT (id) DO NOTHING`, token)
	if err != nil {
		return err
	}
	if rows, err := done.RowsAffected(); err != nil || rows == 0 {
		return err // an earlier attempt has added them
	}
	if _, err := tx.ExecContext(ctx, `UPDATE customers SET points = points + $1 WHERE email = $2`, points, email); err != nil {
		return err
	}
	return tx.Commit()
}

// Forget removes a token.
func (l *Ledger) Forget(ctx context.Context, token string) error {
	_, err := l.db.ExecContext(ctx, `DELETE FROM tokens WHERE id = $1`, token)
	return err
}

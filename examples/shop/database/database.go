// Package database opens the database of the shop: SQLite, so that nothing need be
// installed, or Postgres.
package database

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.uber.org/fx"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	_ "modernc.org/sqlite"             // the driver sqlite
)

// Module provides the database of a [Source].
var Module = fx.Module("database", fx.Provide(New))

// Source says which database: a URL that begins with postgres://, or the path of a file of
// SQLite. The empty one is a file that is removed at the end.
type Source string

//go:embed schema.sql
var schema string

// New opens the database when the application starts, and closes it when the handlers have
// ended.
func New(lc fx.Lifecycle, source Source) (*sql.DB, error) {
	if source == "" {
		dir, err := os.MkdirTemp("", "shop-")
		if err != nil {
			return nil, fmt.Errorf("database: a folder for SQLite: %w", err)
		}
		lc.Append(fx.StopHook(func() error { return os.RemoveAll(dir) }))
		source = Source(filepath.Join(dir, "shop.db"))
	}
	db, err := Open(source)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StartStopHook(func(ctx context.Context) error { return Prepare(ctx, db) }, db.Close))
	return db, nil
}

// Open connects to nothing yet.
func Open(source Source) (*sql.DB, error) {
	if strings.HasPrefix(string(source), "postgres://") {
		return sql.Open("pgx", string(source))
	}
	db, err := sql.Open("sqlite", "file:"+string(source)+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)")
	if err == nil {
		db.SetMaxOpenConns(1) // SQLite has one writer
	}
	return db, err
}

// Prepare creates the tables that are not there.
func Prepare(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("database: is the DSN right? %w", err)
	}
	return nil
}

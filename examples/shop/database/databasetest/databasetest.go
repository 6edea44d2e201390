// Package databasetest has databases for tests.
package databasetest

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/examples/shop/database"
)

// Variable names a Postgres for tests, as postgres://shop:shop@localhost/shop. They make
// schemas of their own in it, and drop them.
const Variable = "SHOP_TEST_POSTGRES"

// Each runs a test on each kind of database: on SQLite, and on the Postgres that [Variable]
// names. A call of fresh makes a database without tables, for as long as the test runs.
func Each(t *testing.T, test func(t *testing.T, fresh func() database.Source)) {
	t.Helper()
	kinds := map[string]func(t *testing.T) database.Source{"on SQLite": file}
	if dsn := os.Getenv(Variable); dsn != "" {
		kinds["on Postgres"] = func(t *testing.T) database.Source {
			t.Helper()
			return schema(t, dsn)
		}
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, func() database.Source { return kind(t) })
		})
	}
}

// Open opens a database of [Each] beside the application, and makes its tables.
func Open(t testing.TB, source database.Source) *sql.DB {
	t.Helper()
	db, err := database.Open(source)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	require.NoError(t, database.Prepare(t.Context(), db))
	return db
}

func file(t *testing.T) database.Source {
	t.Helper()
	return database.Source(filepath.Join(t.TempDir(), "shop.db"))
}

func schema(t *testing.T, dsn string) database.Source {
	t.Helper()
	all, err := database.Open(database.Source(dsn))
	require.NoError(t, err)
	name := "test_" + strings.ToLower(rand.Text())
	_, err = all.ExecContext(t.Context(), "CREATE SCHEMA "+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, dropped := all.ExecContext(context.Background(), "DROP SCHEMA "+name+" CASCADE")
		require.NoError(t, cmp.Or(dropped, all.Close()))
	})
	parsed, err := url.Parse(dsn)
	require.NoError(t, err)
	query := parsed.Query()
	query.Set("search_path", name)
	parsed.RawQuery = query.Encode()
	return database.Source(parsed.String())
}

package admin

import (
	"context"
	"net/http"
	"strings"
)

// Query runs a SQL query against the server's tables
// (https://docs.restate.dev/references/sql-introspection) and decodes each row
// into a T by the names of its columns, as encoding/json does: a struct with
// json tags, or a map. Timestamps decode into time.Time, NULL is absent.
//
// For a mistake in the SQL the error is an [*Error] with the server's
// explanation. All rows are held in memory: add a LIMIT where there may be many.
func Query[T any](ctx context.Context, c *Client, sql string) ([]T, error) {
	var result queryResult[T]
	body := struct {
		Query string `json:"query"`
	}{sql}
	_, err := c.do(ctx, call{method: http.MethodPost, path: []string{"query"}, body: body}, &result)
	return result.Rows, err
}

type queryResult[T any] struct {
	Rows []T `json:"rows"`
}

func (r *queryResult[T]) empty() bool { return r.Rows == nil }

// Quote returns s as a SQL string literal in single quotes. Use it for every
// value in a query: the result is one literal, whatever s contains.
func Quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

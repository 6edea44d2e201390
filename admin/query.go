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
// A mistake in the SQL gives an [*Error] with the server's explanation. The
// rows are held in memory: bound what may be many with LIMIT.
func Query[T any](ctx context.Context, c *Client, sql string) ([]T, error) {
	var result struct {
		Rows []T `json:"rows"`
	}
	body := struct {
		Query string `json:"query"`
	}{sql}
	_, err := c.do(ctx, call{method: http.MethodPost, path: []string{"query"}, body: body}, &result)
	return result.Rows, err
}

// Quote makes a SQL string literal of s, in single quotes. It is the way to
// put a value into a query: whatever s contains, it stays one literal.
func Quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"

	"github.com/fxrestate/go/internal/httpclient"
)

// Query runs a SQL query against the server's tables
// (https://docs.restate.dev/references/sql-introspection) and decodes each row
// into a T by the names of its columns, as encoding/json does: a struct with
// json tags, or a map. Timestamps decode into time.Time, NULL is absent.
//
// Each ? in the query, outside of strings, quoted identifiers and comments, is replaced by
// the literal of the next of args:
//
//   - strings, bools and numbers, also of types of your own; pointers to them, and nil as NULL;
//   - a time.Time, which is cut to the millisecond as the columns are;
//   - a []byte, for columns of bytes;
//   - a slice of these, as a list for IN (?). It may be empty.
//
// Another type or another number of them is an error, before any call. SQL has no
// placeholders for names of tables and columns.
//
// For a mistake in the SQL the error is an [*Error] with the server's
// explanation. All rows are held in memory, and an answer of more than 64 MiB is an error:
// use [QueryEach] or a LIMIT where there may be many.
func Query[T any](ctx context.Context, c *Client, sql string, args ...any) ([]T, error) {
	in, err := queryCall(sql, args)
	if err != nil {
		return nil, err
	}
	var result queryResult[T]
	_, err = c.do(ctx, in, &result)
	return result.Rows, err
}

// QueryEach is [Query] for large results: it decodes one row at a time, as they arrive, and
// holds no more than that in memory. The query runs when the sequence is ranged over, and
// again with each range. After the first error the sequence ends. Rows before an error are
// valid, but there may be more of them.
//
//	for row, err := range admin.QueryEach[Row](ctx, client, "SELECT id, status FROM sys_invocation") {
//		if err != nil {
//			return err
//		}
//		…
//	}
func QueryEach[T any](ctx context.Context, c *Client, sql string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		in, err := queryCall(sql, args)
		if err != nil {
			yield(none, err)
			return
		}
		err = c.stream(ctx, in, func(rows *json.Decoder) (more bool, err error) {
			var row T
			if err := rows.Decode(&row); err != nil {
				return false, err
			}
			return yield(row, nil), nil
		})
		if err != nil {
			yield(none, err)
		}
	}
}

func queryCall(sql string, args []any) (call, error) {
	bound, err := bind(sql, args)
	return call{method: http.MethodPost, path: []string{"query"}, body: struct {
		Query string `json:"query"`
	}{bound}}, err
}

type queryResult[T any] struct {
	Rows []T `json:"rows"`
}

func (r *queryResult[T]) empty() bool { return r.Rows == nil }

// errStopped is the end of a stream that somebody does not want to read further.
var errStopped = errors.New("stopped")

// stream sends the call of a query and gives the decoder of its answer to next before each
// row.
func (c *Client) stream(ctx context.Context, in call, next func(*json.Decoder) (more bool, err error)) error {
	res, path, err := c.send(ctx, in)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body := &rowReader{body: res.Body}
	err = eachRow(json.NewDecoder(body), func(d *json.Decoder) error {
		body.left = maxBody
		more, err := next(d)
		if err == nil && !more {
			err = errStopped
		}
		return err
	})
	asked := in.method + " " + c.URL() + path
	switch {
	case err == nil || errors.Is(err, errStopped):
		return nil
	case errors.Is(err, errTooLarge):
		return fmt.Errorf("admin: %s: a row is larger than %d MiB: ask for less of it", asked, maxBody>>20)
	case body.err != nil && body.err != io.EOF: // the connection is the cause, whatever JSON says of it
		return c.connectionError(ctx, in.method, path, body.err)
	default:
		return c.strange(asked, res.StatusCode, err)
	}
}

// eachRow reads {"rows":[…]} and gives the decoder to next before each row.
func eachRow(d *json.Decoder, next func(*json.Decoder) error) error {
	for _, want := range []json.Token{json.Delim('{'), "rows", json.Delim('[')} {
		if err := expect(d, want); err != nil {
			return err
		}
	}
	for d.More() {
		if err := next(d); err != nil {
			return err
		}
	}
	for _, want := range []json.Token{json.Delim(']'), json.Delim('}')} {
		if err := expect(d, want); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.Join(errors.New("there is more behind the rows"), err)
	}
	return nil
}

func expect(d *json.Decoder, want json.Token) error {
	got, err := d.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err == nil && got != want {
		err = fmt.Errorf("%v in place of %v", got, want)
	}
	return err
}

var errTooLarge = errors.New("too large")

// rowReader limits what is read for one row, and keeps the error of the connection.
type rowReader struct {
	body io.Reader
	left int
	err  error
}

func (r *rowReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		r.left = maxBody // of what is before the rows
	}
	if len(p) >= r.left {
		return 0, errTooLarge
	}
	n, err := r.body.Read(p)
	r.left -= n
	if err != nil {
		r.err = err
	}
	return n, err
}

// strange is a successful answer that cannot be read.
func (c *Client) strange(asked string, status int, err error) error {
	return fmt.Errorf("admin: %s: status %d, but the response is not that of an admin API: does the URL lead to one? (%w)", asked, status, httpclient.Brief(err, maxMessage))
}

// Quote returns s as a SQL string literal in single quotes: one literal, whatever s
// contains. Arguments of [Query] are quoted already.
func Quote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

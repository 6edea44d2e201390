package admin_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// counting is a transport that counts what is read of a response.
type counting struct{ read *atomic.Int64 }

func (c counting) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		res.Body = &counted{res.Body, c.read}
	}
	return res, err
}

type counted struct {
	io.ReadCloser
	read *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.read.Add(int64(n))
	return n, err
}

func TestRowsAreDecodedAsTheyArrive(t *testing.T) {
	t.Parallel()
	const many, size, ahead = 200_000, 20, 64 << 10
	var read atomic.Int64
	client := newClient(t, admin.Config{HTTPClient: &http.Client{Transport: counting{&read}}})
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	type row struct {
		N    int    `json:"n"`
		Text string `json:"text"`
	}
	const sql = "SELECT value AS n, repeat('x', ?) AS text FROM generate_series(1, ?) ORDER BY 1"
	seen, decoded, most := 0, int64(0), int64(0)
	for row, err := range admin.QueryEach[row](testkit.Context(t), client, sql, size, many) {
		require.NoError(t, err)
		seen++
		if row.N != seen || len(row.Text) != size {
			require.Fail(t, "another row", "%d: %+v", seen, row)
		}
		decoded += int64(len(`{"n":,"text":""},`) + len(row.Text) + len(fmt.Sprint(row.N)))
		most = max(most, read.Load()-decoded)
	}
	require.Equal(t, many, seen)
	require.Less(t, most, int64(ahead), "bytes were read before they were needed")
	require.Greater(t, read.Load(), int64(100*ahead), "the result is not large")
}

func TestASequenceOfRowsCanBeLeft(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	rows := admin.QueryEach[struct{ N int }](testkit.Context(t), client, "SELECT value AS n FROM generate_series(1, 1000000) ORDER BY 1")
	for range 2 { // the query runs again
		seen := 0
		for row, err := range rows {
			require.NoError(t, err)
			if seen++; seen == 3 {
				require.Equal(t, 3, row.N)
				break
			}
		}
		require.Equal(t, 3, seen)
	}
}

func TestAFailureInTheMiddleOfTheRowsIsAnError(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	seen := 0
	var last error
	for _, err := range admin.QueryEach[map[string]int](testkit.Context(t), client, "SELECT 1/(100000-value) AS n FROM generate_series(1, 1000000)") {
		if last = err; err == nil {
			seen++
		}
	}
	require.Positive(t, seen)
	var failed *admin.ConnectionError
	require.ErrorAs(t, last, &failed)
}

func TestRowsThatAreNoneAreAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body string
		rows int
	}{
		"nothing":                 {"", 0},
		"a page":                  {"<html></html>", 0},
		"null":                    {"null", 0},
		"an empty object":         {"{}", 0},
		"null in place of rows":   {`{"rows":null}`, 0},
		"another field":           {`{"columns":[]}`, 0},
		"no end":                  {`{"rows":[{"n":1}`, 1},
		"no end behind a comma":   {`{"rows":[{"n":1},`, 1},
		"no end of the object":    {`{"rows":[{"n":1}]`, 1},
		"another field behind it": {`{"rows":[{"n":1}],"more":true}`, 1},
		"more behind it":          {`{"rows":[{"n":1}]}{}`, 1},
		"a row of another type":   {`{"rows":[{"n":1},{"n":"x"},{"n":3}]}`, 1},
		"a row that is none":      {`{"rows":[{"n":1},7]}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(t, admin.Config{URL: admin.DefaultURL, HTTPClient: &http.Client{Transport: answer{200, []byte(test.body)}}})
			rows, failures := 0, []error(nil)
			for row, err := range admin.QueryEach[struct{ N int }](testkit.Context(t), client, "SELECT 1") {
				if err != nil {
					failures = append(failures, err)
					continue
				}
				require.Equal(t, 1, row.N)
				rows++
			}
			require.Equal(t, test.rows, rows)
			require.Len(t, failures, 1)
			require.ErrorContains(t, failures[0], "admin: POST http://localhost:9070/query: status 200, but the response is not that of an admin API")
			require.False(t, admin.Retryable(failures[0]))
		})
	}
}

func TestARowOfMoreThan64MiBIsAnError(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]string{"in a row": `{"rows":[{"n":1},{"text":"`, "before them": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := io.MultiReader(strings.NewReader(start), spaces{})
			client := newClient(t, admin.Config{URL: admin.DefaultURL, HTTPClient: &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(body)}, nil
			})}})
			var last error
			for _, err := range admin.QueryEach[struct{ N int }](testkit.Context(t), client, "SELECT 1") {
				last = err
			}
			require.EqualError(t, last, "admin: POST http://localhost:9070/query: a row is larger than 64 MiB: ask for less of it")
		})
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

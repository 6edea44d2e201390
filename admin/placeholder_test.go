package admin_test

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// asked is a transport that keeps the query it is given.
type asked struct{ sql *string }

func (a asked) RoundTrip(req *http.Request) (*http.Response, error) {
	var body struct{ Query string }
	if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
		return nil, err
	}
	*a.sql = body.Query
	return answer{200, []byte(`{"rows":[]}`)}.RoundTrip(req)
}

// bound returns the query that the server gets.
func bound(t testing.TB, sql string, args ...any) (string, error) {
	t.Helper()
	sent := "nothing was sent"
	client := newClient(t, admin.Config{URL: admin.DefaultURL, HTTPClient: &http.Client{Transport: asked{&sent}}})
	_, err := admin.Query[map[string]any](t.Context(), client, sql, args...)
	return sent, err
}

type named string

func TestAPlaceholderIsReplacedByTheLiteralOfItsArgument(t *testing.T) {
	t.Parallel()
	text := "x"
	at := time.Date(2026, 11, 27, 1, 2, 3, 456789000, time.FixedZone("", 3600))
	for name, test := range map[string]struct {
		arg  any
		want string
	}{
		"a string":                  {"it's", "'it''s'"},
		"a string of another type":  {named("n"), "'n'"},
		"an int":                    {-5, "-5"},
		"the smallest int":          {int64(math.MinInt64), "-9223372036854775808"},
		"the largest uint":          {uint64(math.MaxUint64), "18446744073709551615"},
		"a float":                   {1.5, "1.5e+00"},
		"a float of 32 bits":        {float32(0.1), "1e-01"},
		"true":                      {true, "TRUE"},
		"false":                     {false, "FALSE"},
		"a time":                    {at, "to_timestamp_millis(1795737723456)"},
		"bytes":                     {[]byte{0, 255, '\''}, "X'00ff27'"},
		"no bytes":                  {[]byte{}, "X''"},
		"bytes of another type":     {json.RawMessage("a"), "X'61'"},
		"nil":                       {nil, "NULL"},
		"a pointer":                 {&text, "'x'"},
		"a nil pointer":             {(*string)(nil), "NULL"},
		"strings":                   {[]string{"a", "b'"}, "'a', 'b'''"},
		"strings of another type":   {[]admin.InvocationStatus{admin.StatusPaused}, "'paused'"},
		"an array":                  {[2]int{1, 2}, "1, 2"},
		"values of different types": {[]any{1, "a", nil, []byte("x")}, "1, 'a', NULL, X'78'"},
		"no strings":                {[]string{}, "SELECT NULL WHERE FALSE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent, err := bound(t, "SELECT (?)", test.arg)
			require.NoError(t, err)
			require.Equal(t, "SELECT ( "+test.want+" )", sent)
		})
	}
}

func TestWhatHasNoLiteralIsAnErrorAndNoCall(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sql  string
		args []any
		want string
	}{
		"too few arguments":          {"? ?", []any{1}, "admin: a query has 2 placeholders (?) and 1 arguments"},
		"too many arguments":         {"?", []any{1, 2}, "admin: a query has 1 placeholders (?) and 2 arguments"},
		"none at all":                {"SELECT ?", nil, "admin: a query has 1 placeholders (?) and 0 arguments"},
		"a struct":                   {"?", []any{struct{}{}}, "admin: argument 1 of a query: a struct {} has no literal: pass a string,"},
		"a map":                      {"? ?", []any{1, map[string]int{}}, "admin: argument 2 of a query: a map[string]int has no literal"},
		"a duration":                 {"?", []any{time.Second}, "a time.Duration has no literal: pass its number in the unit of the column"},
		"a slice of slices":          {"?", []any{[][]string{{"a"}}}, "a []string has no literal"},
		"not a number":               {"?", []any{math.NaN()}, "NaN is not a number of SQL"},
		"infinity":                   {"?", []any{math.Inf(-1)}, "-Inf is not a number of SQL"},
		"a string that is not UTF-8": {"?", []any{"\xff"}, "a string that is not UTF-8 would arrive as another one"},
		"a function":                 {"?", []any{func() {}}, "a func() has no literal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent, err := bound(t, test.sql, test.args...)
			require.ErrorContains(t, err, test.want)
			require.Equal(t, "nothing was sent", sent)
			require.False(t, admin.Retryable(err))

			client := newClient(t, admin.Config{URL: "http://localhost:1"})
			for _, err := range admin.QueryEach[int](t.Context(), client, test.sql, test.args...) {
				require.ErrorContains(t, err, test.want)
			}
		})
	}
}

// TestAPlaceholderIsFoundWhereTheServerSeesOne has queries with one placeholder, around which
// are question marks that are none. The server must see the argument, whatever it is.
func TestAPlaceholderIsFoundWhereTheServerSeesOne(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	for name, sql := range map[string]string{
		"in a string before it":        `SELECT ? AS v, '?' AS w`,
		"a string with quotes":         `SELECT 'it''s ?' AS w, ? AS v`,
		"a string with a backslash":    `SELECT '\' AS w, ? AS v, '?' AS x`,
		"an escaped string":            `SELECT E'\'?' AS w, ? AS v`,
		"an escaped backslash":         `SELECT e'\\' AS w, ? AS v, '?' AS x`,
		"a word that ends in e":        `SELECT DATE'2026-01-01' AS w, ? AS v`,
		"a number that ends in e":      `SELECT 1e1 AS w, ? AS v`,
		"a quoted identifier":          `SELECT "a?""?" AS w, ? AS v FROM (SELECT 1 AS "a?""?")`,
		"a comment":                    "SELECT 1 AS w, -- it's ?\n ? AS v",
		"a comment of lines":           `SELECT /* it's ? /* ? */ ? */ ? AS v`,
		"a comment that has no end":    `SELECT ? AS v -- ?`,
		"a string in dollars":          `SELECT $$it's ?$$ AS w, ? AS v`,
		"a string in dollars and tags": `SELECT $a$it's ? $$ $b$ $a$ AS w, ? AS v`,
		"a word with a dollar":         `SELECT a$b AS w, ? AS v FROM (SELECT 1 AS a$b)`,
		"in a string of bytes":         `SELECT X'00' AS w, ? AS v`,
		"without spaces":               `SELECT'a'AS w,?AS v`,
		"in brackets":                  `SELECT v FROM (SELECT (?) AS v) WHERE v IN (v, '?')`,
		"in a dollar string's end":     `SELECT $$?$$||?||$$?$$ AS u, 1 AS w, 'x' AS v`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, value := range []string{"x", "?", "'", `\`, "' --", "$$", "/*", "*/ '"} {
				rows, err := admin.Query[struct{ V, U string }](testkit.Context(t), client, sql, value)
				require.NoError(t, err, value)
				require.Len(t, rows, 1)
				if rows[0].U != "" {
					require.Equal(t, "?"+value+"?", rows[0].U)
					continue
				}
				require.Equal(t, value, rows[0].V)
			}
		})
	}
}

func TestALiteralKeepsApartFromWhatIsAroundIt(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	for name, test := range map[string]struct {
		sql string
		arg any
		err bool
	}{
		"behind a minus":        {"SELECT 1 AS w, 7 -? AS v", -5, false},
		"behind an E":           {"SELECT E? AS v", `\`, true},
		"behind a string":       {"SELECT 'a'? AS v", "b", true},
		"behind a slash":        {"SELECT 12 /? AS v", 1, false},
		"before a star":         {"SELECT 2*?*3 AS v", 2, false},
		"behind a dollar":       {"SELECT $?$ AS v", "x", true},
		"two beside each other": {"SELECT 1 AS v WHERE 1=?--?\n", 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, err := admin.Query[struct{ V float64 }](testkit.Context(t), client, test.sql, test.arg)
			if test.err {
				var failed *admin.Error
				require.ErrorAs(t, err, &failed)
				require.Contains(t, failed.Message, "SQL error: ParserError")
				return
			}
			require.NoError(t, err)
			require.Equal(t, 12.0, rows[0].V+map[string]float64{"two beside each other": 11}[name])
		})
	}
}

func TestArgumentsCompareWithColumns(t *testing.T) {
	t.Parallel()
	client, ctx, name := newClient(t, admin.Config{}), testkit.Context(t), testkit.Unique("drawer")
	deployment := register(t, client, serve(t, drawer(name)))
	const content = "\x00\xff'?"
	testkit.Post(t, testkit.Path(name, "a'?", "Put"), "\x00'?")
	registered, err := client.Deployment(ctx, deployment.ID)
	require.NoError(t, err)
	never := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name, sql string
		args      []any
		rows      int
	}{
		{"bytes", "SELECT key FROM state WHERE service_name = ? AND service_key = ? AND value = ?", []any{name, "a'?", []byte("\x00'?")}, 1},
		{"other bytes", "SELECT key FROM state WHERE service_name = ? AND value = ?", []any{name, []byte(content)}, 0},
		{"a time", "SELECT id FROM sys_deployment WHERE id = ? AND created_at = ?", []any{deployment.ID, registered.CreatedAt}, 1},
		{"a later time", "SELECT id FROM sys_deployment WHERE id = ? AND created_at > ?", []any{deployment.ID, registered.CreatedAt}, 0},
		{"a time that never comes", "SELECT id FROM sys_deployment WHERE id = ? AND created_at < ?", []any{deployment.ID, never}, 1},
		{"a bool", "SELECT name FROM sys_service WHERE name = ? AND public = ?", []any{name, true}, 1},
		{"a number", "SELECT name FROM sys_service WHERE name = ? AND revision = ?", []any{name, uint8(1)}, 1},
		{"a list", "SELECT name FROM sys_service WHERE name IN (?)", []any{[]string{name, "nobody"}}, 1},
		{"an empty list", "SELECT name FROM sys_service WHERE name IN (?)", []any{[]string{}}, 0},
		{"outside of an empty list", "SELECT name FROM sys_service WHERE name = ? AND name NOT IN (?)", []any{name, []string{}}, 1},
		{"an empty list of numbers", "SELECT name FROM sys_service WHERE revision IN (?)", []any{[]int{}}, 0},
		{"nothing", "SELECT name FROM sys_service WHERE name = ? AND ? IS NULL", []any{name, nil}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rows, err := admin.Query[map[string]any](testkit.Context(t), client, test.sql, test.args...)
			require.NoError(t, err)
			require.Len(t, rows, test.rows)
		})
	}
}

func TestASequenceOfRowsEndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	var failed *admin.Error
	for _, err := range admin.QueryEach[int](testkit.Context(t), client, "SELECT * FROM nope") {
		require.Nil(t, failed, "there was an error already")
		require.True(t, errors.As(err, &failed))
	}
	require.Contains(t, failed.Message, "nope' not found")
}

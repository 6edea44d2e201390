package admin_test

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

func TestQueryDecodesRows(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	registered := register(t, client, serve(t, echoService("Queried"), counterObject("QueriedObject")))

	type row struct {
		Name       string `json:"name"`
		Type       string `json:"ty"`
		Revision   int    `json:"revision"`
		Deployment string `json:"deployment_id"`
	}
	rows, err := admin.Query[row](testkit.Context(t), client,
		"SELECT name, ty, revision, deployment_id FROM sys_service WHERE deployment_id = ? ORDER BY name", registered.ID)
	require.NoError(t, err)
	require.Equal(t, []row{
		{"Queried", "service", 1, registered.ID},
		{"QueriedObject", "virtual_object", 1, registered.ID},
	}, rows)
}

func TestQueryDecodesTimestampsAndNull(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	registered := register(t, client, serve(t, echoService("Timed")))
	type row struct {
		Created time.Time `json:"created_at"`
		Nothing *string   `json:"nothing"`
	}
	rows, err := admin.Query[row](testkit.Context(t), client,
		"SELECT created_at, NULL AS nothing FROM sys_deployment WHERE id = ?", registered.ID)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.WithinDuration(t, time.Now(), rows[0].Created, time.Minute)
	require.Nil(t, rows[0].Nothing)
}

func TestQueryWithoutRows(t *testing.T) {
	t.Parallel()
	rows, err := admin.Query[map[string]any](testkit.Context(t), newClient(t, admin.Config{}),
		"SELECT * FROM sys_service WHERE name = 'nobody'")
	require.NoError(t, err)
	require.Empty(t, rows)
}

func TestQueryReportsAMistakeInTheSQL(t *testing.T) {
	t.Parallel()
	_, err := admin.Query[map[string]any](testkit.Context(t), newClient(t, admin.Config{}), "SELECT * FROM nope")
	failed := requireError(t, err, http.StatusInternalServerError, "")
	require.Contains(t, failed.Message, "nope' not found")
}

func TestQuotedStringsStayOneLiteral(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	values := []string{
		"", "plain", "'", "''", "'''", `\`, `\'`, `'\''`, `"`, "`", "-- x", "/* x", "; DROP TABLE state", "$1", "?", "%s",
		"' OR '1'='1", "line\nbreak", "\r\n", "\x00", "nul\x00'", "ünï©ode", "𝛂", "\u202e", "’", "U&'\\0061'", `\u0027`, "E'\\''",
	}
	alphabet := []rune("'\\\"-;/*\x00\nU&Ee$'`ä ")
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var value strings.Builder
		for range random.IntN(12) {
			value.WriteRune(alphabet[random.IntN(len(alphabet))])
		}
		values = append(values, value.String())
	}

	type row struct {
		Value string `json:"value"`
		After int    `json:"after"`
	}
	var sql strings.Builder
	for i, value := range values {
		if i > 0 {
			sql.WriteString(" UNION ALL ")
		}
		sql.WriteString("SELECT " + admin.Quote(value) + " AS value, 7 AS after")
	}
	rows, err := admin.Query[row](testkit.Context(t), client, sql.String())
	require.NoError(t, err)
	got := make([]string, 0, len(rows))
	for _, row := range rows {
		require.Equal(t, 7, row.After)
		got = append(got, row.Value)
	}
	require.ElementsMatch(t, values, got)
}

package integration_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
)

// query reads rows of the server's tables; each ? in sql stands for a string.
func query[T any](t *testing.T, sql string, values ...string) []T {
	t.Helper()
	return queryOn[T](t, adminAPI, sql, values...)
}

func queryOn[T any](t *testing.T, on *admin.Client, sql string, values ...string) []T {
	t.Helper()
	for _, v := range values {
		sql = strings.Replace(sql, "?", admin.Quote(v), 1)
	}
	rows, err := admin.Query[T](t.Context(), on, sql)
	require.NoError(t, err)
	return rows
}

// invocation is what the server knows of an invocation.
type invocation struct {
	ID        string `json:"id"`
	Target    string `json:"target"`
	Status    string `json:"status"`
	Result    string `json:"completion_result"`
	Failure   string `json:"completion_failure"`
	LastError string `json:"last_failure"`
	// LastErrorCode is that of Restate's own errors, such as RT0001.
	LastErrorCode string `json:"last_failure_error_code"`
	Deployment    string `json:"pinned_deployment_id"`
}

// look returns what the server knows of an invocation now. Of one that was just sent
// it knows a moment later.
func look(t *testing.T, id string) invocation {
	t.Helper()
	var rows []invocation
	eventually(t, func() error {
		if rows = query[invocation](t, "SELECT * FROM sys_invocation WHERE id = ?", id); len(rows) != 1 {
			return fmt.Errorf("%d invocations have the id %s", len(rows), id)
		}
		return nil
	})
	return rows[0]
}

// awaitStatus waits until an invocation has a status.
func awaitStatus(t *testing.T, id, status string) invocation {
	t.Helper()
	var now invocation
	eventually(t, func() error {
		if now = look(t, id); now.Status != status {
			return fmt.Errorf("%s is %s: %s", now.Target, now.Status, now.LastError)
		}
		return nil
	})
	return now
}

// invocationsOf lists the invocations of a service.
func invocationsOf(t *testing.T, service string) []invocation {
	t.Helper()
	return query[invocation](t, "SELECT * FROM sys_invocation WHERE target_service_name = ?", service)
}

// scheduled returns when a delayed invocation is or was due, or nil for others.
func scheduled(t *testing.T, id string) *time.Time {
	t.Helper()
	rows := query[struct {
		At *time.Time `json:"scheduled_start_at"`
	}](t, "SELECT * FROM sys_invocation WHERE id = ?", id) // alone, the server has it empty
	require.Len(t, rows, 1, id)
	return rows[0].At
}

// entry is an entry of a journal.
type entry struct {
	Type string `json:"entry_type"`
	Name string `json:"name"`
}

// journal returns the entries in the journal of an invocation: the commands, as
// "Run charge-card", and the notifications of their results.
func journal(t *testing.T, id string) []string {
	t.Helper()
	return journalOn(t, adminAPI, id)
}

func journalOn(t *testing.T, on *admin.Client, id string) []string {
	t.Helper()
	var entries []string
	for _, e := range queryOn[entry](t, on, `SELECT entry_type, name FROM sys_journal WHERE id = ? ORDER BY "index"`, id) {
		entries = append(entries, strings.TrimSpace(strings.TrimPrefix(e.Type, "Command: ")+" "+e.Name))
	}
	return entries
}

// awaitEntry waits until an entry is in the journal of an invocation.
func awaitEntry(t *testing.T, on *admin.Client, id, entry string) {
	t.Helper()
	eventually(t, func() error {
		if entries := journalOn(t, on, id); !slices.Contains(entries, entry) {
			return fmt.Errorf("the journal is %q, without %q", entries, entry)
		}
		return nil
	})
}

// service returns what the server knows of a service.
func service(t *testing.T, name string) admin.Service {
	t.Helper()
	s, err := adminAPI.Service(t.Context(), name)
	require.NoError(t, err)
	return s
}

// handlerOf returns what the server knows of a handler.
func handlerOf(t *testing.T, name, handler string) admin.Handler {
	t.Helper()
	for _, h := range service(t, name).Handlers {
		if h.Name == handler {
			return h
		}
	}
	require.FailNow(t, "no such handler", "%s/%s", name, handler)
	return admin.Handler{}
}

// known reports whether the server has a service.
func known(t *testing.T, name string) bool {
	t.Helper()
	all, err := adminAPI.Services(t.Context())
	require.NoError(t, err)
	for _, s := range all {
		if s.Name == name {
			return true
		}
	}
	return false
}

// stateOf returns the state of an object or a workflow, as text.
func stateOf(t *testing.T, service, key string) map[string]string {
	t.Helper()
	state := map[string]string{}
	for _, row := range query[struct {
		Key   string `json:"key"`
		Value string `json:"value_utf8"`
	}](t, "SELECT key, value_utf8 FROM state WHERE service_name = ? AND service_key = ?", service, key) {
		state[row.Key] = row.Value
	}
	return state
}

// stateIs returns nil if the state under a name has a value.
func stateIs(t *testing.T, service, key, name, want string) error {
	t.Helper()
	if got := stateOf(t, service, key)[name]; got != want {
		return fmt.Errorf("state %s of %s/%s is %q, not %q", name, service, key, got, want)
	}
	return nil
}

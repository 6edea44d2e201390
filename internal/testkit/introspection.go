package testkit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
)

// Query reads rows of the server's tables; each ? in sql stands for an argument.
func Query[T any](t testing.TB, sql string, args ...any) []T {
	t.Helper()
	return queryOn[T](t, Admin(), sql, args...)
}

func queryOn[T any](t testing.TB, on *admin.Client, sql string, args ...any) []T {
	t.Helper()
	rows, err := admin.Query[T](t.Context(), on, sql, args...)
	require.NoError(t, err)
	return rows
}

// Invocation is what the server knows of an invocation.
type Invocation struct {
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

// Look returns what the server knows of an invocation now. One that a handler has
// just sent is on its way to its partition, and not there for a moment.
func Look(t testing.TB, id string) (now Invocation) {
	t.Helper()
	Eventually(t, func() error {
		rows := Query[Invocation](t, "SELECT * FROM sys_invocation WHERE id = ?", id)
		if len(rows) != 1 {
			return fmt.Errorf("%s is there %d times", id, len(rows))
		}
		now = rows[0]
		return nil
	})
	return now
}

// AwaitStatus waits until an invocation has a status.
func AwaitStatus(t testing.TB, id, status string) Invocation {
	t.Helper()
	var now Invocation
	Eventually(t, func() error {
		if now = Look(t, id); now.Status != status {
			return fmt.Errorf("%s is %s: %s", now.Target, now.Status, now.LastError)
		}
		return nil
	})
	return now
}

// InvocationsOf lists the invocations of a service.
func InvocationsOf(t testing.TB, service string) []Invocation {
	t.Helper()
	return Query[Invocation](t, "SELECT * FROM sys_invocation WHERE target_service_name = ?", service)
}

// Scheduled returns when a delayed invocation is or was due, or nil for others.
func Scheduled(t testing.TB, id string) *time.Time {
	t.Helper()
	rows := Query[struct {
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

// Journal returns the entries in the journal of an invocation: the commands, as
// "Run charge-card", and the notifications of their results.
func Journal(t testing.TB, id string) []string {
	t.Helper()
	return journalOn(t, Admin(), id)
}

func journalOn(t testing.TB, on *admin.Client, id string) []string {
	t.Helper()
	var entries []string
	for _, e := range queryOn[entry](t, on, `SELECT entry_type, name FROM sys_journal WHERE id = ? ORDER BY "index"`, id) {
		entries = append(entries, strings.TrimSpace(strings.TrimPrefix(e.Type, "Command: ")+" "+e.Name))
	}
	return entries
}

// AwaitEntry waits until an entry is in the journal of an invocation.
func AwaitEntry(t testing.TB, on *admin.Client, id, entry string) {
	t.Helper()
	Eventually(t, func() error {
		if entries := journalOn(t, on, id); !slices.Contains(entries, entry) {
			return fmt.Errorf("the journal is %q, without %q", entries, entry)
		}
		return nil
	})
}

// ServiceOf returns what the server knows of a service.
func ServiceOf(t testing.TB, name string) admin.Service {
	t.Helper()
	s, err := Admin().Service(t.Context(), name)
	require.NoError(t, err)
	return s
}

// HandlerOf returns what the server knows of a handler.
func HandlerOf(t testing.TB, name, handler string) admin.Handler {
	t.Helper()
	for _, h := range ServiceOf(t, name).Handlers {
		if h.Name == handler {
			return h
		}
	}
	require.FailNow(t, "no such handler", "%s/%s", name, handler)
	return admin.Handler{}
}

// Known reports whether the server has a service.
func Known(t testing.TB, name string) bool {
	t.Helper()
	all, err := Admin().Services(t.Context())
	require.NoError(t, err)
	for _, s := range all {
		if s.Name == name {
			return true
		}
	}
	return false
}

// StateOf returns the state of an object or a workflow, as text.
func StateOf(t testing.TB, service, key string) map[string]string {
	t.Helper()
	state := map[string]string{}
	for _, row := range Query[struct {
		Key   string `json:"key"`
		Value string `json:"value_utf8"`
	}](t, "SELECT key, value_utf8 FROM state WHERE service_name = ? AND service_key = ?", service, key) {
		state[row.Key] = row.Value
	}
	return state
}

// StateIs returns nil if the state under a name has a value.
func StateIs(t testing.TB, service, key, name, want string) error {
	t.Helper()
	if got := StateOf(t, service, key)[name]; got != want {
		return fmt.Errorf("state %s of %s/%s is %q, not %q", name, service, key, got, want)
	}
	return nil
}

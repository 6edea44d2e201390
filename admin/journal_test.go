package admin_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

func TestAJournalHasCommandsAndTheirResults(t *testing.T) {
	t.Parallel()
	client, ctx, name := newClient(t, admin.Config{}), testkit.Context(t), testkit.Unique("Journalled")
	retry := []restate.RunOption{restate.WithName("charge"), restate.WithInitialRetryInterval(time.Millisecond), restate.WithMaxRetryInterval(time.Millisecond)}
	register(t, client, serve(t, echoService(name+"Echo"), counterObject(name+"Counter"),
		restate.NewObject(name).Handler("Go", restate.NewObjectHandler(func(ctx restate.ObjectContext, _ string) (string, error) {
			_, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 1, nil }, restate.WithName("first"))
			if err != nil {
				return "", err
			}
			restate.Set(ctx, "total", 7)
			if _, err = restate.Object[int](ctx, name+"Counter", "a/b", "Add").Request(1); err != nil {
				return "", err
			}
			restate.ServiceSend(ctx, name+"Echo", "Echo").Send("x", restate.WithDelay(time.Hour))
			restate.After(ctx, time.Hour)
			_, err = restate.Run(ctx, func(restate.RunContext) (int, error) { return 0, errors.New("no\nmoney" + strings.Repeat(" x", 5000)) }, retry...)
			return "", err
		}, restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Millisecond), restate.WithMaxRetryInterval(time.Millisecond))))))
	id := send(t, testkit.Path(name, "k", "Go", "send"))

	var journal admin.Journal
	testkit.Until(t, func() bool {
		var err error
		journal, err = client.Journal(ctx, id)
		require.NoError(t, err)
		last := len(journal.Entries) - 1
		return last > 0 && journal.Entries[last].Retries > 1 && len(journal.Events) > 0
	}, "no retry in %+v", &journal)
	type entry struct {
		kind, name, key, target string
		completed               bool
	}
	var commands []entry
	byType := map[string]admin.JournalEntry{}
	for i, e := range journal.Entries {
		require.Equal(t, i, e.Index)
		require.False(t, e.AppendedAt.IsZero())
		require.Positive(t, e.Size)
		require.True(t, json.Valid(e.Summary), "%s", e.Summary)
		require.Equal(t, i == len(journal.Entries)-1, e.Retries > 0, "the last command alone fails")
		if e.Notification {
			require.True(t, e.Completed)
			continue
		}
		commands = append(commands, entry{e.Type, e.Name, e.Key, e.InvokedTarget, e.Completed})
		byType[e.Type] = e
	}
	require.Equal(t, []entry{
		{"Input", "", "", "", true},
		{"Run", "first", "", "", true},
		{"SetState", "", "total", "", true},
		{"Call", "", "", name + "Counter/a/b/Add", true},
		{"OneWayCall", "", "", name + "Echo/Echo", true},
		{"Sleep", "", "", "", false},
		{"Run", "charge", "", "", false},
	}, commands)
	require.WithinDuration(t, byType["Sleep"].AppendedAt.Add(time.Hour), byType["Sleep"].WakeAt, time.Minute)
	require.NoError(t, admin.CheckInvocationID(byType["Call"].InvokedID))
	for _, id := range []string{byType["OneWayCall"].InvokedID, id} {
		testkit.Look(t, id) // it may be on its way
		require.NoError(t, client.KillInvocation(ctx, id))
	}

	event := journal.Events[0]
	require.Equal(t, "TransientError", event.Type)
	require.Equal(t, len(journal.Entries)-1, event.After)
	require.False(t, event.At.IsZero())
	require.Equal(t, "Run charge", event.CommandType+" "+event.CommandName)
	require.Equal(t, "RT0007", event.Code)
	require.True(t, strings.HasPrefix(event.Message, "no money x x"), event.Message)
	require.Less(t, len(event.Message), 1100)
}

func TestTheJournalOfAPausedInvocationSaysWhy(t *testing.T) {
	t.Parallel()
	s := newStatuses(t)
	journal, err := s.client.Journal(testkit.Context(t), s.start(t, in("paused after a step")).ID)
	require.NoError(t, err)
	last := journal.Events[len(journal.Events)-1]
	require.Equal(t, "Paused", last.Type)
	require.Contains(t, last.Message, "out of stock level=ERROR")
	require.Equal(t, "RT0007", last.Code)
}

func TestThereIsNoJournalOfAnUnknownInvocation(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	journal, err := client.Journal(testkit.Context(t), "inv_1ca6DV4BApIF1najoS4yfOIYQtFiVfvW21")
	require.NoError(t, err)
	require.Empty(t, journal.Entries)
	require.Empty(t, journal.Events)
	_, err = client.Journal(testkit.Context(t), "inv_1ca6")
	require.ErrorIs(t, err, admin.ErrInvocationID)
}

// FuzzJournal gives the call any rows: it reads them without a panic.
func FuzzJournal(f *testing.F) {
	f.Add(`{"Command":{"Call":{"invocation_id":"inv_1","invocation_target":{"Service":{"name":"a","handler":"b"}},"result_completion_id":2,"key":[97]}}}`, "Command: Call", int64(3))
	f.Add(`{"Notification":{"id":{"CompletionId":1}}}`, "Notification: Run", int64(-1))
	f.Add(`{"Command":{"Sleep":{"wake_up_time":9223372036854775807,"completion_id":-1,"key":"x"}}}`, "Sleep", int64(1))
	f.Fuzz(func(t *testing.T, summary, kind string, index int64) {
		row := map[string]any{"index": index, "entry_type": kind, "entry_lite_json": summary, "retry_count": index, "last_failure_related_command_index": index, "event_type": kind, "message": summary}
		body, err := json.Marshal(map[string]any{"rows": []any{row, row}})
		require.NoError(t, err)
		client, err := admin.New(admin.Config{HTTPClient: &http.Client{Transport: answer{200, body}}})
		require.NoError(t, err)
		journal, err := client.Journal(t.Context(), "inv_1ca6DV4BApIF1najoS4yfOIYQtFiVfvW21")
		if err == nil {
			require.Len(t, journal.Entries, 2)
		}
	})
}

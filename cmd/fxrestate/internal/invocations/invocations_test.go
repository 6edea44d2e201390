package invocations_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/commandtest"
	"github.com/fxrestate/go/cmd/fxrestate/internal/invocations"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var console = commandtest.New(invocations.Commands)

func on(columns int) commandtest.Console {
	c := console
	c.Columns = columns
	return c
}

// situation is an invocation in a status.
type situation struct {
	name, id string
}

// situations brings invocations of a key into each status, one after the other.
func situations(t testing.TB, s *commandtest.Shop, key string) []situation {
	t.Helper()
	run := func() string {
		id := s.Send(t, key, "Run", admin.StatusRunning)
		testkit.AwaitEntry(t, testkit.Admin(), id, "Run pack")
		return id
	}
	// The server tells it the id of what it calls, for which it runs again.
	call := func() string {
		id := s.Send(t, key, "Call", admin.StatusSuspended)
		testkit.AwaitEntry(t, testkit.Admin(), id, "Notification: CallInvocationId")
		testkit.AwaitStatus(t, id, string(admin.StatusSuspended))
		return id
	}
	return []situation{
		{"scheduled", s.SendLater(t, key, "Echo")},
		{"suspended in a sleep", s.Send(t, key, "Sleep", admin.StatusSuspended)},
		{"suspended in an awakeable", s.Send(t, key, "Await", admin.StatusSuspended)},
		{"suspended in a call", call()},
		{"running", run()},
		{"backing off", s.Send(t, key, "Charge", admin.StatusBackingOff)},
		{"paused", s.Send(t, key, "Pause", admin.StatusPaused)},
		{"holding the key", s.Send(t, key, "Hold", admin.StatusSuspended)},
		{"pending", s.Send(t, key, "Hold", admin.StatusPending)},
		{"completed", s.Send(t, key, "Echo", admin.StatusCompleted)},
		{"failed", s.Send(t, key, "Fail", admin.StatusCompleted)},
		{"failed after a step", s.Send(t, key, "FailLate", admin.StatusCompleted)},
	}
}

func TestInvocationsAreListedStuckOnesFirst(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	situations(t, shop, key)
	// The sleep that Call has called may be suspended before or after it.
	handlers := "Charge,Pause,Echo,Await,Run,Hold,Fail,FailLate"
	for name, test := range map[string]struct {
		columns int
		args    []string
	}{
		"list.txt":    {0, []string{"--service", shop.Name, "--handler", handlers}},
		"list100.txt": {100, []string{"--service", shop.Name, "--handler", handlers}},
		"list40.txt":  {40, []string{shop.Name + "/" + key + "/Pause"}},
		"list.json":   {40, []string{"--service", shop.Name, "--status", "paused,completed", "--limit", "2", "--json"}},
		"listall.txt": {200, []string{"--service", shop.Name, "--handler", handlers, "--status", "all"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := on(test.columns).Run(t, append([]string{"inv", "list"}, test.args...)...)
			require.Equal(t, terminal.CodeOK, r.Code, r.Err)
			commandtest.Golden(t, name, r.String())
		})
	}
}

func TestOneInvocationIsDescribed(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	for _, s := range situations(t, shop, key) {
		t.Run(s.name, func(t *testing.T) {
			r := on(100).Run(t, "invocations", "describe", s.id)
			require.Equal(t, terminal.CodeOK, r.Code, r.Err)
			require.NotContains(t, r.Out, "\x1b")
			commandtest.Golden(t, "describe "+s.name+".txt", r.String())
		})
	}
}

package invocations_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/commandtest"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/testkit"
)

// statusOf returns the status of an invocation, or "gone".
func statusOf(t testing.TB, id string) string {
	t.Helper()
	found, err := testkit.Admin().Invocations(testkit.Context(t), admin.InvocationFilter{IDs: []string{id}, Statuses: admin.AllStatuses()})
	require.NoError(t, err)
	if len(found) == 0 {
		return "gone"
	}
	return string(found[0].Status)
}

func await(t testing.TB, id string, statuses ...string) {
	t.Helper()
	testkit.Eventually(t, func() error {
		if got := statusOf(t, id); !slices.Contains(statuses, got) {
			return fmt.Errorf("%s is %s, not %s", id, got, statuses)
		}
		return nil
	})
}

func TestInvocationsAreChangedByTheirIDs(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	for name, test := range map[string]struct {
		handler string
		status  admin.InvocationStatus
		args    []string
		after   []string
	}{
		"cancel":                            {"Sleep", admin.StatusSuspended, []string{"cancel"}, []string{"completed"}},
		"kill":                              {"Run", admin.StatusRunning, []string{"kill"}, []string{"completed"}},
		"pause":                             {"Charge", admin.StatusBackingOff, []string{"pause"}, []string{"paused"}},
		"resume":                            {"Pause", admin.StatusPaused, []string{"resume"}, []string{"running", "paused", "ready"}},
		"resume on the latest":              {"Pause", admin.StatusPaused, []string{"resume", "--deployment", "latest"}, []string{"running", "paused", "ready"}},
		"restart":                           {"Fail", admin.StatusCompleted, []string{"restart"}, []string{"completed"}},
		"restart from an entry":             {"FailLate", admin.StatusCompleted, []string{"restart", "--from", "2", "--deployment", "pinned"}, []string{"completed"}},
		"purge":                             {"Echo", admin.StatusCompleted, []string{"purge"}, []string{"gone"}},
		"purge of the journal":              {"Echo", admin.StatusCompleted, []string{"purge", "--journal-only"}, []string{"completed"}},
		"pause of what the server does not": {"Sleep", admin.StatusSuspended, []string{"pause"}, []string{"suspended"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := shop.Send(t, key, test.handler, test.status)
			line := append([]string{"invocations"}, append(test.args, id)...)
			dry := on(100).Run(t, append(line, "--dry-run")...)
			require.Equal(t, terminal.CodeOK, dry.Code, dry.Err)
			require.Contains(t, dry.Err, "nothing was changed")
			require.Equal(t, string(test.status), statusOf(t, id))

			refused := on(100).Run(t, line...)
			require.Equal(t, terminal.CodeUsage, refused.Code, "nobody can be asked")
			asked := on(100)
			asked.Answers = []string{"n"}
			refused = asked.Run(t, line...)
			require.Equal(t, terminal.CodeFailed, refused.Code)
			require.Contains(t, refused.Err, "nothing was changed")
			require.Equal(t, string(test.status), statusOf(t, id))

			asked.Answers = []string{"y"}
			done := asked.Run(t, line...)
			require.Equal(t, terminal.CodeOK, done.Code, done.Err)
			await(t, id, test.after...)
			commandtest.Golden(t, name+".txt", done.String())
		})
	}
}

func TestWhatTheServerRefusesIsSaidForEach(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	sleeps, ended := shop.Send(t, key, "Sleep", admin.StatusSuspended), shop.Send(t, key, "Echo", admin.StatusCompleted)
	r := on(100).Run(t, "inv", "cancel", sleeps, ended, sleeps, "--yes", "--json")
	require.Equal(t, terminal.CodeFailed, r.Code)
	require.Contains(t, r.Err, "fxrestate: 1 of 2 could not be cancelled\n")
	var got struct {
		Operation   string
		DryRun      bool `json:"dry_run"`
		Invocations []struct{ ID, Result, Error string }
	}
	require.NoError(t, json.Unmarshal([]byte(r.Out), &got))
	require.Equal(t, "cancel", got.Operation)
	results := map[string]string{}
	for _, i := range got.Invocations {
		results[i.ID] = i.Result
		require.Equal(t, i.ID == ended, i.Error != "", "%+v", i)
	}
	require.Equal(t, map[string]string{sleeps: "cancelled", ended: "refused"}, results)
	await(t, sleeps, "completed")

	r = on(100).Run(t, "inv", "kill", ended, "--yes")
	require.Equal(t, terminal.CodeFailed, r.Code)
	commandtest.Golden(t, "refused.txt", r.String())
}

func TestInvocationsAreChangedByAFilter(t *testing.T) {
	t.Parallel()
	shop, other, key := commandtest.NewShop(t), commandtest.NewShop(t), commandtest.Unique("ada")
	var ids []string
	for range 22 {
		ids = append(ids, shop.SendLater(t, key, "Echo"))
	}
	foreign, paused := other.SendLater(t, key, "Echo"), shop.Send(t, key, "Pause", admin.StatusPaused)

	for name, args := range map[string][]string{
		"another key":     {"--service", shop.Name, "--key", key + "x"},
		"too young":       {"--service", shop.Name, "--older-than", "1d"},
		"another handler": {"--service", shop.Name, "--handler", "Sleep,Run"},
		"no deployment":   {"--service", shop.Name, "--deployment", "gone"},
		"another caller":  {"--service", shop.Name, "--invoked-by", "nobody"},
		"another trace":   {"--service", shop.Name, "--trace-id", strings.Repeat("1", 32)},
	} {
		t.Run(name, func(t *testing.T) {
			r := on(100).Run(t, append([]string{"inv", "kill", "--yes"}, args...)...)
			require.Equal(t, terminal.CodeOK, r.Code, r.Err)
			require.Equal(t, "there is no such invocation; nothing was changed\n", r.Err)
		})
	}
	line := []string{"inv", "kill", "--service", shop.Name, "--status", "scheduled", "--older-than", "1h"}
	dry := on(100).Run(t, append(line, "--dry-run")...)
	require.Equal(t, terminal.CodeOK, dry.Code, dry.Err)
	require.Contains(t, dry.Out, "… and 2 more\n")
	require.Equal(t, 20, strings.Count(dry.Out, "inv_1"))
	dry = on(100).Run(t, append(line, "--dry-run", "--json", "--limit", "21")...)
	require.Equal(t, 21, strings.Count(dry.Out, "inv_1"), dry.Out)
	for _, id := range append(ids, foreign) {
		require.Equal(t, "scheduled", statusOf(t, id))
	}
	done := on(100).Run(t, append(line, "--yes")...)
	require.Equal(t, terminal.CodeOK, done.Code, done.Err)
	require.Contains(t, done.Out, "\n22 killed invocations of 22\n")
	for _, id := range ids {
		await(t, id, "gone")
	}
	require.Equal(t, "scheduled", statusOf(t, foreign))
	require.Equal(t, "paused", statusOf(t, paused))
}

func TestChangesThatAreWrong(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	id := shop.Send(t, key, "Sleep", admin.StatusSuspended)
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"nothing":                            {[]string{"cancel"}, terminal.CodeUsage, "name the ids of invocations, select some by flags such as --service, or take --all"},
		"nothing but a limit":                {[]string{"cancel", "--limit", "3"}, terminal.CodeUsage, "name the ids of invocations"},
		"an id with a typo":                  {[]string{"kill", id, id[:len(id)-1], "inv_x"}, terminal.CodeUsage, "nothing was changed"},
		"a service for an id":                {[]string{"kill", shop.Name}, terminal.CodeUsage, "not the id of an invocation"},
		"an id that nobody has":              {[]string{"kill", id, "inv_1h8AqhuywZXV7uXX7RTft7XYZZ0CA3HEUD"}, terminal.CodeFailed, "the server knows no invocation inv_1h8AqhuywZXV7uXX7RTft7XYZZ0CA3HEUD; one that has ended is gone when its retention is over; nothing was changed"},
		"ids and flags":                      {[]string{"kill", id, "--service", shop.Name}, terminal.CodeUsage, "name ids or select by flags, not both"},
		"all and flags":                      {[]string{"kill", "--all", "--service", shop.Name}, terminal.CodeUsage, "--all does not go with flags that select"},
		"an unknown status":                  {[]string{"kill", "--status", "stuck"}, terminal.CodeUsage, `there is no status "stuck"; they are all, scheduled, pending`},
		"no duration":                        {[]string{"kill", "--older-than", "3 days"}, terminal.CodeUsage, `"3 days" is no duration such as 90s, 10m, 2h30m or 3d`},
		"no deployment":                      {[]string{"kill", "--deployment", "new"}, terminal.CodeUsage, `--deployment is the id of a deployment, which begins with dp_, or gone, old or none, not "new"`},
		"gone and another":                   {[]string{"kill", "--deployment", "gone,dp_1"}, terminal.CodeUsage, "--deployment takes gone or old alone"},
		"a caller with a typo":               {[]string{"kill", "--invoked-by", "inv_1"}, terminal.CodeUsage, "--invoked-by: "},
		"a caller and a service":             {[]string{"kill", "--invoked-by", shop.Name + "," + id}, terminal.CodeUsage, "--invoked-by takes invocations or services, not both"},
		"a negative limit":                   {[]string{"kill", "--all", "--limit", "-1"}, terminal.CodeUsage, "are not negative"},
		"a restart that nobody would notice": {[]string{"restart", id, "--deployment", "latest"}, terminal.CodeUsage, "--deployment goes with --from only"},
		"a pause of what sleeps":             {[]string{"pause", "--service", shop.Name, "--status", "suspended"}, terminal.CodeUsage, "the server pauses none that are suspended"},
		"a restart from before":              {[]string{"restart", id, "--from", "-1"}, terminal.CodeUsage, "--from is the index of an entry"},
		"no deployment to go on with":        {[]string{"resume", id, "--deployment", "new"}, terminal.CodeUsage, `--deployment is the id of a deployment, which begins with dp_, or latest, not "new"`},
		"a target that is none":              {[]string{"list", "/x"}, terminal.CodeUsage, `"/x" is no target such as orders`},
		"a list of an invocation":            {[]string{"list", id}, terminal.CodeUsage, "fxrestate invocations describe " + id},
		"a description of nothing":           {[]string{"describe"}, terminal.CodeUsage, "accepts 1 arg(s), received 0"},
		"a description of a typo":            {[]string{"describe", id + "0"}, terminal.CodeUsage, "not the id of an invocation"},
		"a description of what is not there": {[]string{"describe", "inv_1h8AqhuywZXV7uXX7RTft7XYZZ0CA3HEUD"}, terminal.CodeFailed, "the server knows no invocation"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"invocations"}, test.args...)
			if slices.Contains([]string{"kill", "cancel"}, test.args[0]) {
				args = append(args, "--yes")
			}
			r := on(100).Run(t, args...)
			require.Equal(t, test.code, r.Code, r.Err)
			require.Contains(t, r.Err, test.want)
			require.Empty(t, r.Out)
		})
	}
	require.Equal(t, "suspended", statusOf(t, id))
}

func TestACommandThatIsNoneIsNoHelp(t *testing.T) {
	t.Parallel()
	c := console
	c.Admin = "-" // the flag is unknown then, too
	r := c.Run(t, "invocations", "finish")
	require.Equal(t, terminal.CodeUsage, r.Code)
	require.Contains(t, r.Err, `unknown command "finish" for "fxrestate invocations"`)
	r = c.Run(t, "invocations")
	require.Equal(t, terminal.CodeOK, r.Code)
	require.Contains(t, r.Out, "describe")
}

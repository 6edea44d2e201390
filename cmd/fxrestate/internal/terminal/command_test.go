package terminal_test

import (
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

func TestTheLastColumnGoesBelowWhereATableIsTooWide(t *testing.T) {
	t.Parallel()
	table := terminal.Table{
		Header: []string{"Id", "Status", "Last failure"},
		Rows:   [][]string{{"inv_1", "paused", "the bank is closed until tomorrow morning"}, {"inv_22", "running", ""}},
		Below:  true,
	}
	for name, test := range map[string]struct {
		columns int
		want    string
	}{
		"wide enough": {60, `ID      STATUS   LAST FAILURE
inv_1   paused   the bank is closed until tomorrow morning
inv_22  running
`},
		"too wide with it": {40, `ID      STATUS
inv_1   paused
  the bank is closed until tomorrow
  morning
inv_22  running
`},
		"too wide without it": {12, `Id            inv_1
Status        paused
Last failure  the bank
              is closed
              until
              tomorrow
              morning

Id            inv_22
Status        running
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term, out, _ := terminalOf(nil)
			term.Columns = test.columns
			term.Table(table)
			require.Equal(t, test.want, out.String())
		})
	}
}

func TestFieldsKeepWhatMayBeCopiedWhole(t *testing.T) {
	t.Parallel()
	fields := []terminal.Field{
		{Name: "Id", Value: "inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN"},
		{Name: "Empty"},
		{Name: "Last failure", Value: "\x1b[31mno money\r\nat Run charge-the-card-of-the-customer"},
	}
	term, out, _ := terminalOf(nil)
	term.Fields(fields...)
	require.Equal(t, `Id            inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN
Last failure  \x1b[31mno money\r
              at Run charge-the-card-of-the-customer
`, out.String())
	out.Reset()
	term.Columns = 30
	term.Fields(fields...)
	require.Equal(t, `Id
  inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN
Last failure  \x1b[31mno
              money\r
              at Run
              charge-the-card-of-the-customer
`, out.String())
}

func TestTimesAreTold(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	term, _, _ := terminalOf(nil)
	term.Clock = func() time.Time { return now }
	for age, want := range map[time.Duration]string{
		-time.Second: "0s", 59 * time.Second: "59s", time.Minute: "1m", 90 * time.Minute: "1h", 47 * time.Hour: "47h", 48 * time.Hour: "2d",
	} {
		t.Run(want, func(t *testing.T) {
			require.Equal(t, want, terminal.Age(age))
			require.Equal(t, want, term.Since(now.Add(-age)))
		})
	}
	require.Equal(t, "2026-11-27T11:00:00Z (1h ago)", term.Time(now.Add(-time.Hour)))
	require.Equal(t, "2026-11-27T12:05:00Z (in 5m)", term.Time(now.Add(5*time.Minute)))
	require.Empty(t, term.Since(time.Time{})+term.Time(time.Time{}))
}

func TestDurationsMayBeInDays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "2h30m": 150 * time.Minute, "3d": 72 * time.Hour,
		"": 0, "0s": 0, "-1h": 0, "d": 0, "1.5d": 0, "-2d": 0, "9999999999d": 0, "soon": 0,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			var d terminal.Duration
			err := d.Set(text)
			require.Equal(t, want == 0, err != nil)
			require.Equal(t, want, time.Duration(d))
		})
	}
}

func TestACommandLineCanBeTyped(t *testing.T) {
	t.Parallel()
	require.Equal(t, `fxrestate state get Cart 'ada'\''s $HOME' '' --admin http://localhost:9070`,
		terminal.CommandLine("fxrestate", "state", "get", "Cart", "ada's $HOME", "", "--admin", "http://localhost:9070"))
}

func TestAGroupWithoutACommandShowsItsHelp(t *testing.T) {
	t.Parallel()
	_, out, _ := terminalOf(nil)
	run := func(*cobra.Command, []string) error { return nil }
	for name, test := range map[string]struct {
		args []string
		ok   bool
	}{"none": {[]string{}, true}, "one": {[]string{"list"}, true}, "another": {[]string{"lost"}, false}} {
		t.Run(name, func(t *testing.T) {
			group := terminal.Group("things", "Look at things", &cobra.Command{Use: "list", RunE: run})
			group.SetArgs(test.args)
			group.SetOut(out)
			group.SilenceErrors, group.SilenceUsage = true, true
			require.Equal(t, test.ok, group.Execute() == nil)
		})
	}
	require.Contains(t, out.String(), "Look at things")
	require.Equal(t, "1 journal, 2 journals", terminal.Plural(1, "journal")+", "+terminal.Plural(2, "journal"))
	require.Equal(t, "a long te…", terminal.Cut("a long text", 10))
}

package drain_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/commandtest"
	"github.com/fxrestate/go/cmd/fxrestate/internal/drain"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func on(columns int) commandtest.Console {
	c := commandtest.New(drain.Commands)
	c.Columns = columns
	return c
}

func known(t testing.TB, id string) bool {
	t.Helper()
	all, err := testkit.Admin().Deployments(testkit.Context(t))
	require.NoError(t, err)
	for _, d := range all {
		if d.ID == id {
			return true
		}
	}
	return false
}

func TestAnOldDeploymentIsEmptiedAndRemoved(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	sleeps, paused := shop.Send(t, key, "Sleep", admin.StatusSuspended), shop.Send(t, key, "Pause", admin.StatusPaused)
	latest := on(100).Run(t, "drain", shop.Deployment, "--delete", "--yes")
	require.Equal(t, terminal.CodeFailed, latest.Code)
	require.Contains(t, latest.Err, "it is the latest deployment of "+shop.Name)
	require.Equal(t, terminal.CodeFailed, on(100).Run(t, "deployments", "delete", shop.Deployment, "--yes").Code)

	shop.Register(t)
	for name, test := range map[string]struct {
		columns int
		args    []string
		code    int
	}{
		"drain.txt":             {100, []string{"drain", shop.Deployment}, terminal.CodeFound},
		"drain40.txt":           {40, []string{"drain", shop.Deployment}, terminal.CodeFound},
		"drain.json":            {40, []string{"drain", shop.Deployment, "--json"}, terminal.CodeFound},
		"drain delete.txt":      {100, []string{"drain", shop.Deployment, "--delete", "--yes"}, terminal.CodeFailed},
		"describe.txt":          {100, []string{"deployments", "describe", shop.Deployment}, terminal.CodeOK},
		"describe40.txt":        {40, []string{"deployments", "describe", shop.Deployment}, terminal.CodeOK},
		"describe.json":         {40, []string{"deployments", "describe", shop.Deployment, "--json"}, terminal.CodeOK},
		"delete refused.txt":    {100, []string{"deployments", "delete", shop.Deployment, "--yes"}, terminal.CodeFailed},
		"delete dry forced.txt": {100, []string{"deployments", "delete", shop.Deployment, "--force", "--dry-run"}, terminal.CodeOK},
	} {
		t.Run(name, func(t *testing.T) {
			r := on(test.columns).Run(t, test.args...)
			require.Equal(t, test.code, r.Code, r.Err)
			commandtest.Golden(t, name, r.String())
		})
	}
	require.True(t, known(t, shop.Deployment))
	over := on(100).Run(t, "drain", shop.Deployment, "--wait", "--timeout", "1ms", "--delete", "--yes")
	require.Equal(t, terminal.CodeFailed, over.Code)
	require.Contains(t, over.Err, "1ms are over")
	require.True(t, known(t, shop.Deployment))

	// The invocations end while the command waits.
	done := make(chan commandtest.Result, 1)
	ctx := testkit.Context(t)
	go func() {
		done <- on(100).RunContext(ctx, "drain", shop.Deployment, "--wait", "--delete", "--yes")
	}()
	require.NoError(t, testkit.Admin().KillInvocation(ctx, sleeps))
	require.NoError(t, testkit.Admin().KillInvocation(ctx, paused))
	r := testkit.Receive(t, done)
	require.Equal(t, terminal.CodeOK, r.Code, r.Err)
	require.Contains(t, r.Err, shop.Deployment+" is removed; its processes can be stopped\n")
	require.False(t, known(t, shop.Deployment))

	r = on(100).Run(t, "drain", shop.Deployment)
	require.Equal(t, terminal.CodeFailed, r.Code)
	require.Contains(t, r.Err, "the server knows no deployment "+shop.Deployment)
}

func TestADeploymentWithNothingInFlight(t *testing.T) {
	t.Parallel()
	shop := commandtest.NewShop(t)
	r := on(100).Run(t, "drain", shop.Deployment)
	require.Equal(t, terminal.CodeOK, r.Code, r.Err)
	commandtest.Golden(t, "nothing.txt", r.String())
	latest := shop.Register(t)
	r = on(100).Run(t, "drain", shop.Deployment, "--wait")
	require.Equal(t, terminal.CodeOK, r.Code, r.Err)
	commandtest.Golden(t, "waited.txt", r.String())

	asked := on(100)
	require.Equal(t, terminal.CodeUsage, asked.Run(t, "deployments", "delete", shop.Deployment).Code, "nobody can be asked")
	asked.Answers = []string{"n"}
	require.Equal(t, terminal.CodeFailed, asked.Run(t, "deployments", "delete", shop.Deployment).Code)
	dry := on(100).Run(t, "drain", shop.Deployment, "--delete", "--dry-run")
	require.Equal(t, terminal.CodeOK, dry.Code, dry.Err)
	require.True(t, known(t, shop.Deployment))
	asked.Answers = []string{"y"}
	r = asked.Run(t, "deployments", "delete", shop.Deployment)
	require.Equal(t, terminal.CodeOK, r.Code, r.Err)
	require.False(t, known(t, shop.Deployment))

	r = on(100).Run(t, "deployments", "delete", latest, "--force", "--yes", "--json")
	require.Equal(t, terminal.CodeOK, r.Code, r.Err)
	require.Contains(t, r.Out, `"deleted": true`)
	require.False(t, known(t, latest))
}

func TestDeploymentsAreListedTheNewestFirst(t *testing.T) {
	t.Parallel()
	shop := commandtest.NewShop(t)
	latest := shop.Register(t)
	var got struct {
		Deployments []struct {
			ID       string
			Latest   []string `json:"latest_of"`
			InFlight int      `json:"in_flight"`
		}
	}
	r := on(100).Run(t, "deployments", "list", "--json")
	require.NoError(t, json.Unmarshal([]byte(r.Out), &got), r.Err)
	at := map[string]int{}
	for i, d := range got.Deployments {
		at[d.ID] = i + 1
		require.Equal(t, d.ID == latest, len(d.Latest) == 1 && d.Latest[0] == shop.Name)
	}
	require.Less(t, at[latest], at[shop.Deployment])
	for _, columns := range []int{0, 40, 100} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			r := on(columns).Run(t, "deployments", "list")
			require.Equal(t, terminal.CodeOK, r.Code, r.Err)
			require.Less(t, strings.Index(r.Out, latest), strings.Index(r.Out, shop.Deployment))
		})
	}
}

func TestMistakesAreSaid(t *testing.T) {
	t.Parallel()
	shop := commandtest.NewShop(t)
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no id":                   {[]string{"drain", shop.Name}, terminal.CodeUsage, "is not the id of a deployment, which begins with dp_"},
		"an unknown id":           {[]string{"drain", "dp_10000000000000000000000"}, terminal.CodeFailed, "the server knows no deployment dp_1"},
		"nothing to describe":     {[]string{"deployments", "describe"}, terminal.CodeUsage, "accepts 1 arg(s)"},
		"an unknown one":          {[]string{"deployments", "describe", "dp_10000000000000000000000"}, terminal.CodeFailed, "see fxrestate deployments list"},
		"an unknown one to go":    {[]string{"deployments", "delete", "dp_10000000000000000000000", "--yes"}, terminal.CodeFailed, "the server knows no deployment dp_1"},
		"a timeout without a end": {[]string{"drain", shop.Deployment, "--timeout", "1s"}, terminal.CodeUsage, "--timeout goes with --wait"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := on(100).Run(t, test.args...)
			require.Equal(t, test.code, r.Code, r.Err)
			require.Contains(t, r.Err, test.want)
			require.Empty(t, r.Out)
		})
	}
}

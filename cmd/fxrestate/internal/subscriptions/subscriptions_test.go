package subscriptions_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/commandtest"
	"github.com/fxrestate/go/cmd/fxrestate/internal/subscriptions"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func on(columns int) commandtest.Console {
	c := commandtest.New(subscriptions.Commands)
	c.Columns = columns
	return c
}

// cluster makes a Kafka cluster that nobody answers for.
func cluster(t testing.TB) string {
	t.Helper()
	name := commandtest.Unique("kafka")
	_, err := testkit.Admin().CreateKafkaCluster(testkit.Context(t), name, map[string]string{"bootstrap.servers": "127.0.0.1:1"})
	require.NoError(t, err)
	return name
}

// The tests share a server, whose subscriptions are all in a list: this one begins and ends
// with none.
func TestSubscriptionsAreCreatedShownAndDeleted(t *testing.T) {
	shop, kafka := commandtest.NewShop(t), cluster(t)
	require.Equal(t, "there are no subscriptions\n", on(100).Run(t, "subscriptions", "list").Err)
	create := []string{
		"subscriptions", "create", "--source", "kafka://" + kafka + "/orders", "--sink", shop.Name + "/Echo",
		"--option", "auto.offset.reset=earliest", "--option", "sasl.password=hunter2\x1b[2J",
	}
	dry := on(100).Run(t, append(create, "--dry-run")...)
	require.Equal(t, terminal.CodeOK, dry.Code, dry.Err)
	commandtest.Golden(t, "create dry run.txt", dry.String())
	require.Equal(t, terminal.CodeUsage, on(100).Run(t, create...).Code, "nobody can be asked")
	asked := on(100)
	asked.Answers = []string{"n"}
	require.Equal(t, terminal.CodeFailed, asked.Run(t, create...).Code)
	require.Equal(t, "there are no subscriptions\n", on(100).Run(t, "subscriptions", "list").Err)

	created := on(100).Run(t, append(create, "--yes", "--json")...)
	require.Equal(t, terminal.CodeOK, created.Code, created.Err)
	require.NotContains(t, created.Out, "hunter2")
	var s admin.Subscription
	require.NoError(t, json.Unmarshal([]byte(created.Out), &s))

	for name, test := range map[string]struct {
		columns int
		args    []string
	}{
		"list.txt":       {100, []string{"list"}},
		"list40.txt":     {40, []string{"list"}},
		"list.json":      {40, []string{"list", "--json"}},
		"describe.txt":   {100, []string{"describe", s.ID}},
		"describe40.txt": {40, []string{"describe", s.ID}},
		"describe.json":  {40, []string{"describe", s.ID, "--json"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := on(test.columns).Run(t, append([]string{"subscriptions"}, test.args...)...)
			require.Equal(t, terminal.CodeOK, r.Code, r.Err)
			require.NotRegexp(t, `[\x00-\x09\x0b-\x1f]|hunter2`, r.Out+r.Err)
			commandtest.Golden(t, name, r.String())
		})
	}
	again := on(100).Run(t, append(create, "--dry-run")...)
	require.Contains(t, again.Err, "fxrestate subscriptions describe "+s.ID)

	testkit.Eventually(t, func() error { // the server has two seconds to answer
		if r := on(0).Run(t, "__complete", "subscriptions", "delete", ""); !commandtest.Offers(r, s.ID) {
			return fmt.Errorf("%s", r)
		}
		return nil
	})
	require.NoError(t, testkit.Admin().DeleteDeployment(testkit.Context(t), shop.Deployment, true))
	require.Contains(t, on(100).Run(t, "subscriptions", "describe", s.ID).Err, "No deployment serves "+shop.Name+"/Echo now.")

	dry = on(100).Run(t, "subscriptions", "delete", s.ID, "--dry-run")
	require.Contains(t, dry.Err, "nothing was removed")
	require.Equal(t, terminal.CodeUsage, on(100).Run(t, "subscriptions", "delete", s.ID).Code, "nobody can be asked")
	asked.Answers = []string{"y"}
	deleted := asked.Run(t, "subscriptions", "delete", s.ID)
	require.Equal(t, terminal.CodeOK, deleted.Code, deleted.Err)
	commandtest.Golden(t, "delete.txt", deleted.String())
	gone := on(100).Run(t, "subscriptions", "delete", s.ID, "--yes")
	require.Equal(t, terminal.CodeFailed, gone.Code)
	require.Contains(t, gone.Err, "the server knows no subscription "+s.ID)
	require.Equal(t, "there are no subscriptions\n", on(100).Run(t, "subscriptions", "list").Err)
}

func TestMistakesAreSaidAndNothingIsCreated(t *testing.T) {
	t.Parallel()
	shop := commandtest.NewShop(t)
	sink := shop.Name + "/Echo"
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no source":          {[]string{"create", "--sink", sink}, terminal.CodeUsage, `--source is kafka://cluster/topic, not ""`},
		"no topic":           {[]string{"create", "--source", "kafka://main", "--sink", sink}, terminal.CodeUsage, `--source is kafka://cluster/topic, not "kafka://main"`},
		"another source":     {[]string{"create", "--source", "nats://main/x", "--sink", sink}, terminal.CodeUsage, "--source is kafka://cluster/topic"},
		"no handler":         {[]string{"create", "--source", "kafka://main/x", "--sink", shop.Name}, terminal.CodeUsage, "--sink is service/handler"},
		"an option alone":    {[]string{"create", "--source", "kafka://main/x", "--sink", sink, "--option", "group.id"}, terminal.CodeUsage, `--option is name=value, not "group.id"`},
		"an option twice":    {[]string{"create", "--source", "kafka://main/x", "--sink", sink, "--option", "a=1", "--option", "a=2"}, terminal.CodeUsage, `the option "a" is there twice`},
		"an unknown handler": {[]string{"create", "--source", "kafka://main/x", "--sink", sink + "o", "--yes"}, terminal.CodeFailed, "no deployment serves " + sink + "o; nothing was created"},
		"an unknown cluster": {[]string{"create", "--source", "kafka://nowhere/x", "--sink", sink, "--yes"}, terminal.CodeFailed, "status 400"},
		"no id":              {[]string{"delete", "orders", "--yes"}, terminal.CodeUsage, `"orders" is not the id of a subscription, which begins with sub_`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := on(100).Run(t, append([]string{"subscriptions"}, test.args...)...)
			require.Equal(t, test.code, r.Code, r.Err)
			require.Contains(t, r.Err, test.want)
		})
	}
}

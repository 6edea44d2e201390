package kafka_test

import (
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/kafka"
)

// feed is the application of these tests: a service with its subscriptions.
func feed(name string, subscriptions ...restate.ServiceDefinitionOption) fx.Option {
	return fxrestate.Service[*Feed](newFeed, append(subscriptions, fxrestate.Name(name), fxrestate.Handler((*Feed).Raw, fxrestate.Raw()))...)
}

// lines of the log that tell of changes, with their reasons.
func lines(a *testkit.App) (reasons []string) {
	for _, message := range []string{"subscribed to a topic of Kafka", "removed a subscription to a topic of Kafka"} {
		for _, line := range a.Lines(message) {
			reasons = append(reasons, line.ContextMap()["handler"].(string)+": "+line.ContextMap()["reason"].(string))
		}
	}
	return reasons
}

func TestARestartChangesNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []deployment.Mode{deployment.Development, deployment.Production} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			name, cfg := testkit.Unique("Feed"), configOf(t)
			cfg.Register.Mode = mode
			app := feed(name, fxrestate.Subscribe((*Feed).Post, source(newTopic(t, 1)), earliest))
			require.Equal(t, []string{name + "/Post: it is declared"}, lines(once(t, cfg, app)))
			before := subscriptionsTo(t, name)
			require.Len(t, before, 1)
			require.Equal(t, "fxrestate/"+cfg.Register.Application, before[0].Options["client.id"])
			require.Empty(t, lines(once(t, cfg, app)))
			require.Equal(t, before, subscriptionsTo(t, name))
		})
	}
}

func TestProcessesThatStartTogetherSubscribeOnce(t *testing.T) {
	t.Parallel()
	name, cfg, topic := testkit.Unique("Feed"), configOf(t), newTopic(t, 1)
	// Replicas have one URL, where any of them may answer: here the first.
	cfg.Register.URL = startAs(t, cfg, feed(name)).URL()
	apps := make([]*testkit.App, 3)
	for i := range apps {
		apps[i] = testkit.Build(t, feed(name, fxrestate.Subscribe((*Feed).Post, source(topic), earliest)), fx.Supply(cfg))
	}
	testkit.Each(t, len(apps), func(i int) error { return apps[i].Start(testkit.Context(t)) })
	for _, a := range apps {
		a.RequireStop()
	}
	require.Len(t, subscriptionsTo(t, name), 1)
}

func TestASubscriptionWithOtherOptionsIsReplacedAndKeepsItsGroup(t *testing.T) {
	t.Parallel()
	name, cfg, topic := testkit.Unique("Feed"), configOf(t), newTopic(t, 1)
	once(t, cfg, feed(name, fxrestate.Subscribe((*Feed).Post, source(topic))))
	before := subscriptionsTo(t, name)
	a := once(t, cfg, feed(name, fxrestate.Subscribe((*Feed).Post, source(topic), earliest)))
	require.Equal(t, []string{name + "/Post: its options have changed", name + "/Post: its options have changed"}, lines(a))
	after := subscriptionsTo(t, name)
	require.Len(t, after, 1)
	require.NotEqual(t, before[0].ID, after[0].ID)
	require.Equal(t, "earliest", after[0].Options["auto.offset.reset"])
	require.Equal(t, before[0].Options["group.id"], after[0].Options["group.id"])

	once(t, cfg, feed(name, fxrestate.Subscribe((*Feed).Post, source(topic), earliest, kafka.Options{"group.id": name})))
	require.Equal(t, name, subscriptionsTo(t, name)[0].Options["group.id"])
	require.Len(t, subscriptionsTo(t, name), 1)
}

func TestWhatIsNoLongerDeclaredIsRemovedAndWhatOthersMadeStays(t *testing.T) {
	t.Parallel()
	name, cfg := testkit.Unique("Feed"), configOf(t)
	one, two := newTopic(t, 1), newTopic(t, 1)
	once(t, cfg, feed(name, fxrestate.Subscribe((*Feed).Post, source(one)), fxrestate.Subscribe((*Feed).Raw, source(two))))
	hand := byHand(t, two, name, "Post", nil)
	other := byHand(t, one, name, "Raw", map[string]string{"client.id": "fxrestate/another"})

	// At another port, so that the first version is an earlier deployment.
	a := once(t, cfg, feed(name, fxrestate.Subscribe((*Feed).Post, source(one))))
	require.Equal(t, []string{name + "/Raw: it is no longer declared"}, lines(a))
	left := subscriptionsTo(t, name)
	require.Len(t, left, 3)
	require.Subset(t, idsOf(left), []string{hand.ID, other.ID})

	a = once(t, cfg, feed(name))
	require.Equal(t, []string{name + "/Post: it is no longer declared"}, lines(a))
	require.ElementsMatch(t, []string{hand.ID, other.ID}, idsOf(subscriptionsTo(t, name)))
	require.Empty(t, lines(once(t, cfg, feed(name))))
}

func TestWhatSomebodyElseHasSubscribedIsNotSubscribedAgain(t *testing.T) {
	t.Parallel()
	name, cfg, topic := testkit.Unique("Feed"), configOf(t), newTopic(t, 1)
	once(t, cfg, feed(name))
	hand := byHand(t, topic, name, "Post", nil)
	a := once(t, cfg, feed(name, fxrestate.Subscribe((*Feed).Post, source(topic), earliest)))
	require.Equal(t, []string{hand.ID}, idsOf(subscriptionsTo(t, name)))
	said := a.Lines("somebody else has subscribed a handler to its topic, so nothing is created; to have the declared options, delete that subscription and start again")
	require.Len(t, said, 1)
	require.Equal(t, hand.ID, said[0].ContextMap()["subscription"])
}

// Fed has one handler less than Feed.
type Fed struct{}

func (*Fed) Raw(restate.Context, []byte) error { return nil }

func TestTheSubscriptionOfAHandlerGoesBeforeTheHandler(t *testing.T) {
	t.Parallel()
	name, cfg, topic := testkit.Unique("Feed"), configOf(t), newTopic(t, 1)
	once(t, cfg, feed(name, fxrestate.Subscribe((*Feed).Post, source(topic))))
	a := once(t, cfg, fxrestate.Service[*Fed](testkit.Made(&Fed{}), fxrestate.Name(name)))
	require.Empty(t, subscriptionsTo(t, name))
	require.Equal(t, []string{name + "/Post: its handler is gone"}, lines(a))
	var order []string
	for _, line := range a.Logs.All() {
		switch line.Message {
		case "registered with Restate", "removed a subscription to a topic of Kafka":
			order = append(order, line.Message)
		}
	}
	require.Equal(t, []string{"removed a subscription to a topic of Kafka", "registered with Restate"}, order)
}

func TestProgramsOfOneApplicationLeaveTheSubscriptionsOfEachOther(t *testing.T) {
	t.Parallel()
	one, two, cfg, topic := testkit.Unique("Feed"), testkit.Unique("Feed"), configOf(t), newTopic(t, 1)
	once(t, cfg, feed(one, fxrestate.Subscribe((*Feed).Post, source(topic))))
	require.Equal(t, []string{two + "/Post: it is declared"}, lines(once(t, cfg, feed(two, fxrestate.Subscribe((*Feed).Post, source(topic))))))
	require.Len(t, subscriptionsTo(t, one), 1)
	require.Empty(t, lines(once(t, cfg, feed(one, fxrestate.Subscribe((*Feed).Post, source(topic))))))
	require.Len(t, subscriptionsTo(t, two), 1)
}

func TestAClusterThatTheServerDoesNotKnowIsRefusedWithTheSettingThatIsMissing(t *testing.T) {
	t.Parallel()
	name, cfg, topic := testkit.Unique("Feed"), configOf(t), newTopic(t, 1)
	a := testkit.Build(t, fx.Supply(cfg), feed(name,
		fxrestate.Subscribe((*Feed).Post, "kafka://elsewhere/posts"),
		fxrestate.Subscribe((*Feed).Raw, source(topic)),
		fxrestate.Subscribe((*Feed).Raw, "kafka://nowhere/posts")))
	err := a.TryStart(t)
	for _, text := range []string{
		"the endpoint is not registered", "1 attempt in",
		"subscribe " + name + "/Post to kafka://elsewhere/posts", "Kafka cluster 'elsewhere' not found", `Available clusters: ["main"]`,
		"subscribe " + name + "/Raw to kafka://nowhere/posts", "Kafka cluster 'nowhere' not found",
		"configure the cluster in the server, as [[ingress.kafka-clusters]] in its file or in RESTATE_INGRESS__KAFKA_CLUSTERS",
	} {
		require.ErrorContains(t, err, text)
	}
	require.Len(t, subscriptionsTo(t, name), 1, "what is right is done")
}

func TestNothingIsSubscribed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(*fxrestate.Config)
		says   string // in the log, or nothing
	}{
		{"in mode Manual", func(c *fxrestate.Config) { c.Register.Mode = deployment.Manual }, "subscriptions to Kafka are not created, because the application does not register itself"},
		{"without a registration", func(c *fxrestate.Config) { c.Register = nil }, "subscriptions to Kafka are not created, because the application does not register itself"},
		{"in mode DryRun", func(c *fxrestate.Config) { c.Register.Mode = deployment.DryRun }, "dry run: nothing is registered"},
		{"where somebody else sees to it", func(c *fxrestate.Config) { c.Register.WithoutSubscriptions = true }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			name, cfg := testkit.Unique("Feed"), configOf(t)
			row.change(&cfg)
			a := once(t, cfg, feed(name, fxrestate.Subscribe((*Feed).Post, source(newTopic(t, 1)))))
			require.Empty(t, subscriptionsTo(t, name))
			if row.says != "" {
				require.Len(t, a.Lines(row.says), 1)
			}
		})
	}
}

func TestADryRunSaysWhatWouldBeSubscribed(t *testing.T) {
	t.Parallel()
	name, cfg, one, two := testkit.Unique("Feed"), configOf(t), newTopic(t, 1), newTopic(t, 1)
	once(t, cfg, feed(name, fxrestate.Subscribe((*Feed).Post, source(one))))
	before := subscriptionsTo(t, name)
	cfg.Register.Mode = deployment.DryRun
	a := once(t, cfg, feed(name, fxrestate.Subscribe((*Feed).Post, source(two))))
	require.Contains(t, a.Lines("dry run: nothing is registered")[0].ContextMap()["changes"], "added subscription of "+name+"/Post to "+source(two)+": it is declared")
	require.Contains(t, a.Lines("dry run: nothing is registered")[0].ContextMap()["changes"], "removed subscription of "+name+"/Post to "+source(one)+": it is no longer declared")
	require.Equal(t, before, subscriptionsTo(t, name))
}

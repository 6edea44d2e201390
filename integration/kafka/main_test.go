// Package kafka_test tests subscriptions to Kafka through the client of a real
// restate-server. The broker is franz-go's kfake, in this process.
//
// The broker keeps all in memory on one node. So the tests cannot show what happens when a
// broker or a partition's leader fails, replication, TLS, SASL and access control, retention
// and compaction of topics, and topics with transactions.
package kafka_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// broker is the cluster that the server knows as "main".
var broker *kfake.Cluster

func TestMain(m *testing.M) {
	testkit.Main(m, testkit.ReplayToo(),
		testkit.ServerEnv(func(string) (env map[string]string, err error) {
			// Consumers that start together are in their group at once.
			broker, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(1), kfake.BrokerConfigs(map[string]string{
				"group.initial.rebalance.delay.ms": "0",
			}))
			if err != nil {
				return nil, err
			}
			return map[string]string{
				"RESTATE_INGRESS__KAFKA_CLUSTERS": fmt.Sprintf(`[{name="main",brokers=["PLAINTEXT://%s"]}]`, broker.ListenAddrs()[0]),
			}, nil
		}),
		testkit.After(func() error { broker.Close(); return nil }))
}

// newTopic creates a topic of a test.
func newTopic(t testing.TB, partitions int32) string {
	t.Helper()
	name := testkit.Unique("topic")
	client := newClient(t)
	request := kmsg.NewPtrCreateTopicsRequest()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, partitions, 1
	request.Topics = append(request.Topics, topic)
	answer, err := request.RequestWith(testkit.Context(t), client)
	require.NoError(t, err)
	require.NoError(t, kerr.ErrorForCode(answer.Topics[0].ErrorCode))
	return name
}

func newClient(t testing.TB, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(broker.ListenAddrs()...)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// produce writes records and returns them as they are in the topic.
func produce(t testing.TB, topic string, records ...*kgo.Record) []*kgo.Record {
	t.Helper()
	client := newClient(t)
	for _, r := range records {
		r.Topic = topic
		require.NoError(t, client.ProduceSync(testkit.Context(t), r).FirstErr())
	}
	return records
}

// record is one with a value that is JSON.
func record(key string, value any) *kgo.Record {
	encoded, _ := json.Marshal(value)
	return &kgo.Record{Key: []byte(key), Value: encoded}
}

// consume reads all records of a topic, up to a number of them.
func consume(t testing.TB, topic string, n int) (records []*kgo.Record) {
	t.Helper()
	client := newClient(t, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for len(records) < n {
		fetches := client.PollFetches(testkit.Context(t))
		require.NoError(t, fetches.Err())
		records = append(records, fetches.Records()...)
	}
	return records
}

func source(topic string) string { return "kafka://main/" + topic }

// subscriptionsTo returns what the server has for a service, sorted by handler.
func subscriptionsTo(t testing.TB, service string) (found []admin.Subscription) {
	t.Helper()
	list, err := testkit.Admin().Subscriptions(testkit.Context(t))
	require.NoError(t, err)
	for _, s := range list {
		if strings.HasPrefix(s.Sink, "service://"+service+"/") {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b admin.Subscription) int { return strings.Compare(a.Sink, b.Sink) })
	return found
}

func idsOf(list []admin.Subscription) (ids []string) {
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}

// byHand makes a subscription as an operator does.
func byHand(t testing.TB, topic, service, handler string, options map[string]string) admin.Subscription {
	t.Helper()
	s, err := testkit.Admin().CreateSubscription(testkit.Context(t), admin.CreateSubscriptionRequest{
		Source: source(topic), Sink: "service://" + service + "/" + handler, Options: options,
	})
	require.NoError(t, err)
	return s
}

// start runs an application under the name of the test.
func start(t testing.TB, opts ...fx.Option) *testkit.App {
	t.Helper()
	return startAs(t, configOf(t), opts...)
}

func startAs(t testing.TB, cfg fxrestate.Config, opts ...fx.Option) *testkit.App {
	t.Helper()
	return testkit.StartWith(t, cfg, opts...)
}

func configOf(t testing.TB) fxrestate.Config {
	cfg := testkit.Config()
	cfg.Register.Application = testkit.NameOf(t)
	return cfg
}

// once runs an application and stops it.
func once(t testing.TB, cfg fxrestate.Config, opts ...fx.Option) *testkit.App {
	t.Helper()
	a := testkit.Build(t, append(opts, fx.Supply(cfg))...)
	a.RequireStart()
	a.RequireStop()
	return a
}

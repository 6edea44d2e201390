package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/fx"
)

// partitions of each topic.
const partitions = 3

// Broker is the Kafka of the example.
type Broker struct {
	addrs  []string
	inside *kfake.Cluster // nil: somebody else's
}

// OpenBroker returns the Kafka at some addresses, which commas separate. Without any it
// starts a broker that has its topics in memory.
func OpenBroker(addrs string) (*Broker, error) {
	if addrs != "" {
		return &Broker{addrs: strings.Split(addrs, ",")}, nil
	}
	// Without a delay and with sessions of any length, consumers need not wait to begin.
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(1),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
	if err != nil {
		return nil, fmt.Errorf("start the broker: %w", err)
	}
	return &Broker{addrs: cluster.ListenAddrs(), inside: cluster}, nil
}

// Close ends a broker in memory.
func (b *Broker) Close() {
	if b.inside != nil {
		b.inside.Close()
	}
}

// String returns the addresses.
func (b *Broker) String() string { return strings.Join(b.addrs, ",") }

// ServerEnv has a restate-server know the Kafka as main.
func (b *Broker) ServerEnv() map[string]string {
	return map[string]string{
		"RESTATE_INGRESS__KAFKA_CLUSTERS": fmt.Sprintf(`[{name="main",brokers=["PLAINTEXT://%s"]}]`, strings.Join(b.addrs, `","PLAINTEXT://`)),
	}
}

// Module provides the Publisher.
func (b *Broker) Module() fx.Option {
	return fx.Provide(func(lc fx.Lifecycle) (Publisher, error) {
		client, err := kgo.NewClient(kgo.SeedBrokers(b.addrs...))
		if err != nil {
			return nil, fmt.Errorf("a client of Kafka: %w", err)
		}
		// What takes the Publisher starts later: a topic is there before its subscription.
		lc.Append(fx.StartStopHook(
			func(ctx context.Context) error { return createTopics(ctx, client) },
			client.Close,
		))
		return producer{client}, nil
	})
}

// createTopics creates the topics that are missing.
func createTopics(ctx context.Context, client *kgo.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second) // the client would try for as long as ctx lasts
	defer cancel()
	request := kmsg.NewPtrCreateTopicsRequest()
	for _, name := range topics {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, partitions, 1
		request.Topics = append(request.Topics, topic)
	}
	response, err := request.RequestWith(ctx, client)
	if err != nil {
		return fmt.Errorf("create the topics (does the Kafka run, and is -brokers right?): %w", err)
	}
	for _, topic := range response.Topics {
		if err := kerr.ErrorForCode(topic.ErrorCode); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
			return fmt.Errorf("create topic %s: %w", topic.Topic, err)
		}
	}
	return nil
}

// producer is the Publisher of a client.
type producer struct{ client *kgo.Client }

func (p producer) Publish(ctx context.Context, r *kgo.Record) error {
	return p.client.ProduceSync(ctx, r).FirstErr()
}

// Read reads a topic from its start until it has seen n records, and returns them, the
// oldest first.
func (b *Broker) Read(ctx context.Context, topic string, n int) (records []*kgo.Record, err error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.addrs...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	for len(records) < n {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("read topic %s: %w", topic, err)
		}
		records = append(records, fetches.Records()...)
	}
	slices.SortStableFunc(records, func(a, b *kgo.Record) int { return a.Timestamp.Compare(b.Timestamp) })
	return records, nil
}

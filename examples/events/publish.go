package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	restate "github.com/restatedev/sdk-go"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/kafka"
	"github.com/fxrestate/go/pipeline"
)

// The topics. Those of the first line have subscriptions, the others are for the rest of
// the world.
const (
	topicPosts, topicParcels, topicLocations, topicOrders, topicDrivers = "posts", "parcels", "locations", "orders", "driver-updates"

	topicOrderStatus, topicRejected = "order-status", "rejected"
)

var topics = []string{topicPosts, topicParcels, topicLocations, topicOrders, topicDrivers, topicOrderStatus, topicRejected}

// source is a topic as subscriptions name it. The server knows the Kafka as main.
func source(topic string) string { return "kafka://main/" + topic }

// Publisher puts records into topics. It returns when the broker has them.
type Publisher interface {
	Publish(ctx context.Context, r *kgo.Record) error
}

// The steps of Events and Rejects.
var (
	publish = durable.NewStep[restate.Void]("publish")
	reject  = durable.NewStep[restate.Void]("reject")
)

// Event is a record to publish.
type Event struct {
	Topic string          `json:"topic"`
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// Events is a service that publishes events. It stands for the apps of users, shops and
// drivers, which have a client of Kafka of their own.
type Events struct{ publisher Publisher }

// NewEvents is the constructor of Events.
func NewEvents(publisher Publisher) *Events { return &Events{publisher} }

// Publish publishes an event. If the process dies at the wrong moment it is in the topic
// twice, as with any client of Kafka that dies. No handler of this example minds.
func (e *Events) Publish(ctx restate.Context, in Event) error {
	if !slices.Contains(topics, in.Topic) {
		return refuse(http.StatusNotFound, "there is no such topic")
	}
	return durable.RunVoid(ctx, publish, func(ctx context.Context) error {
		return e.publisher.Publish(ctx, &kgo.Record{Topic: in.Topic, Key: []byte(in.Key), Value: in.Value})
	})
}

// Rejects is a service that keeps events that no handler could use.
type Rejects struct{ publisher Publisher }

// NewRejects is the constructor of Rejects.
func NewRejects(publisher Publisher) *Rejects { return &Rejects{publisher} }

// Keep publishes a record that has failed as it was to the topic rejected, with what was
// wrong in headers.
func (r *Rejects) Keep(ctx restate.Context, letter pipeline.Letter) error {
	record, ok := kafka.MetadataOf(letter.Headers)
	if !ok {
		return nil // it did not come from Kafka, and its caller has the error
	}
	return durable.RunVoid(ctx, reject, func(ctx context.Context) error {
		return r.publisher.Publish(ctx, &kgo.Record{
			Topic: topicRejected, Key: record.Key, Value: letter.Input,
			Headers: []kgo.RecordHeader{
				{Key: "id", Value: []byte(letter.InvocationID)},
				{Key: "topic", Value: []byte(record.Topic)},
				{Key: "error", Value: []byte(letter.Message)},
			},
		})
	})
}

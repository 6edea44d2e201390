package admin

import (
	"context"
	"net/http"
)

// Subscription sends the records of a Kafka topic to a handler.
type Subscription struct {
	ID string `json:"id"`
	// Source is kafka://CLUSTER/TOPIC.
	Source string `json:"source"`
	// Sink is service://SERVICE/HANDLER.
	Sink string `json:"sink"`
	// Options as the server has completed them: those of librdkafka's consumer, such as
	// group.id.
	Options map[string]string `json:"options"`
}

func (s *Subscription) empty() bool { return s.ID == "" }

type subscriptionList struct {
	Subscriptions []Subscription `json:"subscriptions"`
}

func (l *subscriptionList) empty() bool { return l.Subscriptions == nil }

// Subscriptions lists all subscriptions.
func (c *Client) Subscriptions(ctx context.Context) ([]Subscription, error) {
	var list subscriptionList
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"subscriptions"}}, &list)
	return list.Subscriptions, err
}

// Subscription returns one subscription. The error is an [*Error] with status 404 for an
// unknown id, and with status 400 if id is not a subscription id.
func (c *Client) Subscription(ctx context.Context, id string) (Subscription, error) {
	var subscription Subscription
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"subscriptions", id}}, &subscription)
	return subscription, err
}

// CreateSubscriptionRequest connects a Kafka topic with a handler.
type CreateSubscriptionRequest struct {
	// Source is kafka://CLUSTER/TOPIC. The cluster must be configured in the server, or
	// created with [Client.CreateKafkaCluster].
	Source string `json:"source"`
	// Sink is service://SERVICE/HANDLER. The service must be registered.
	Sink string `json:"sink"`
	// Options for librdkafka's consumer. By default the server makes up a group.id, and
	// auto.offset.reset is librdkafka's, which is "largest".
	Options map[string]string `json:"options,omitempty"`
}

// CreateSubscription creates a subscription. The server does not look whether there is such
// a topic. The same request twice makes two subscriptions, which both deliver.
//
// The error is an [*Error] with status 400 for an unknown cluster, service or handler, and
// for a source or a sink of another form.
func (c *Client) CreateSubscription(ctx context.Context, req CreateSubscriptionRequest) (Subscription, error) {
	var subscription Subscription
	_, err := c.do(ctx, call{method: http.MethodPost, path: []string{"subscriptions"}, body: req, secrets: req.Options}, &subscription)
	return subscription, err
}

// DeleteSubscription removes a subscription. Invocations that it has made go on. Errors are
// those of Subscription.
func (c *Client) DeleteSubscription(ctx context.Context, id string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: []string{"subscriptions", id}}, nil)
	return err
}

package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// KafkaCluster is a Kafka cluster that the server knows, and that subscriptions name in
// their source. Those of the server's configuration file are not among them: they cannot be
// changed through the API.
type KafkaCluster struct {
	Name string `json:"name"`
	// Properties for librdkafka, such as bootstrap.servers. The server shows the values of
	// passwords as "***".
	Properties map[string]string `json:"properties"`
	CreatedAt  time.Time         `json:"created_at"`
	// Subscriptions of the cluster, only in the answer of [Client.KafkaCluster].
	Subscriptions []Subscription `json:"subscriptions"`
}

func (k *KafkaCluster) empty() bool { return k.Name == "" }

type kafkaClusterList struct {
	Clusters []KafkaCluster `json:"clusters"`
}

func (l *kafkaClusterList) empty() bool { return l.Clusters == nil }

// KafkaClusters lists the Kafka clusters without their subscriptions.
func (c *Client) KafkaClusters(ctx context.Context) ([]KafkaCluster, error) {
	var list kafkaClusterList
	_, err := c.do(ctx, call{method: http.MethodGet, path: []string{"kafka-clusters"}}, &list)
	return list.Clusters, err
}

// KafkaCluster returns one Kafka cluster with its subscriptions, or an [*Error] with status
// 404.
func (c *Client) KafkaCluster(ctx context.Context, name string) (KafkaCluster, error) {
	var cluster KafkaCluster
	_, err := c.do(ctx, call{
		method: http.MethodGet, path: []string{"kafka-clusters", name}, query: url.Values{"include_subscriptions": {"true"}},
	}, &cluster)
	return cluster, err
}

// CreateKafkaCluster adds a Kafka cluster. The name is that of a host; the properties go to
// librdkafka and need bootstrap.servers or metadata.broker.list. The server does not connect
// yet.
//
// The error is an [*Error] with status 409 if there is a cluster of the name, and with
// status 400 or 422 for a name or properties that cannot be.
func (c *Client) CreateKafkaCluster(ctx context.Context, name string, properties map[string]string) (KafkaCluster, error) {
	var cluster KafkaCluster
	if name == "" {
		return cluster, errors.New("admin: a Kafka cluster needs a name")
	}
	_, err := c.do(ctx, call{method: http.MethodPost, path: []string{"kafka-clusters"}, secrets: properties, body: struct {
		Name       string            `json:"name"`
		Properties map[string]string `json:"properties"`
	}{name, properties}}, &cluster)
	return cluster, err
}

// UpdateKafkaCluster replaces all properties of a Kafka cluster. Errors are those of
// CreateKafkaCluster, with status 404 for an unknown name.
func (c *Client) UpdateKafkaCluster(ctx context.Context, name string, properties map[string]string) (KafkaCluster, error) {
	var cluster KafkaCluster
	_, err := c.do(ctx, call{method: http.MethodPatch, path: []string{"kafka-clusters", name}, secrets: properties, body: struct {
		Properties map[string]string `json:"properties"`
	}{properties}}, &cluster)
	return cluster, err
}

// DeleteKafkaCluster removes a Kafka cluster. Only with force it removes one that has
// subscriptions, which then stop; otherwise the error is an [*Error] with status 409.
func (c *Client) DeleteKafkaCluster(ctx context.Context, name string, force bool) error {
	in := call{method: http.MethodDelete, path: []string{"kafka-clusters", name}}
	if force {
		in.query = url.Values{"force": {"true"}}
	}
	_, err := c.do(ctx, in, nil)
	return err
}

package admin_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

func TestSubscriptionsAndTheirClustersAreCreatedAndDeleted(t *testing.T) {
	t.Parallel()
	client, ctx, name := newClient(t, admin.Config{}), testkit.Context(t), testkit.Unique("subscribed")
	register(t, client, serve(t, echoService(name)))
	properties := map[string]string{"bootstrap.servers": "127.0.0.1:1", "sasl.password": "hunter2"}

	cluster, err := client.CreateKafkaCluster(ctx, name, properties)
	require.NoError(t, err)
	require.Equal(t, name, cluster.Name)
	require.Equal(t, map[string]string{"bootstrap.servers": "127.0.0.1:1", "sasl.password": "***"}, cluster.Properties)
	require.False(t, cluster.CreatedAt.IsZero())
	_, err = client.CreateKafkaCluster(ctx, name, properties)
	requireError(t, err, http.StatusConflict, "")

	request := admin.CreateSubscriptionRequest{
		Source: "kafka://" + name + "/events", Sink: "service://" + name + "/Echo", Options: map[string]string{"auto.offset.reset": "earliest"},
	}
	subscription, err := client.CreateSubscription(ctx, request)
	require.NoError(t, err)
	require.Equal(t, request.Source+" "+request.Sink, subscription.Source+" "+subscription.Sink)
	require.Equal(t, "earliest", subscription.Options["auto.offset.reset"])
	require.NotEmpty(t, subscription.Options["group.id"])
	same, err := client.Subscription(ctx, subscription.ID)
	require.NoError(t, err)
	require.Equal(t, subscription, same)
	all, err := client.Subscriptions(ctx)
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(all, func(s admin.Subscription) bool { return s.ID == subscription.ID }))

	found, err := client.KafkaCluster(ctx, name)
	require.NoError(t, err)
	require.Equal(t, []admin.Subscription{subscription}, found.Subscriptions)
	clusters, err := client.KafkaClusters(ctx)
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(clusters, func(c admin.KafkaCluster) bool { return c.Name == name }))
	requireError(t, client.DeleteKafkaCluster(ctx, name, false), http.StatusConflict, "")

	require.NoError(t, client.DeleteSubscription(ctx, subscription.ID))
	_, err = client.Subscription(ctx, subscription.ID)
	requireError(t, err, http.StatusNotFound, "")
	requireError(t, client.DeleteSubscription(ctx, subscription.ID), http.StatusNotFound, "")
	cluster, err = client.UpdateKafkaCluster(ctx, name, map[string]string{"bootstrap.servers": "127.0.0.1:2"})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"bootstrap.servers": "127.0.0.1:2"}, cluster.Properties)
	require.NoError(t, client.DeleteKafkaCluster(ctx, name, false))
	_, err = client.KafkaCluster(ctx, name)
	requireError(t, err, http.StatusNotFound, "")
}

func TestASubscriptionThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	client, ctx, name := newClient(t, admin.Config{}), testkit.Context(t), testkit.Unique("refused")
	register(t, client, serve(t, echoService(name)))
	sink := "service://" + name + "/Echo"
	for what, test := range map[string]struct {
		source, sink string
		status       int
		code         string
	}{
		"an unknown cluster":    {"kafka://nowhere/events", sink, 400, ""},
		"an unknown service":    {"kafka://nowhere/events", "service://" + name + "-none/Echo", 400, "META0009"},
		"an unknown handler":    {"kafka://nowhere/events", "service://" + name + "/None", 400, "META0009"},
		"a source that is none": {"nowhere", sink, 400, "META0009"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			_, err := client.CreateSubscription(testkit.Context(t), admin.CreateSubscriptionRequest{Source: test.source, Sink: test.sink})
			requireError(t, err, test.status, test.code)
		})
	}
	_, err := client.Subscription(ctx, "sub_1")
	requireError(t, err, http.StatusBadRequest, "")
	for what, properties := range map[string]map[string]string{"no properties": nil, "no servers": {"sasl.password": "hunter2"}} {
		t.Run(what, func(t *testing.T) {
			_, err := client.CreateKafkaCluster(ctx, name, properties)
			var failed *admin.Error
			require.ErrorAs(t, err, &failed)
			require.Contains(t, []int{400, 422}, failed.Status)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	_, err = client.CreateKafkaCluster(ctx, "", nil)
	require.EqualError(t, err, "admin: a Kafka cluster needs a name")
}

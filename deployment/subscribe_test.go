package deployment_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/testkit"
)

// to subscribes the handler Echo of a service to topics.
func to(service string, topics ...string) (list []deployment.Subscription) {
	for _, topic := range topics {
		list = append(list, deployment.Subscription{Source: "kafka://away/" + topic, Service: service, Handler: "Echo"})
	}
	return list
}

// serveOnce serves a service, and has the server forget its URL when the test ends: the port
// may be another application's then.
func serveOnce(t testing.TB, definitions ...restate.ServiceDefinition) *endpoint {
	t.Helper()
	app := serve(t, definitions...)
	t.Cleanup(func() {
		ctx := context.Background()
		list, err := testkit.Admin().Deployments(ctx)
		require.NoError(t, err)
		for _, d := range list {
			if d.URI == fixed(app)+"/" {
				require.NoError(t, testkit.Admin().DeleteDeployment(ctx, d.ID, true))
			}
		}
	})
	return app
}

// subscribed returns an endpoint with subscriptions.
func (e *endpoint) subscribed(list []deployment.Subscription) deployment.Endpoint {
	at := e.at()
	at.Subscriptions = list
	return at
}

// topicsOf returns the topics that a service is subscribed to.
func topicsOf(t testing.TB, service string) []string {
	t.Helper()
	topics := []string{}
	list, err := testkit.Admin().Subscriptions(testkit.Context(t))
	require.NoError(t, err)
	for _, s := range list {
		if strings.HasPrefix(s.Sink, "service://"+service+"/") {
			topics = append(topics, strings.TrimPrefix(s.Source, "kafka://away/"))
		}
	}
	slices.Sort(topics)
	return topics
}

func TestAnOlderBuildLeavesTheSubscriptionsOfANewerOne(t *testing.T) {
	t.Parallel()
	released := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name       string
		built      time.Duration
		mode       deployment.Mode
		superseded deployment.Superseded
		want       string
	}{
		{"that starts again", -time.Hour, deployment.Production, "", "new"},
		{"that serves what is pinned", -time.Hour, deployment.Production, deployment.ServePinned, "new"},
		{"in development, if told to", -time.Hour, deployment.Development, deployment.RefuseSuperseded, "new"},
		{"unless it is a rollback", -time.Hour, deployment.Production, deployment.TakeOver, "old"},
		{"unless it is development", -time.Hour, deployment.Development, "", "old"},
		{"unless builds do not know their time", 0, deployment.Production, "", "old"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			name := testkit.Unique("Subscribed")
			app := serveOnce(t, service(name))
			cfg := production(app)
			cfg.Application, cfg.Mode, cfg.Superseded = name, row.mode, row.superseded
			var log logLines
			start := func(built time.Duration, topics ...string) {
				t.Helper()
				registrar := newRegistrar(t, newClient(t, admin.Config{}), cfg, log.logger())
				if row.built != 0 {
					deployment.BuiltAt(registrar, released.Add(built))
				}
				_, err := registrar.Register(testkit.Context(t), app.subscribed(to(name, topics...)))
				require.NoError(t, err)
			}
			start(row.built, "old")
			require.Equal(t, []string{"old"}, topicsOf(t, name))
			start(0, "new")
			require.Equal(t, []string{"new"}, topicsOf(t, name))
			for range 2 { // however often
				start(row.built, "old")
			}
			require.Equal(t, []string{row.want}, topicsOf(t, name))
			left := slices.ContainsFunc(log.all(), func(line string) bool {
				return strings.Contains(line, "left the subscriptions to Kafka to a newer build")
			})
			require.Equal(t, row.want == "new", left)
			start(time.Hour, "newest")
			require.Equal(t, []string{"newest"}, topicsOf(t, name))
			start(time.Hour) // and none, for the rest of the server's life
		})
	}
}

func TestASubscriptionThatFailsIsTriedAgainWithoutAnotherRegistration(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("Subscribed")
	app := serveOnce(t, service(name))
	failed := false
	gate := newGateway(t, func(w http.ResponseWriter, call adminCall) bool {
		if call.line != "POST /subscriptions" || failed {
			return false
		}
		failed = true
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	var log logLines
	cfg := deployment.Config{URL: fixed(app), Application: name}
	registrar := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), cfg, log.logger())
	_, err := registrar.Register(testkit.Context(t), app.subscribed(to(name, "a")))
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, topicsOf(t, name))
	_, registered := gate.made("POST /deployments")
	require.Len(t, registered, 1)
	_, created := gate.made("POST /subscriptions")
	require.Len(t, created, 2)
	require.Contains(t, log.all()[0], "registration failed, trying again")
	require.Contains(t, log.all()[0], "subscribe "+name+"/Echo to kafka://away/a")
}

func TestOfTwoThatWereSubscribedAtTheSameTimeOneStays(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("Subscribed")
	app := serveOnce(t, service(name))
	cfg := deployment.Config{URL: fixed(app), Application: name}
	// Another process does the same between our look and our request.
	var other admin.Subscription
	gate := newGateway(t, func(_ http.ResponseWriter, call adminCall) bool {
		if call.line == "POST /subscriptions" && other.ID == "" {
			var err error
			other, err = testkit.Admin().CreateSubscription(t.Context(), admin.CreateSubscriptionRequest{
				Source: "kafka://away/a", Sink: "service://" + name + "/Echo", Options: map[string]string{"client.id": "fxrestate/" + name},
			})
			if err != nil {
				t.Error(err)
			}
		}
		return false
	})
	registrar := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), cfg, nil)
	_, err := registrar.Register(testkit.Context(t), app.subscribed(to(name, "a")))
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, topicsOf(t, name))
	calls, _ := gate.made("")
	require.True(t, slices.ContainsFunc(calls, func(c adminCall) bool { return strings.HasPrefix(c.line, "DELETE /subscriptions/") }))
}

func TestAnApplicationThatNeverSubscribedDoesNotAskForSubscriptions(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("Subscribed")
	app := serveOnce(t, service(name))
	cfg := production(app)
	cfg.Application = name
	start := func(list []deployment.Subscription) []string {
		t.Helper()
		gate := newGateway(t, nil)
		_, err := newRegistrar(t, newClient(t, admin.Config{URL: gate.url}), cfg, nil).Register(testkit.Context(t), app.subscribed(list))
		require.NoError(t, err)
		calls, _ := gate.made("")
		return lines(calls)
	}
	require.NotContains(t, start(nil), "GET /subscriptions")
	require.Contains(t, start(to(name, "a")), "POST /subscriptions")
	require.Equal(t, []string{"GET /deployments", "GET /subscriptions"}, start(to(name, "a")))
	require.Equal(t, []string{"a"}, topicsOf(t, name))
	start(nil)
	require.Empty(t, topicsOf(t, name))
	require.Equal(t, []string{"GET /deployments", "GET /subscriptions"}, start(nil), "it had some once")
}

func TestSubscriptionsOfHandlersThatTheEndpointDoesNotHaveAreRefused(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("Subscribed")
	app := serveOnce(t, service(name))
	list := append(to(name, "a", "a", "b/c"), deployment.Subscription{Source: "kafka://away/d", Service: name, Handler: "Lost"})
	_, err := newRegistrar(t, newClient(t, admin.Config{}), deployment.Config{URL: fixed(app)}, nil).Register(testkit.Context(t), app.subscribed(list))
	require.ErrorContains(t, err, "kafka://away/a to "+name+"/Echo is there twice")
	require.ErrorContains(t, err, `the source "kafka://away/b/c" is not "kafka://CLUSTER/TOPIC"`)
	require.ErrorContains(t, err, "the endpoint has no handler "+name+"/Lost, to which kafka://away/d is subscribed")
}

func TestTheServiceOfAnEarlierVersionTakesItsSubscriptionsAlong(t *testing.T) {
	t.Parallel()
	one, two := testkit.Unique("Subscribed"), testkit.Unique("Subscribed")
	both, app := serveOnce(t, service(one), service(two)), serveOnce(t, service(one))
	cfg := deployment.Config{URL: fixed(both), Application: one}
	_, err := newRegistrar(t, newClient(t, admin.Config{}), cfg, nil).Register(testkit.Context(t), both.subscribed(to(two, "a")))
	require.NoError(t, err)
	cfg.URL = fixed(app)
	_, err = newRegistrar(t, newClient(t, admin.Config{}), cfg, nil).Register(testkit.Context(t), app.at())
	require.NoError(t, err)
	require.Empty(t, topicsOf(t, two))
}

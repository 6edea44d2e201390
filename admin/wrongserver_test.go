package admin_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// unknownID is the id of an invocation that no server has.
const unknownID = "inv_1ca6DV4BApIF1najoS4yfOIYQtFiVfvW21"

// calls has each method of the client.
var calls = map[string]func(ctx context.Context, c *admin.Client) error{
	"Health":  func(ctx context.Context, c *admin.Client) error { return c.Health(ctx) },
	"Version": func(ctx context.Context, c *admin.Client) error { return second(c.Version(ctx)) },
	"RegisterDeployment": func(ctx context.Context, c *admin.Client) error {
		return second(c.RegisterDeployment(ctx, admin.RegisterDeploymentRequest{URI: "http://localhost:9080"}))
	},
	"Deployments": func(ctx context.Context, c *admin.Client) error { return second(c.Deployments(ctx)) },
	"Deployment":  func(ctx context.Context, c *admin.Client) error { return second(c.Deployment(ctx, "dp_1")) },
	"UpdateDeployment": func(ctx context.Context, c *admin.Client) error {
		return second(c.UpdateDeployment(ctx, "dp_1", admin.UpdateDeploymentRequest{URI: "http://localhost:9080"}))
	},
	"DeleteDeployment": func(ctx context.Context, c *admin.Client) error { return c.DeleteDeployment(ctx, "dp_1", true) },
	"Services":         func(ctx context.Context, c *admin.Client) error { return second(c.Services(ctx)) },
	"Service":          func(ctx context.Context, c *admin.Client) error { return second(c.Service(ctx, "Greeter")) },
	"ModifyService": func(ctx context.Context, c *admin.Client) error {
		return second(c.ModifyService(ctx, "Greeter", admin.ModifyServiceRequest{Public: new(true)}))
	},
	"OpenAPI":          func(ctx context.Context, c *admin.Client) error { return second(c.OpenAPI(ctx, "Greeter")) },
	"CancelInvocation": func(ctx context.Context, c *admin.Client) error { return c.CancelInvocation(ctx, unknownID) },
	"KillInvocation":   func(ctx context.Context, c *admin.Client) error { return c.KillInvocation(ctx, unknownID) },
	"PauseInvocation":  func(ctx context.Context, c *admin.Client) error { return c.PauseInvocation(ctx, unknownID) },
	"ResumeInvocation": func(ctx context.Context, c *admin.Client) error { return c.ResumeInvocation(ctx, unknownID, "latest") },
	"PurgeInvocation":  func(ctx context.Context, c *admin.Client) error { return c.PurgeInvocation(ctx, unknownID) },
	"PurgeJournal":     func(ctx context.Context, c *admin.Client) error { return c.PurgeJournal(ctx, unknownID) },
	"RestartInvocation": func(ctx context.Context, c *admin.Client) error {
		return second(c.RestartInvocation(ctx, unknownID, admin.RestartOptions{From: 1}))
	},
	"Handlers":      func(ctx context.Context, c *admin.Client) error { return second(c.Handlers(ctx, "Greeter")) },
	"Handler":       func(ctx context.Context, c *admin.Client) error { return second(c.Handler(ctx, "Greeter", "Greet")) },
	"Subscriptions": func(ctx context.Context, c *admin.Client) error { return second(c.Subscriptions(ctx)) },
	"Subscription":  func(ctx context.Context, c *admin.Client) error { return second(c.Subscription(ctx, "sub_1")) },
	"CreateSubscription": func(ctx context.Context, c *admin.Client) error {
		return second(c.CreateSubscription(ctx, admin.CreateSubscriptionRequest{Source: "kafka://a/b", Sink: "service://A/b"}))
	},
	"DeleteSubscription": func(ctx context.Context, c *admin.Client) error { return c.DeleteSubscription(ctx, "sub_1") },
	"KafkaClusters":      func(ctx context.Context, c *admin.Client) error { return second(c.KafkaClusters(ctx)) },
	"KafkaCluster":       func(ctx context.Context, c *admin.Client) error { return second(c.KafkaCluster(ctx, "events")) },
	"CreateKafkaCluster": func(ctx context.Context, c *admin.Client) error {
		return second(c.CreateKafkaCluster(ctx, "events", map[string]string{"bootstrap.servers": "localhost:9092"}))
	},
	"UpdateKafkaCluster": func(ctx context.Context, c *admin.Client) error {
		return second(c.UpdateKafkaCluster(ctx, "events", map[string]string{"bootstrap.servers": "localhost:9092"}))
	},
	"DeleteKafkaCluster": func(ctx context.Context, c *admin.Client) error { return c.DeleteKafkaCluster(ctx, "events", true) },
	"State":              func(ctx context.Context, c *admin.Client) error { return second(c.State(ctx, "Greeter", "a")) },
	"ModifyState": func(ctx context.Context, c *admin.Client) error {
		return c.ModifyState(ctx, "Greeter", "a", admin.ModifyStateRequest{})
	},
	"InFlight": func(ctx context.Context, c *admin.Client) error { return second(c.InFlight(ctx)) },
	"Invocations": func(ctx context.Context, c *admin.Client) error {
		return second(c.Invocations(ctx, admin.InvocationFilter{}))
	},
	"ClusterHealth": func(ctx context.Context, c *admin.Client) error { return second(c.ClusterHealth(ctx)) },
	"Journal":       func(ctx context.Context, c *admin.Client) error { return second(c.Journal(ctx, unknownID)) },
	"Queue":         func(ctx context.Context, c *admin.Client) error { return second(c.Queue(ctx, "Cart", "a")) },
	"Batch": func(ctx context.Context, c *admin.Client) error {
		return second(c.Batch(ctx, admin.OperationKill, admin.InvocationFilter{IDs: []string{unknownID}}, admin.BatchOptions{}))
	},
	"LimitRules": func(ctx context.Context, c *admin.Client) error { return second(c.LimitRules(ctx)) },
	"LimitRule": func(ctx context.Context, c *admin.Client) error {
		_, err := c.LimitRule(ctx, "nothing/*")
		if errors.Is(err, admin.ErrNoLimitRule) {
			return nil
		}
		return err
	},
	"CreateLimitRules": func(ctx context.Context, c *admin.Client) error {
		return second(c.CreateLimitRules(ctx, admin.LimitRule{Pattern: "wrong/*"}))
	},
	"PutLimitRules": func(ctx context.Context, c *admin.Client) error {
		return second(c.PutLimitRules(ctx, admin.LimitRule{Pattern: "wrong/*"}))
	},
	"DeleteLimitRules": func(ctx context.Context, c *admin.Client) error {
		return second(c.DeleteLimitRules(ctx, admin.LimitRule{Pattern: "wrong/*"}))
	},
	"QueryEach": func(ctx context.Context, c *admin.Client) error {
		var last error
		for _, err := range admin.QueryEach[map[string]any](ctx, c, "SELECT 1") {
			last = err
		}
		return last
	},
	"Query": func(ctx context.Context, c *admin.Client) error {
		return second(admin.Query[map[string]any](ctx, c, "SELECT 1"))
	},
}

func second[T any](_ T, err error) error { return err }

func TestEachCallRecognisesAnIngress(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := testkit.Server().IngressURL()
			err := call(testkit.Context(t), newClient(t, admin.Config{URL: url}))
			var failed *admin.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, "this is the ingress of a server: use the URL of its admin API, by default on port 9070", failed.Hint())
			require.Equal(t, url, failed.URL)
			require.ErrorContains(t, err, "admin: "+failed.Method+" "+url+failed.Path+": status ")
			require.ErrorContains(t, err, "("+failed.Hint()+")")
			require.False(t, admin.Retryable(err))
		})
	}
}

func TestEachCallRecognisesAGateway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		hint   string
	}{
		"without a text":         {404, "", "this may not be an admin API, which is on port 9070 of the server by default"},
		"with a page":            {404, "<html>nothing here</html>", "this may not be an admin API, which is on port 9070 of the server by default"},
		"with JSON of its own":   {404, `{"message":"no Route matched with those values"}`, "this may not be an admin API, which is on port 9070 of the server by default"},
		"an ingress behind it":   {400, `{"code":400,"message":"bad path: /x","source":"ingress"}`, "this is the ingress of a server: use the URL of its admin API, by default on port 9070"},
		"that wants credentials": {403, "<html>who are you?</html>", "check the admin API's auth token"},
		"an admin API, however":  {404, `{"message":"The requested service 'x' does not exist","restate_code":null}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for method, call := range calls {
				t.Run(method, func(t *testing.T) {
					client := newClient(t, admin.Config{URL: admin.DefaultURL, HTTPClient: &http.Client{Transport: answer{test.status, []byte(test.body)}}})
					err := call(testkit.Context(t), client)
					var failed *admin.Error
					require.ErrorAs(t, err, &failed)
					require.Equal(t, test.hint, failed.Hint())
					require.ErrorContains(t, err, "admin: "+failed.Method+" http://localhost:9070"+failed.Path+": status ")
				})
			}
		})
	}
}

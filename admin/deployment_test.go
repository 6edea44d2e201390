package admin_test

import (
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

func TestDeploymentFromRegistrationToDeletion(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	ctx := testkit.Context(t)
	url := serve(t, echoService("Lived"))
	req := admin.RegisterDeploymentRequest{URI: url, Force: true, Metadata: map[string]string{"commit": "1"}}

	first, err := client.RegisterDeployment(ctx, req)
	require.NoError(t, err)
	require.True(t, first.Created)
	require.Len(t, first.Services, 1)
	require.Equal(t, "Lived", first.Services[0].Name)
	require.Equal(t, 1, first.Services[0].Revision)
	require.Contains(t, first.SDKVersion, "restate-sdk-go/")
	require.Positive(t, first.MinProtocolVersion)

	req.Metadata = map[string]string{"commit": "2"}
	again, err := client.RegisterDeployment(ctx, req)
	require.NoError(t, err)
	require.False(t, again.Created)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, 2, again.Services[0].Revision, "force makes a new revision")

	req.Force, req.Metadata = false, map[string]string{"commit": "3"}
	unchanged, err := client.RegisterDeployment(ctx, req)
	require.NoError(t, err)
	require.False(t, unchanged.Created)
	require.Equal(t, 2, unchanged.Services[0].Revision, "without force nothing changes")

	deployment, err := client.Deployment(ctx, first.ID)
	require.NoError(t, err)
	require.Equal(t, first.ID, deployment.ID)
	require.Equal(t, url+"/", deployment.URI)
	require.Equal(t, "BidiStream", deployment.ProtocolType)
	require.Equal(t, "HTTP/2.0", deployment.HTTPVersion)
	require.Equal(t, map[string]string{"commit": "2"}, deployment.Metadata)
	require.WithinDuration(t, time.Now(), deployment.CreatedAt, time.Minute)
	require.Equal(t, "Echo", deployment.Services[0].Handlers[0].Name)

	list, err := client.Deployments(ctx)
	require.NoError(t, err)
	require.Contains(t, list, admin.DeploymentSummary{
		DeploymentInfo: deployment.DeploymentInfo,
		Services:       []admin.ServiceRevision{{Name: "Lived", Revision: 2}},
	})

	err = client.DeleteDeployment(ctx, first.ID, false)
	requireError(t, err, http.StatusNotImplemented, "")
	require.ErrorContains(t, err, "the server deletes deployments with force only")
	require.False(t, admin.Retryable(err))
	require.NoError(t, client.DeleteDeployment(ctx, first.ID, true))
	_, err = client.Deployment(ctx, first.ID)
	requireError(t, err, http.StatusNotFound, "")
	_, err = client.Service(ctx, "Lived")
	requireError(t, err, http.StatusNotFound, "")
}

func TestDryRunRegistersNothing(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	registered, err := client.RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{
		URI: serve(t, echoService("Dry")), Force: true, DryRun: true,
	})
	require.NoError(t, err)
	require.Equal(t, "Dry", registered.Services[0].Name)
	_, err = client.Service(testkit.Context(t), "Dry")
	requireError(t, err, http.StatusNotFound, "")
}

func TestBreakingAllowsAnotherKind(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	register(t, client, serve(t, echoService("Broken")))
	registered, err := client.RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{
		URI: serve(t, counterObject("Broken")), Breaking: true,
	})
	require.NoError(t, err)
	require.Len(t, registered.Services, 1)
	require.Equal(t, "Broken", registered.Services[0].Name)
	require.Equal(t, admin.TypeVirtualObject, registered.Services[0].Type)
	require.Equal(t, 2, registered.Services[0].Revision)
	require.ElementsMatch(t, []admin.RegisteredHandler{{Name: "Add", Type: admin.HandlerExclusive}, {Name: "Get", Type: admin.HandlerShared}}, registered.Services[0].Handlers)
	service, err := client.Service(testkit.Context(t), "Broken")
	require.NoError(t, err)
	require.Equal(t, admin.TypeVirtualObject, service.Type)
}

func TestAdditionalHeadersAndHTTP11ReachTheEndpoint(t *testing.T) {
	t.Parallel()
	handler, err := server.NewRestate().WithLogger(slog.DiscardHandler, false).Bind(echoService("Headed")).Handler()
	require.NoError(t, err)
	var mu sync.Mutex
	var protocol, key string
	url := "http://" + testkit.Listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		protocol, key = r.Proto, r.Header.Get("X-Key")
		mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	seen := func() string {
		mu.Lock()
		defer mu.Unlock()
		return protocol + " " + key
	}

	client := newClient(t, admin.Config{})
	registered, err := client.RegisterDeployment(testkit.Context(t), admin.RegisterDeploymentRequest{
		URI: url, Force: true, UseHTTP11: true, AdditionalHeaders: map[string]string{"x-key": "abc"},
	})
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 abc", seen())
	deployment, err := client.Deployment(testkit.Context(t), registered.ID)
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1", deployment.HTTPVersion)
	require.Equal(t, map[string]string{"x-key": "abc"}, deployment.AdditionalHeaders)

	// An update discovers again only if it may overwrite.
	updated, err := client.UpdateDeployment(testkit.Context(t), registered.ID, admin.UpdateDeploymentRequest{
		AdditionalHeaders: map[string]string{"x-key": "xyz"}, Overwrite: true,
	})
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 xyz", seen())
	require.Equal(t, map[string]string{"x-key": "xyz"}, updated.AdditionalHeaders)

	updated, err = client.UpdateDeployment(testkit.Context(t), registered.ID, admin.UpdateDeploymentRequest{URI: url})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"x-key": "xyz"}, updated.AdditionalHeaders, "what is not set stays")
	updated, err = client.UpdateDeployment(testkit.Context(t), registered.ID, admin.UpdateDeploymentRequest{AdditionalHeaders: map[string]string{}})
	require.NoError(t, err)
	require.Empty(t, updated.AdditionalHeaders)
}

func TestUpdateMovesADeployment(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	registered := register(t, client, serve(t, echoService("Moved")))
	url := serve(t, echoService("Moved"))

	tried, err := client.UpdateDeployment(testkit.Context(t), registered.ID, admin.UpdateDeploymentRequest{URI: url, DryRun: true})
	require.NoError(t, err)
	require.Equal(t, url+"/", tried.URI)
	deployment, err := client.Deployment(testkit.Context(t), registered.ID)
	require.NoError(t, err)
	require.NotEqual(t, url+"/", deployment.URI)

	_, err = client.UpdateDeployment(testkit.Context(t), registered.ID, admin.UpdateDeploymentRequest{URI: url})
	require.NoError(t, err)
	deployment, err = client.Deployment(testkit.Context(t), registered.ID)
	require.NoError(t, err)
	require.Equal(t, url+"/", deployment.URI)
}

func TestServicesAsTheServerReportsThem(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	registered := register(t, client, serve(t,
		restate.NewService("Described",
			restate.WithDocumentation("what it does"),
			restate.WithMetadata("team", "blue"),
			restate.WithInactivityTimeout(30*time.Second),
			restate.WithIngressPrivate(true),
			restate.WithInvocationRetryPolicy(restate.WithMaxRetryAttempts(5), restate.KillOnMaxAttempts()),
		).Handler("Echo", restate.NewServiceHandler(echo,
			restate.WithMetadata("role", "admin"),
			restate.WithAbortTimeout(90*time.Second),
		)),
		counterObject("DescribedObject"),
	))

	service, err := client.Service(testkit.Context(t), "Described")
	require.NoError(t, err)
	require.Equal(t, admin.TypeService, service.Type)
	require.Equal(t, registered.ID, service.DeploymentID)
	require.Equal(t, 1, service.Revision)
	require.False(t, service.Public)
	require.Equal(t, "what it does", service.Documentation)
	require.Equal(t, map[string]string{"team": "blue"}, service.Metadata)
	require.Equal(t, admin.Options{
		IdempotencyRetention: "1d",
		JournalRetention:     "1d",
		InactivityTimeout:    "30s",
		AbortTimeout:         "10m",
		EnableLazyState:      new(false),
		RetryPolicy: &admin.RetryPolicy{
			InitialInterval: "500ms", ExponentiationFactor: 2, MaxInterval: "1m",
			MaxAttempts: new(5), OnMaxAttempts: "Kill",
		},
	}, service.Options)
	require.Len(t, service.Handlers, 1)
	handler := service.Handlers[0]
	require.Equal(t, "Echo", handler.Name)
	require.Empty(t, handler.Type)
	require.Equal(t, "1m 30s", handler.AbortTimeout)
	require.Empty(t, handler.InactivityTimeout, "inherited")
	require.Equal(t, map[string]string{"role": "admin"}, handler.Metadata)
	require.Equal(t, "JSON string", handler.InputDescription)
	require.Contains(t, string(handler.InputSchema), `"string"`)

	services, err := client.Services(testkit.Context(t))
	require.NoError(t, err)
	kinds := map[string]admin.ServiceType{}
	handlers := map[string]admin.HandlerType{}
	for _, service := range services {
		kinds[service.Name] = service.Type
		for _, handler := range service.Handlers {
			handlers[service.Name+"/"+handler.Name] = handler.Type
		}
	}
	require.Equal(t, admin.TypeService, kinds["Described"])
	require.Equal(t, admin.TypeVirtualObject, kinds["DescribedObject"])
	require.Equal(t, admin.HandlerExclusive, handlers["DescribedObject/Add"])
	require.Equal(t, admin.HandlerShared, handlers["DescribedObject/Get"])
}

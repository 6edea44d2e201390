package admin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/testkit"
)

// callThroughIngress returns the status of a call of Echo.
func callThroughIngress(t testing.TB, service string) int {
	t.Helper()
	res, err := testkit.HTTPClient().Post(testkit.Server().IngressURL()+"/"+service+"/Echo", "application/json", strings.NewReader(`"x"`))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

func TestAServiceIsMadePrivateUntilItsNextRevision(t *testing.T) {
	t.Parallel()
	ctx := testkit.Context(t)
	client := newClient(t, admin.Config{})
	name := testkit.Unique("Modified")
	url := serve(t, echoService(name, restate.WithAbortTimeout(time.Minute)))
	register(t, client, url)
	require.Equal(t, http.StatusOK, callThroughIngress(t, name))

	modified, err := client.ModifyService(ctx, name, admin.ModifyServiceRequest{Public: new(false), AbortTimeout: new(90 * time.Second)})
	require.NoError(t, err)
	require.False(t, modified.Public)
	require.Equal(t, "1m 30s", modified.AbortTimeout)
	testkit.Until(t, func() bool { return callThroughIngress(t, name) == http.StatusBadRequest }, "a private service")

	_, err = client.RegisterDeployment(ctx, admin.RegisterDeploymentRequest{URI: url})
	require.NoError(t, err)
	kept, err := client.Service(ctx, name)
	require.NoError(t, err)
	require.Equal(t, modified, kept, "there is no new revision")

	register(t, client, url)
	reverted, err := client.Service(ctx, name)
	require.NoError(t, err)
	require.Equal(t, 2, reverted.Revision)
	require.True(t, reverted.Public)
	require.Equal(t, "1m", reverted.AbortTimeout)
	testkit.Until(t, func() bool { return callThroughIngress(t, name) == http.StatusOK }, "a public service")
}

func TestEachSettingOfAServiceIsModifiedAlone(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	name := testkit.Unique("Modified")
	register(t, client, serve(t, restate.NewWorkflow(name).Handler("Run", restate.NewWorkflowHandler(
		func(_ restate.WorkflowContext, in string) (string, error) { return in, nil }))))
	for field, test := range map[string]struct {
		request admin.ModifyServiceRequest
		change  func(s *admin.Service)
	}{
		"Public":                      {admin.ModifyServiceRequest{Public: new(false)}, func(s *admin.Service) { s.Public, s.Handlers[0].Public = false, false }},
		"IdempotencyRetention":        {admin.ModifyServiceRequest{IdempotencyRetention: new(36 * time.Hour)}, func(s *admin.Service) { s.IdempotencyRetention = "1d 12h" }},
		"JournalRetention":            {admin.ModifyServiceRequest{JournalRetention: new(time.Duration(0))}, func(s *admin.Service) { s.JournalRetention = "0s" }},
		"WorkflowCompletionRetention": {admin.ModifyServiceRequest{WorkflowCompletionRetention: new(48 * time.Hour)}, func(s *admin.Service) { s.WorkflowCompletionRetention = "2d" }},
		"InactivityTimeout":           {admin.ModifyServiceRequest{InactivityTimeout: new(1500 * time.Millisecond)}, func(s *admin.Service) { s.InactivityTimeout = "1s 500ms" }},
		"AbortTimeout":                {admin.ModifyServiceRequest{AbortTimeout: new(250 * time.Microsecond)}, func(s *admin.Service) { s.AbortTimeout = "250µs" }},
		"nothing":                     {admin.ModifyServiceRequest{}, func(*admin.Service) {}},
	} {
		t.Run(field, func(t *testing.T) {
			want, err := client.Service(testkit.Context(t), name)
			require.NoError(t, err)
			test.change(&want)
			got, err := client.ModifyService(testkit.Context(t), name, test.request)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestASettingThatAServiceCannotHaveIsRejected(t *testing.T) {
	t.Parallel()
	client := newClient(t, admin.Config{})
	name := testkit.Unique("Modified")
	register(t, client, serve(t, echoService(name)))
	for what, test := range map[string]struct {
		service string
		request admin.ModifyServiceRequest
		status  int
	}{
		"a retention of workflows": {name, admin.ModifyServiceRequest{WorkflowCompletionRetention: new(time.Hour)}, http.StatusBadRequest},
		"a negative duration":      {name, admin.ModifyServiceRequest{AbortTimeout: new(-time.Second)}, http.StatusUnprocessableEntity},
		"an unknown service":       {"nobody-there", admin.ModifyServiceRequest{Public: new(true)}, http.StatusNotFound},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := client.ModifyService(testkit.Context(t), test.service, test.request)
			requireError(t, err, test.status, "")
		})
	}
}

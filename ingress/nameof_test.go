package ingress_test

import (
	"testing"

	restate "github.com/restatedev/sdk-go"
	sdkingress "github.com/restatedev/sdk-go/ingress"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// Renamed is served under a name that is not its own.
type Renamed struct{}

func (*Renamed) Greet(_ restate.Context, name string) (string, error) { return "renamed " + name, nil }

func TestTheNamesOfTypesServeTheSDKsOwnClient(t *testing.T) {
	t.Parallel()
	desc, err := handler.Spec{Type: typeOf[*Renamed](), Name: "other-name"}.Describe()
	require.NoError(t, err)
	registry, err := handler.NewRegistry(desc)
	require.NoError(t, err)
	stop, err := serveAll(testkit.Server(), endpoint.Definition(desc, new(Renamed)))
	require.NoError(t, err)
	t.Cleanup(stop)
	registered, err := ingress.New(ingress.Config{URL: testkit.Server().IngressURL()}, registry)
	require.NoError(t, err)
	t.Cleanup(registered.CloseIdleConnections)

	ctx, client := testkit.Context(t), newClient(t, ingress.Config{})
	service, err := ingress.ServiceNameOf[*Renamed](registered)
	require.NoError(t, err)
	text, err := sdkingress.Service[string, string](registered.Raw(), service, "Greet").Request(ctx, "Ada")
	require.NoError(t, err)
	require.Equal(t, "renamed Ada", text)

	object, err := ingress.ObjectNameOf[*Cart](client)
	require.NoError(t, err)
	key, err := sdkingress.Object[restate.Void, string](client.Raw(), object, "named", "Key").Request(ctx, restate.Void{})
	require.NoError(t, err)
	require.Equal(t, "named", key)

	workflow, err := ingress.WorkflowNameOf[Signup](client)
	require.NoError(t, err)
	id, err := sdkingress.Workflow[restate.Void, string](client.Raw(), workflow, testkit.NameOf(t), "ID").Request(ctx, restate.Void{})
	require.NoError(t, err)
	require.Equal(t, testkit.NameOf(t), id)

	for want, of := range map[string]func() (string, error){
		"ingress: *ingress_test.Cart is a virtual object; use ingress.ObjectNameOf":                                                                                                        func() (string, error) { return ingress.ServiceNameOf[*Cart](client) },
		"ingress: *ingress_test.Greeter is a service; use ingress.ServiceNameOf":                                                                                                           func() (string, error) { return ingress.WorkflowNameOf[*Greeter](client) },
		"ingress: *ingress_test.Signup is a workflow; use ingress.WorkflowNameOf":                                                                                                          func() (string, error) { return ingress.ObjectNameOf[*Signup](client) },
		"ingress: *ingress_test.Cart is not registered in this application; register it with fxrestate.Object, or declare it with fxrestate.RemoteObject if another application serves it": func() (string, error) { return ingress.ObjectNameOf[*Cart](registered) },
		"ingress: the name of a service needs a client, which knows the names; make one with ingress.New":                                                                                  func() (string, error) { return ingress.ServiceNameOf[*Greeter](nil) },
	} {
		t.Run(want, func(t *testing.T) {
			name, err := of()
			require.EqualError(t, err, want)
			require.Empty(t, name)
		})
	}
	_, err = ingress.ServiceNameOf[Item](client)
	require.ErrorContains(t, err, "has no handlers")
}

package interop_test

import (
	"context"
	"fmt"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
)

func TestTypeScriptAndGoCallEachOther(t *testing.T) {
	n := newNode(t)
	for name, env := range map[string]map[string]string{
		"as it comes":                     {},
		"with a suspension at each await": {"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s"},
	} {
		t.Run(name, func(t *testing.T) {
			server := startServer(t, env)
			startTypeScript(t, n, server)
			client := startGo(t, server)
			t.Run("a TypeScript client calls services in Go", func(t *testing.T) { testClientInTypeScript(t, n, server) })
			t.Run("a handler in Go calls services in TypeScript", func(t *testing.T) { testHandlerInGo(t, client) })
			t.Run("the ingress client in Go calls services in TypeScript", func(t *testing.T) { testIngressInGo(t, client) })
		})
	}
}

func startServer(t *testing.T, env map[string]string) *devserver.Server {
	t.Helper()
	env["RESTATE_LOG_FILTER"] = "warn"
	env["RESTATE_DEFAULT_NUM_PARTITIONS"] = "4"
	server, err := devserver.Start(t.Context(), devserver.Config{Env: env})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	return server
}

// startTypeScript serves services.mjs and registers it.
func startTypeScript(t *testing.T, n node, server *devserver.Server) {
	t.Helper()
	port := n.serve(t, "services.mjs")
	api, err := admin.New(admin.Config{URL: server.AdminURL()})
	require.NoError(t, err)
	t.Cleanup(api.CloseIdleConnections)
	registered, err := api.RegisterDeployment(t.Context(), admin.RegisterDeploymentRequest{
		URI: fmt.Sprintf("http://%s:%d", server.EndpointHost(), port),
	})
	require.NoError(t, err)
	require.Len(t, registered.Services, 3)
}

// startGo runs the application with the services in Go, and with the contracts
// of those in TypeScript.
func startGo(t *testing.T, server *devserver.Server) *ingress.Client {
	t.Helper()
	lowerCamel := fxrestate.Naming(handler.LowerCamel)
	var client *ingress.Client
	var served *endpoint.Endpoint
	app := fxtest.New(t,
		fxrestate.Module,
		fx.StartTimeout(patience), fx.StopTimeout(patience),
		fx.Supply(zap.NewNop(), fxrestate.Config{
			Ingress:  ingress.Config{URL: server.IngressURL()},
			Admin:    admin.Config{URL: server.AdminURL()},
			Endpoint: endpoint.Config{Addr: "127.0.0.1:0"},
			Register: &deployment.Config{URL: "http://" + server.EndpointHost() + ":{{port}}", Required: true},
		}),
		fxrestate.Service[*Payments](func() *Payments { return &Payments{} }, fxrestate.Name("payments"), lowerCamel),
		fxrestate.Object[*Basket](func() *Basket { return &Basket{} }, fxrestate.Name("basket"), lowerCamel),
		fxrestate.Workflow[*Delivery](func() *Delivery { return &Delivery{} }, fxrestate.Name("delivery"), lowerCamel),
		fxrestate.Service[*Caller](NewCaller, fxrestate.Name("caller"), lowerCamel),
		fxrestate.RemoteService[*Rates](fxrestate.Name("rates"), lowerCamel),
		fxrestate.RemoteObject[*Ledger](fxrestate.Name("ledger"), lowerCamel),
		fxrestate.RemoteWorkflow[*Signup](fxrestate.Name("signup"), lowerCamel),
		fx.Populate(&client, &served),
	)
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	require.ElementsMatch(t, []string{"payments", "basket", "delivery", "caller"}, served.Services(), "contracts are not served")
	return client
}

func testClientInTypeScript(t *testing.T, n node, server *devserver.Server) {
	got := n.run(t, "client.mjs", server.IngressURL(), "ts/1 ä")
	require.JSONEq(t, `{
		"charge": {"id": "r-250", "cents": 250},
		"ping": "pong",
		"declined": {"status": 402, "code": 402, "message": "card declined", "metadata": {"from": "go"}},
		"malformed": 400,
		"first": 1,
		"sent": ["Accepted", "PreviouslyAccepted"],
		"sameInvocation": true,
		"sentResult": 2,
		"items": [{"sku": "pen", "count": 2}, {"sku": "ink", "count": 3}],
		"cleared": [],
		"delivered": "parcel for Ada"
	}`, string(got))
}

func testHandlerInGo(t *testing.T, client *ingress.Client) {
	found, err := ingress.Call(t.Context(), ingress.NewService[*Caller](client), (*Caller).CallAll, "go/1 ä")
	require.NoError(t, err)
	require.NotEmpty(t, found.SentInvocationID)
	found.SentInvocationID = ""
	require.Equal(t, Found{
		Converted: []int{110, 275}, Pong: "pong",
		Added: 5, Sent: 15, Later: 115, Total: 115,
		Workflow: "Ada says yes",
		Detour:   Receipt{ID: "r-7", Cents: 7},
		Refusal:  "no tea", Code: 418, Metadata: map[string]string{"from": "js"},
	}, found)
}

func testIngressInGo(t *testing.T, client *ingress.Client) {
	rates, ledger := ingress.NewService[*Rates](client), ingress.NewObject[*Ledger](client).Key("ingress/1 ä")
	converted, err := ingress.Call(t.Context(), rates, (*Rates).ConvertAll, Amounts{Cents: []int{200}, Rate: 0.5})
	require.NoError(t, err)
	require.Equal(t, []int{100}, converted.Cents)

	pong, err := ingress.Call0(t.Context(), rates, (*Rates).Ping)
	require.NoError(t, err)
	require.Equal(t, "pong", pong)

	total, err := ingress.Call(t.Context(), ledger, (*Ledger).AddEntry, 3)
	require.NoError(t, err)
	require.Equal(t, 3, total)

	once := restate.WithIdempotencyKey("entry-1")
	for range 2 {
		sent, err := ingress.Send(t.Context(), ledger, (*Ledger).AddEntry, 4, once)
		require.NoError(t, err)
		total, err = sent.Attach(t.Context())
		require.NoError(t, err)
		require.Equal(t, 7, total)
	}
	require.NoError(t, ingress.Call0Void(t.Context(), ledger, (*Ledger).ClearAll))
	total, err = ingress.Call0(t.Context(), ledger, (*Ledger).ReadTotal)
	require.NoError(t, err)
	require.Zero(t, total)

	err = ingress.CallVoid(t.Context(), rates, (*Rates).Refuse, "no tea")
	refusal := restate.AsTerminalError(err)
	require.NotNil(t, refusal, "%v", err)
	require.Equal(t, restate.Code(418), refusal.Code())
	require.Equal(t, map[string]string{"from": "js"}, refusal.Metadata().ToMap())
	require.EqualError(t, refusal, "no tea")
	var typed *ingress.Error
	require.ErrorAs(t, err, &typed)
	require.Equal(t, "rates/refuse", typed.Target)
}

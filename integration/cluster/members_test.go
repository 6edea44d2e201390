package cluster_test

import (
	"context"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// through calls an account by the ingress of a node, until it answers: a partition may
// move meanwhile.
func through(t *testing.T, node *devserver.Node, key string) (balance int) {
	t.Helper()
	client, err := ingress.New(ingress.Config{URL: node.IngressURL()}, nil)
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	account := ingress.NewObject[*Account](client).Key("shared")
	testkit.Eventually(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		balance, err = ingress.Call(ctx, account, (*Account).Pay, 1, restate.WithIdempotencyKey(key))
		return err
	})
	return balance
}

func TestAnApplicationIsRegisteredAtOneNodeAndCalledThroughEachOther(t *testing.T) {
	t.Parallel()
	server := testkit.ServerConfig()
	nodes, err := devserver.StartCluster(testkit.Context(t), devserver.ClusterConfig{Server: server})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, nodes.Stop(context.Background())) })

	first := nodes.Node(0)
	testkit.StartWith(t, fxrestate.Config{
		Ingress:  ingress.Config{URL: first.IngressURL()},
		Admin:    admin.Config{URL: first.AdminURL()},
		Endpoint: endpoint.Config{Addr: "127.0.0.1:0"},
		Register: &deployment.Config{URL: "http://" + first.EndpointHost() + ":{{port}}", Required: true},
	}, fxrestate.Object[*Account](func() *Account { return &Account{} }))

	require.Equal(t, 1, through(t, nodes.Node(2), "one"))
	require.Equal(t, 2, through(t, nodes.Node(1), "two"))
	require.NoError(t, first.Kill())
	require.Equal(t, 3, through(t, nodes.Node(2), "three"), "the node that it was registered at is not needed")
	require.Equal(t, 3, through(t, nodes.Node(1), "three"), "the same call by another node is the same call")
}

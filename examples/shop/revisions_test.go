package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/examples/shop/carts"
	"github.com/fxrestate/go/examples/shop/database"
	"github.com/fxrestate/go/examples/shop/orders"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
)

// deploy makes a shop whose orders have other metadata, in place of the one that ran.
func (w *world) deploy(client **ingress.Client, metadata ...restate.ServiceDefinitionOption) *fx.App {
	w.t.Helper()
	deployed, err := w.Admin().Deployments(w.t.Context())
	require.NoError(w.t, err)
	require.Len(w.t, deployed, 1)
	at, err := url.Parse(deployed[0].URI)
	require.NoError(w.t, err)
	return fx.New(
		features,
		fxrestate.Workflow[*orders.Order](orders.NewOrder, append(metadata, fxrestate.Name(orders.Name))...),
		fx.Supply(database.Source(""), Addr(""), fxrestate.Config{
			Ingress:  ingress.Config{URL: w.IngressURL()},
			Admin:    admin.Config{URL: w.AdminURL()},
			Endpoint: endpoint.Config{Addr: at.Host},
			Register: &deployment.Config{URL: deployed[0].URI, Required: true},
		}),
		fx.Provide(func() slog.Handler { return slog.DiscardHandler }),
		fx.Replace(w.bank),
		fx.Populate(client),
	)
}

func TestOrdersOfAnotherRevisionAreUndone(t *testing.T) {
	t.Parallel()
	w := start(t)
	order := w.place("1", "ada", "cup")
	w.becomes(`{"step":"charged","amount":750}`, "/orders/1")
	w.KillApp()

	var client *ingress.Client
	next := w.deploy(&client, restate.WithMetadata("revision", "3"))
	require.NoError(t, next.Start(t.Context()))
	_, err := ingress.HandleOf[orders.Status](client, order.header.Get("X-Restate-Id")).Attach(t.Context())
	require.Equal(t, restate.Code(http.StatusConflict), handler.CodeOf(err), err)
	total, err := ingress.Call0(t.Context(), ingress.NewObject[*carts.Cart](client).Key("ada"), (*carts.Cart).GetTotal)
	require.NoError(t, err)
	require.Equal(t, 750, total, "it is in the cart again")
	require.Equal(t, map[string]int{"1": 0}, w.bank.Taken())
	require.NoError(t, next.Stop(context.Background()))

	err = w.deploy(&client).Start(t.Context())
	require.ErrorContains(t, err, "order has no revision any more")
}

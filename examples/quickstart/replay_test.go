package main

import (
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

var record = flag.Bool("record", false, "record the journals in testdata anew")

// An order that is on its way when a new version of the shop is deployed must go on with it.
// This fails if it could not.
func TestOrdersOnTheirWayGoOnWithThisVersion(t *testing.T) {
	t.Parallel()
	const journal = "testdata/order.journal.json"
	if *record {
		recordOrder(t, journal)
	}
	restatetest.Replay(t, journal, services, fx.Supply(flags{packing: time.Millisecond}))
}

func recordOrder(t *testing.T, journal string) {
	t.Helper()
	env := restatetest.Start(t, services, fx.Supply(flags{packing: time.Millisecond}))
	fill(t, env, "ada@example.org", 90)
	order, err := ingress.Send(t.Context(), ingress.NewWorkflow[*Order](env.Ingress()).ID("1"), (*Order).Run, PlaceOrder{Customer: "ada@example.org"})
	require.NoError(t, err)
	_, err = order.Attach(t.Context())
	require.NoError(t, err)
	env.InvocationOf(order).Record(journal, "customer")
}

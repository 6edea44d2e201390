package fxrestate_test

import (
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// tariff is served under two names.
type tariff struct {
	percent int
}

func (t *tariff) Quote(_ restate.Context, net int) (int, error) { return net + net*t.percent/100, nil }

func (*tariff) ServiceName() string { return "tariff" }

type (
	tariffEU struct{ *tariff }
	tariffUS struct{ *tariff }
)

// asker calls both of them.
type asker struct {
	eu rpc.Service[tariffEU]
	us rpc.Service[tariffUS]
}

func (a *asker) Ask(ctx restate.Context, net int) ([]int, error) {
	eu, err := rpc.Call(ctx, a.eu, tariffEU.Quote, net)
	if err != nil {
		return nil, err
	}
	us, err := rpc.Call(ctx, a.us, tariffUS.Quote, net)
	return []int{eu, us}, err
}

func TestAStructIsServedUnderTwoNamesByTypesThatEmbedIt(t *testing.T) {
	t.Parallel()
	eu, us, ask := testkit.Unique("tariff"), testkit.Unique("tariff"), testkit.Unique("asker")
	var client *ingress.Client
	testkit.Start(t,
		fxrestate.Service[tariffEU](func() tariffEU { return tariffEU{&tariff{percent: 20}} }, fxrestate.Name(eu)),
		fxrestate.Service[tariffUS](func() tariffUS { return tariffUS{&tariff{percent: 5}} }, fxrestate.Name(us), restate.WithIngressPrivate(true)),
		fxrestate.Service[*asker](func(e rpc.Service[tariffEU], u rpc.Service[tariffUS]) *asker { return &asker{e, u} }, fxrestate.Name(ask)),
		fx.Populate(&client))
	got, err := ingress.Call(t.Context(), ingress.NewService[*asker](client), (*asker).Ask, 100)
	require.NoError(t, err)
	require.Equal(t, []int{120, 105}, got)
}

// quoting calls what a definition serves.
type quoting struct{ rates rpc.Service[*remoteRates] }

func (q *quoting) Do(ctx restate.Context, net int) (int, error) {
	return rpc.Call(ctx, q.rates, (*remoteRates).QuoteAll, net)
}

func TestADefinitionHasClientsByAContract(t *testing.T) {
	t.Parallel()
	name, caller := testkit.Unique("rates"), testkit.Unique("quoting")
	var client *ingress.Client
	testkit.Start(t,
		fxrestate.Definition(restate.NewService(name).Handler("QuoteAll", restate.NewServiceHandler(
			func(_ restate.Context, net int) (int, error) { return net + 1, nil }))),
		fxrestate.RemoteService[*remoteRates](fxrestate.Name(name)),
		fxrestate.Service[*quoting](func(r rpc.Service[*remoteRates]) *quoting { return &quoting{r} }, fxrestate.Name(caller)),
		fx.Populate(&client))
	got, err := ingress.Call(t.Context(), ingress.NewService[*quoting](client), (*quoting).Do, 1)
	require.NoError(t, err)
	require.Equal(t, 2, got)
	got, err = ingress.Call(t.Context(), ingress.NewService[*remoteRates](client), (*remoteRates).QuoteAll, 2)
	require.NoError(t, err)
	require.Equal(t, 3, got)
}

func TestAServiceDependsOnConfiguration(t *testing.T) {
	t.Parallel()
	for name, served := range map[string]bool{"served": true, "not served": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			payments := fxrestate.RemoteService[*ledger]()
			if served {
				payments = fxrestate.Service[*ledger](newLedger)
			}
			var e *endpoint.Endpoint
			var client rpc.Service[*ledger]
			app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger, payments, fx.Populate(&e, &client))
			require.NoError(t, app.Err())
			require.Equal(t, served, len(e.Services()) == 1)
		})
	}
}

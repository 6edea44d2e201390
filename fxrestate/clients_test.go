package fxrestate_test

import (
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/rpc"
)

// ledger has what fxrestate gen writes.
type ledger struct{}

func (*ledger) Book(restate.Context, int) error { return nil }

func (*ledger) RestateClients(*ledger) []any { return []any{newLedgerClient, newLedgerIngress} }

type ledgerClient interface{ inside() }

type ledgerIngress interface{ outside() }

func newLedgerClient(c rpc.Service[*ledger]) ledgerClient { return ledgerCalls{c: c} }

func newLedgerIngress(c *ingress.Client) ledgerIngress { return ledgerCalls{i: c} }

type ledgerCalls struct {
	c rpc.Service[*ledger]
	i *ingress.Client
}

func (ledgerCalls) inside() {}

func (ledgerCalls) outside() {}

func newLedger() *ledger { return &ledger{} }

// bigLedger has the methods of ledger and no clients of its own.
type bigLedger struct{ ledger }

func TestARegistrationProvidesTheGeneratedClients(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]fx.Option{
		"of a service":                     fxrestate.Service[*ledger](newLedger),
		"of a contract":                    fxrestate.RemoteService[*ledger](fxrestate.Name("ledger")),
		"in a module":                      fx.Module("bank", fxrestate.Service[*ledger](newLedger)),
		"in a group":                       fxrestate.Group(fxrestate.Service[*ledger](newLedger)),
		"beside one of a struct around it": fx.Options(fxrestate.Service[*ledger](newLedger), fxrestate.Service[*bigLedger](func() *bigLedger { return &bigLedger{} })),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var (
				inside  ledgerClient
				outside ledgerIngress
			)
			app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger, option,
				fx.Populate(&inside, &outside))
			require.NoError(t, app.Err())
			require.NotNil(t, inside)
			require.NotNil(t, outside)
		})
	}
}

func TestAServiceTakesTheGeneratedClientOfAnotherAndOfItself(t *testing.T) {
	t.Parallel()
	app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger,
		fxrestate.Service[*ledger](func(ledgerClient) *ledger { return &ledger{} }),
		fxrestate.Service[membered](func(ledgerClient) membered { return membered{} }))
	require.NoError(t, app.Err())
}

func TestAGeneratedClientThatIsProvidedTwiceIsAnErrorThatNamesItsConstructor(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]fx.Option{
		"before": {fx.Provide(newLedgerClient), fxrestate.Service[*ledger](newLedger)},
		"after":  {fxrestate.Service[*ledger](newLedger), fx.Provide(newLedgerClient)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(append(options, fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger)...)
			require.ErrorContains(t, app.Err(), `already provided by "github.com/fxrestate/go/fxrestate_test".newLedgerClient (`)
		})
	}
}

func TestATestReplacesAGeneratedClient(t *testing.T) {
	t.Parallel()
	type fake struct{ ledgerClient }
	var got ledgerClient
	app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger,
		fxrestate.Service[*ledger](newLedger),
		fx.Decorate(func() ledgerClient { return fake{} }), fx.Populate(&got))
	require.NoError(t, app.Err())
	require.IsType(t, fake{}, got)
}

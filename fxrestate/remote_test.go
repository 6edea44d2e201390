package fxrestate_test

import (
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/rpc"
)

// The contracts of services in other applications.
type (
	remoteRates  struct{}
	remoteTill   struct{}
	remoteSignup struct{}
)

func (*remoteRates) QuoteAll(restate.Context, int) (int, error) { panic("remote") }

func (*remoteTill) Put(restate.ObjectContext, int) (int, error) { panic("remote") }

func (*remoteTill) Peek(restate.ObjectSharedContext) (int, error) { panic("remote") }

func (*remoteSignup) Run(restate.WorkflowContext) error { panic("remote") }

func TestRemoteContractIsKnownByItsOptionsAndNotServed(t *testing.T) {
	t.Parallel()
	var registry *handler.Registry
	var served *endpoint.Endpoint
	fxtest.New(t,
		fxrestate.Module, fx.Supply(zap.NewNop()),
		fx.Supply(fxrestate.Config{Defaults: []restate.ServiceDefinitionOption{restate.WithProtoJSON}}),
		fxrestate.RemoteService[*remoteRates](fxrestate.Name("rates"), fxrestate.Naming(handler.LowerCamel)),
		fxrestate.RemoteObject[*remoteTill](fxrestate.Name("till"),
			fxrestate.Handler((*remoteTill).Peek, fxrestate.HandlerName("look"))),
		fxrestate.RemoteWorkflow[*remoteSignup](fxrestate.Naming(handler.LowerCamel)),
		fx.Invoke(func(rpc.Service[*remoteRates], rpc.Object[*remoteTill], rpc.Workflow[*remoteSignup]) {
		}),
		fx.Populate(&registry, &served),
	)
	require.Empty(t, served.Services())
	for want, method := range map[string]any{
		"rates/quoteAll":   (*remoteRates).QuoteAll,
		"till/Put":         (*remoteTill).Put,
		"till/look":        (*remoteTill).Peek,
		"remoteSignup/run": (*remoteSignup).Run,
	} {
		t.Run(want, func(t *testing.T) {
			ref, err := registry.Resolve(method)
			require.NoError(t, err)
			require.Equal(t, want, ref.Target().String())
			require.IsType(t, encoding.JSONCodec, ref.Method.InputCodec, want)
		})
	}
}

func TestMistakesInRemoteContractsAreErrorsOfNew(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option fx.Option
		wants  []string
	}{
		"a contract of another kind": {
			fxrestate.RemoteObject[*remoteRates](),
			[]string{"remoteRates).QuoteAll", "take a restate.ObjectContext"},
		},
		"a guard, which nobody would ask": {
			fxrestate.RemoteService[*remoteRates](fxrestate.Guards(&gate{})),
			[]string{"*fxrestate_test.remoteRates (remote_test.go:", "attach it where the service is served"},
		},
		"a guard of a handler": {
			fxrestate.RemoteService[*remoteRates](fxrestate.Handler((*remoteRates).QuoteAll, fxrestate.Guards(&gate{}))),
			[]string{"attach it where the service is served"},
		},
		"a contract declared twice": {
			fx.Options(fxrestate.RemoteService[*remoteRates](), fxrestate.RemoteService[*remoteRates]()),
			[]string{"already provided", "rpc.Service[*github.com/fxrestate/go/fxrestate_test.remoteRates]"},
		},
		"a contract of what is served here": {
			fx.Options(fxrestate.Service[membered](newMembered), fxrestate.RemoteService[membered]()),
			[]string{"already provided"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger, test.option)
			require.Error(t, app.Err())
			for _, want := range test.wants {
				require.ErrorContains(t, app.Err(), want)
			}
		})
	}
}

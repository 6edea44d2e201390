package ingress_test

import (
	"encoding/json"
	"testing"

	sdk "github.com/restatedev/sdk-go"
	sdkingress "github.com/restatedev/sdk-go/ingress"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// NamedOrders is registered under another name than its own, and NamedRemote is
// declared as that of another application.
type (
	NamedOrders struct{}
	NamedRemote struct{}
	NamedOther  struct{}

	NamedOrder struct {
		CustomerID string   `json:"customerId"`
		Articles   []string `json:"articles"`
	}
)

func (*NamedOrders) Place(_ sdk.Context, in NamedOrder) (int, error) { return len(in.Articles), nil }
func (*NamedRemote) Place(sdk.Context, NamedOrder) (int, error)      { panic("remote") }
func (*NamedOther) Place(sdk.Context, NamedOrder) (int, error)       { panic("not registered") }

func TestTheNameAndTheSchemaOfARegisteredTypeAreThoseOnTheServer(t *testing.T) {
	t.Parallel()
	var client *ingress.Client
	service := testkit.Unique("orders")
	testkit.Start(t,
		fxrestate.Service[*NamedOrders](testkit.Made(new(NamedOrders)), fxrestate.Name(service)),
		fxrestate.RemoteService[*NamedRemote](fxrestate.Name(service), fxrestate.Naming(handler.LowerCamel)),
		fx.Populate(&client),
	)

	name, err := ingress.ServiceNameOf[*NamedOrders](client)
	require.NoError(t, err)
	articles, err := sdkingress.Service[NamedOrder, int](client.Raw(), name, "Place").
		Request(t.Context(), NamedOrder{"ada", []string{"tea", "milk"}})
	require.NoError(t, err)
	require.Equal(t, 2, articles)

	remote, err := ingress.ServiceNameOf[*NamedRemote](client)
	require.NoError(t, err)
	require.Equal(t, service, remote)
	_, err = ingress.ServiceNameOf[*NamedOther](client)
	require.ErrorContains(t, err, "*ingress_test.NamedOther is not registered in this application; register it with fxrestate.Service")

	document, err := testkit.Admin().OpenAPI(t.Context(), name)
	require.NoError(t, err)
	var parsed struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any
			}
		}
	}
	require.NoError(t, json.Unmarshal(document, &parsed))
	require.Contains(t, parsed.Components.Schemas["PlaceRequest"].Properties, "customerId", "%s", document)
	require.Contains(t, parsed.Components.Schemas["PlaceRequest"].Properties, "articles")
}

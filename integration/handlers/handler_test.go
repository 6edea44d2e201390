package handlers_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/integration/internal/sample"
	"github.com/fxrestate/go/internal/testkit"
)

// Shapes has a handler of each signature.
type Shapes struct{ called atomic.Int32 }

type Pair struct {
	A int    `json:"a"`
	B string `json:"b"`
}

func (s *Shapes) InOutErr(_ restate.Context, in Pair) (Pair, error) { return s.swap(in), nil }
func (s *Shapes) InOut(_ restate.Context, in Pair) Pair             { return s.swap(in) }
func (s *Shapes) InErr(_ restate.Context, in Pair) error            { return s.refuse(in.B) }
func (s *Shapes) In(_ restate.Context, _ Pair)                      { s.called.Add(1) }
func (s *Shapes) OutErr(restate.Context) (Pair, error)              { return s.swap(Pair{1, "one"}), nil }

func (s *Shapes) Out(restate.Context) Pair  { return s.swap(Pair{1, "one"}) }
func (s *Shapes) Err(restate.Context) error { return s.refuse("no") }
func (s *Shapes) Nothing(restate.Context)   { s.called.Add(1) }

// VoidIO takes and returns nothing, in the SDK's words.
func (s *Shapes) VoidIO(restate.Context, restate.Void) (restate.Void, error) {
	s.called.Add(1)
	return restate.Void{}, nil
}

// Help is no handler: it takes no Restate context.
func (s *Shapes) Help() string { return "" }

func (s *Shapes) swap(in Pair) Pair {
	s.called.Add(1)
	return Pair{in.A + 1, in.B + "!"}
}

func (s *Shapes) refuse(why string) error {
	s.called.Add(1)
	if why == "" {
		return nil
	}
	return restate.ToTerminalError(errors.New(why), restate.WithErrorCode(http.StatusTeapot))
}

func TestHandlersOfEveryShapeAnswer(t *testing.T) {
	t.Parallel()
	s, name := &Shapes{}, testkit.Unique("shapes")
	testkit.Start(t, fxrestate.Service[*Shapes](testkit.Made(s), fxrestate.Name(name)))
	require.Len(t, testkit.ServiceOf(t, name).Handlers, 9)

	in := Pair{41, "x"}
	for handler, test := range map[string]struct {
		in     any
		status int
		body   string
	}{
		"InOutErr": {in, http.StatusOK, `{"a":42,"b":"x!"}`},
		"InOut":    {in, http.StatusOK, `{"a":42,"b":"x!"}`},
		"InErr":    {in, http.StatusTeapot, ""},
		"In":       {in, http.StatusOK, ""},
		"OutErr":   {nil, http.StatusOK, `{"a":2,"b":"one!"}`},
		"Out":      {nil, http.StatusOK, `{"a":2,"b":"one!"}`},
		"Err":      {nil, http.StatusTeapot, ""},
		"Nothing":  {nil, http.StatusOK, ""},
		"VoidIO":   {nil, http.StatusOK, ""},
	} {
		t.Run(handler, func(t *testing.T) {
			before := s.called.Load()
			got := testkit.Post(t, testkit.Path(name, handler), test.in)
			require.Equal(t, test.status, got.Status, "%s: %s", handler, got.Body)
			if test.status == http.StatusOK {
				require.Equal(t, test.body, string(got.Body), handler)
			}
			require.Greater(t, s.called.Load(), before, handler)
		})
	}
	require.Equal(t, http.StatusNotFound, testkit.Post(t, testkit.Path(name, "Help"), nil).Status)
	require.Equal(t, http.StatusNotFound, testkit.Post(t, testkit.Path(name, "swap"), in).Status)
}

// Tariff is registered as a value, has a pointer-free method set, and gets one of
// its handlers from an embedded struct.
type Tariff struct {
	Zone
	cents int
}

func (t Tariff) Price(_ restate.Context, km int) (int, error) { return t.cents * km, nil }

// Zone is a part of Tariff.
type Zone struct{ name string }

func (z Zone) Where(restate.Context) (string, error) { return z.name, nil }

func TestValueReceiversAndPromotedMethodsAreHandlers(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("tariff")
	testkit.Start(t, fxrestate.Service[Tariff](func() Tariff { return Tariff{Zone{"north"}, 7} }, fxrestate.Name(name)))
	require.Equal(t, 21, testkit.Decode[int](t, testkit.Post(t, testkit.Path(name, "Price"), 3)))
	require.Equal(t, "north", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Where"), nil)))
}

// Tour is a workflow.
type Tour struct{}

func (Tour) Run(restate.WorkflowContext) error          { return nil }
func (Tour) Where(restate.WorkflowSharedContext) string { return "" }

func TestKindsAreThoseOfTheRegistration(t *testing.T) {
	t.Parallel()
	shapes, depot, tour := testkit.Unique("shapes"), testkit.Unique("depot"), testkit.Unique("tour")
	testkit.Start(t,
		fxrestate.Service[*Shapes](testkit.Made(&Shapes{}), fxrestate.Name(shapes)),
		fxrestate.Object[sample.Depot](testkit.Made(sample.Depot{}), fxrestate.Name(depot)),
		fxrestate.Workflow[Tour](testkit.Made(Tour{}), fxrestate.Name(tour)),
	)
	require.Equal(t, admin.TypeService, testkit.ServiceOf(t, shapes).Type)
	require.Equal(t, admin.TypeVirtualObject, testkit.ServiceOf(t, depot).Type)
	require.Equal(t, admin.TypeWorkflow, testkit.ServiceOf(t, tour).Type)
	require.Empty(t, testkit.HandlerOf(t, shapes, "Nothing").Type)
	require.Equal(t, admin.HandlerExclusive, testkit.HandlerOf(t, depot, "Store").Type)
	require.Equal(t, admin.HandlerShared, testkit.HandlerOf(t, depot, "Look").Type)
	require.Equal(t, admin.HandlerWorkflow, testkit.HandlerOf(t, tour, "Run").Type)
	require.Equal(t, admin.HandlerShared, testkit.HandlerOf(t, tour, "Where").Type)
}

// DefaultlyNamed, Selfnamed and Renamed show where names come from.
type (
	DefaultlyNamed struct{}
	Selfnamed      struct{}
)

func (DefaultlyNamed) Ping(restate.Context) string { return "default" }

func (Selfnamed) ServiceName() string                { return "by.the-type" }
func (Selfnamed) Ping(restate.Context) string        { return "self" }
func (Selfnamed) GetURLOf(restate.Context) string    { return "url" }
func (Selfnamed) Restock(restate.Context, int) error { return nil }

func TestNamesComeFromTheRegistrationElseTheMethodElseTheType(t *testing.T) {
	t.Parallel()
	testkit.Start(t,
		fxrestate.Service[DefaultlyNamed](testkit.Made(DefaultlyNamed{})),
		fxrestate.Service[Selfnamed](testkit.Made(Selfnamed{})),
	)
	require.Equal(t, "default", testkit.Decode[string](t, testkit.Post(t, "/DefaultlyNamed/Ping", nil)))
	require.Equal(t, "self", testkit.Decode[string](t, testkit.Post(t, "/by.the-type/Ping", nil)))

	name := testkit.Unique("given")
	testkit.Start(t, fxrestate.Service[Selfnamed](testkit.Made(Selfnamed{}), fxrestate.Name(name),
		fxrestate.Naming(handler.LowerCamel),
		fxrestate.Handler(Selfnamed.Ping, fxrestate.HandlerName("pong")),
		fxrestate.Exclude(Selfnamed.Restock),
	))
	require.Equal(t, "self", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "pong"), nil)))
	require.Equal(t, "url", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "getURLOf"), nil)))
	require.Len(t, testkit.ServiceOf(t, name).Handlers, 2, "Restock is excluded")
}

func TestDocumentationAndMetadataAreShown(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("depot")
	testkit.Start(t, fxrestate.Object[sample.Depot](testkit.Made(sample.Depot{}), fxrestate.Name(name),
		restate.WithDocumentation("Keeps things."),
		restate.WithMetadata("team", "logistics"),
		fxrestate.Handler(sample.Depot.Store, restate.WithDocumentation("Takes a thing."), restate.WithMetadata("writes", "yes")),
	))
	depot, store := testkit.ServiceOf(t, name), testkit.HandlerOf(t, name, "Store")
	require.Equal(t, "Keeps things.", depot.Documentation)
	require.Equal(t, map[string]string{"team": "logistics"}, depot.Metadata)
	require.Equal(t, "Takes a thing.", store.Documentation)
	require.Equal(t, map[string]string{"writes": "yes"}, store.Metadata)
}

func TestSchemasOfInputAndOutputAreShown(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("shapes")
	testkit.Start(t, fxrestate.Service[*Shapes](testkit.Made(&Shapes{}), fxrestate.Name(name)))
	h := testkit.HandlerOf(t, name, "InOutErr")
	for _, schema := range []string{string(h.InputSchema), string(h.OutputSchema)} {
		t.Run(schema, func(t *testing.T) {
			require.Contains(t, schema, `"a"`)
			require.Contains(t, schema, `"integer"`)
		})
	}
	require.Equal(t, "application/json", testkit.HandlerOf(t, name, "Nothing").InputDescription, "a client may declare JSON where it sends no body")
	require.Equal(t, "none", testkit.HandlerOf(t, name, "VoidIO").OutputDescription)
}

// Gateway is what a service needs from the rest of the graph.
type Gateway struct{ prefix string }

func NewGateway() *Gateway { return &Gateway{"receipt-"} }

type Payments struct{ gateway *Gateway }

func NewPayments(g *Gateway) *Payments { return &Payments{g} }

func (p *Payments) Charge(_ restate.Context, in string) (string, error) {
	return p.gateway.prefix + in, nil
}

// Office is no service and has one injected.
type Office struct{ payments *Payments }

func TestServicesAreConstructedAndInjectedByFx(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("payments")
	var office *Office
	testkit.Start(t,
		fx.Provide(NewGateway, func(p *Payments) *Office { return &Office{p} }),
		fxrestate.Service[*Payments](NewPayments, fxrestate.Name(name)),
		fx.Populate(&office),
	)
	require.Equal(t, "receipt-1", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Charge"), "1")))
	office.payments.gateway.prefix = "paid-" // the one instance of fx's
	require.Equal(t, "paid-1", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Charge"), "1")))
}

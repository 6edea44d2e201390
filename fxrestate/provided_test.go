package fxrestate_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/rpc"
)

func TestAMemberMayBeTheInstanceOfTheGraph(t *testing.T) {
	t.Parallel()
	n := 0
	construct := func() *gate { n++; return &gate{"shared"} }
	shared := fxrestate.Guards(fxrestate.Provided[*gate]())
	for name, options := range map[string][]fx.Option{
		"by its type":      {fx.Provide(construct), fxrestate.Use(shared), fxrestate.Service[membered](newMembered, shared)},
		"by its interface": {fx.Provide(fx.Annotate(construct, fx.As(new(pipeline.Guard)))), fxrestate.Service[membered](newMembered, fxrestate.Guards(fxrestate.Provided[pipeline.Guard](), fxrestate.Provided[pipeline.Guard]()))},
	} {
		t.Run(name, func(t *testing.T) {
			n = 0
			got := chains(t, options...)
			require.Equal(t, 1, n)
			require.Len(t, got["Do"], 2)
			require.Equal(t, "shared", got["Do"][0].Name)
			require.Equal(t, "shared", got["Do"][1].Name)
		})
	}
}

func TestAnInstanceThatIsNoMemberIsAMistake(t *testing.T) {
	t.Parallel()
	app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop(), 1), fx.NopLogger, fxrestate.Use(fxrestate.Guards(fxrestate.Provided[int]())))
	require.ErrorContains(t, app.Err(), "is neither a guard nor a constructor of one; it must return a pipeline.Guard")
}

func TestAMemberThatTheGraphHasTooIsNamedAtStart(t *testing.T) {
	t.Parallel()
	construct := func() *gate { return &gate{} }
	for name, tt := range map[string]struct {
		option fx.Option
		notes  int
	}{
		"one in both places":       {fx.Options(fx.Provide(construct), fxrestate.Use(fxrestate.Guards(construct))), 1},
		"one of the graph":         {fx.Options(fx.Provide(construct), fxrestate.Use(fxrestate.Guards(fxrestate.Provided[*gate]()))), 0},
		"one that takes the other": {fx.Options(fx.Provide(construct), fxrestate.Use(fxrestate.Guards(func(g *gate) *gate { return g }))), 0},
		"one that fails": {
			fx.Options(fx.Provide(func() (*gate, error) { return nil, errors.New("no gate") }), fxrestate.Use(fxrestate.Guards(construct))), 1,
		},
		"one that lacks a dependency": {fx.Options(fx.Provide(func(absent) *gate { return nil }), fxrestate.Use(fxrestate.Guards(construct))), 1},
		"one that starts later": {
			fx.Options(fx.Provide(func(*ingress.Client, *handler.Registry) *gate { return nil }), fxrestate.Use(fxrestate.Guards(construct))), 1,
		},
		"one in both places, of a service": {
			fx.Options(fx.Provide(construct), fxrestate.Service[*ledger](newLedger, fxrestate.Guards(construct, construct))), 2,
		},
		"one alone": {fxrestate.Use(fxrestate.Guards(construct)), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := startLocal(t, tt.option, fxrestate.Service[membered](newMembered)).FilterMessage("this may be a mistake").All()
			require.Len(t, lines, tt.notes)
			for _, line := range lines {
				require.Regexp(t, `^fxrestate: a guard \(provided_test\.go:\d+\): its constructor makes a \*fxrestate_test\.gate, and the application provides another one, `+
					`which sees nothing; to attach that one, write fxrestate\.Provided\[\*fxrestate_test\.gate\]\(\)$`, line.ContextMap()["what"])
			}
		})
	}
}

func TestAServiceMayBeTheInstanceOfTheGraph(t *testing.T) {
	t.Parallel()
	n := 0
	var (
		e       *endpoint.Endpoint
		service *ledger
		client  rpc.Service[*ledger]
		outside ledgerIngress
	)
	app := fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger,
		fx.Provide(func() *ledger { n++; return &ledger{} }),
		fxrestate.Service[*ledger](fxrestate.Provided[*ledger](), fxrestate.Name("books")),
		fx.Populate(&e, &service, &client, &outside))
	require.NoError(t, app.Err())
	require.Equal(t, 1, n)
	require.Equal(t, []string{"books"}, e.Services())

	app = fx.New(fxrestate.Module, fx.Supply(zap.NewNop()), fx.NopLogger,
		fxrestate.Service[*ledger](fxrestate.Provided[ledger]()))
	require.ErrorContains(t, app.Err(), "the constructor is Provided[fxrestate_test.ledger](); write Provided[*fxrestate_test.ledger]()")
}

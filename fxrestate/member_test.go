package fxrestate_test

import (
	"context"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/pipeline"
)

// membered is a service that members are attached to.
type membered struct{}

func (membered) Do(restate.Context) error { return nil }

func (membered) Other(restate.Context, string) (string, error) { return "", nil }

func newMembered() membered { return membered{} }

// gate is a guard of a type of its own.
type gate struct{ name string }

func (g *gate) Allow(context.Context, *pipeline.Invocation) (bool, error) { return true, nil }

func (g *gate) String() string { return g.name }

// chains builds an application and returns what runs around the handlers of
// membered, without the observer that is always there.
func chains(t *testing.T, opts ...fx.Option) map[string][]pipeline.Member {
	t.Helper()
	var e *endpoint.Endpoint
	fxtest.New(t, append(opts, fxrestate.Module, fx.Supply(zap.NewNop()), fx.Populate(&e))...)
	all := map[string][]pipeline.Member{}
	for i, c := range e.Chains() {
		require.Equal(t, pipeline.Member{Stage: "observer", Level: "global", Name: "pipeline.panicLog"}, c.Members()[0])
		all[[]string{"Do", "Other"}[i%2]] = c.Members()[1:]
	}
	return all
}

func TestConstructorsOfMembersAreConstructedByFx(t *testing.T) {
	t.Parallel()
	type parameters struct {
		fx.In

		Name   string
		Absent *gate `optional:"true"`
	}
	guard := func(name string) pipeline.Member {
		return pipeline.Member{Stage: "guard", Level: "service", Name: name}
	}
	got := chains(t,
		fx.Supply("injected"),
		fxrestate.Service[membered](newMembered, fxrestate.Guards(
			&gate{"value"},
			func(name string) *gate { return &gate{name} },
			func(name string) pipeline.Guard { return &gate{name + " as an interface"} },
			func(name string) (*gate, error) { return &gate{name + " without an error"}, nil },
			func(p parameters) *gate { return &gate{p.Name + " as a field"} },
			func(names ...int) *gate { return &gate{"optional"} },
			func() *gate { return &gate{"alone"} },
		)))
	require.Equal(t, []pipeline.Member{
		guard("value"), guard("injected"), guard("injected as an interface"), guard("injected without an error"),
		guard("injected as a field"), guard("optional"), guard("alone"),
	}, got["Do"])
	require.Equal(t, got["Do"], got["Other"])
}

func TestAnAttachmentInSeveralPlacesHasAnInstanceInEach(t *testing.T) {
	t.Parallel()
	n := 0
	shared := fxrestate.Guards(func() *gate { n++; return &gate{string(rune('a' + n - 1))} })
	got := chains(t,
		fxrestate.Use(shared),
		fxrestate.Service[membered](newMembered, shared, fxrestate.Handler(membered.Do, shared)))
	require.Equal(t, 3, n)
	require.Len(t, got["Do"], 3)
	names := map[string]bool{}
	for _, m := range got["Do"] {
		names[m.Name] = true
	}
	require.Len(t, names, 3, "%v", got["Do"])
	require.Equal(t, got["Do"][:2], got["Other"])

	again := chains(t, fxrestate.Service[membered](newMembered, shared))
	require.Len(t, again["Do"], 1)
	require.Equal(t, 4, n, "another application has its own")
}

func TestConstructorsOfMembersRunOnceForEachPlace(t *testing.T) {
	t.Parallel()
	n := 0
	construct := func() *gate { n++; return &gate{string(rune('a' + n - 1))} }
	got := chains(t,
		fxrestate.Service[membered](newMembered,
			fxrestate.Guards(construct, construct),
			fxrestate.Handler(membered.Do, fxrestate.Guards(construct))))
	require.Equal(t, 3, n)
	require.Len(t, got["Do"], 3)
	require.Len(t, got["Other"], 2)
}

package dotgraph_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/internal/dotgraph"
)

type (
	clock   struct{}
	gateway struct{}
	page    struct{}
	params  struct {
		fx.In

		Clock   clock
		Gateway *gateway `optional:"true"`
		Pages   []page   `group:"pages"`
		Other   string   `name:"other \"one\""`
	}
)

func newClock(params) (clock, error) { return clock{}, nil }

// The text is for people, and no promise of dig: this holds the version in go.mod.
func TestItReadsTheGraphThatFxDraws(t *testing.T) {
	t.Parallel()
	var drawn fx.DotGraph
	app := fx.New(fx.NopLogger, fx.Populate(&drawn),
		fx.Provide(func() int { return 1 }),
		fx.Module("inner", fx.Provide(fx.Private, newClock)),
		fx.Supply(fx.Annotate(page{}, fx.ResultTags(`group:"pages"`))),
		fx.Provide(fx.Annotate(func(map[string][]int) string { return "" }, fx.ResultTags(`name:"other \"one\""`))),
	)
	require.NoError(t, app.Err())
	g, err := dotgraph.Parse(string(drawn))
	require.NoError(t, err)

	byName := map[string]dotgraph.Constructor{}
	for _, c := range g.Constructors {
		byName[c.Name] = c
	}
	require.Equal(t, dotgraph.Constructor{
		Package:  "github.com/fxrestate/go/internal/dotgraph_test",
		Name:     "newClock",
		Takes:    []string{"dotgraph_test.clock", `string[name=other "one"]`, "[type=dotgraph_test.page group=pages]"},
		Optional: []string{"*dotgraph_test.gateway"},
		Gives:    []string{"dotgraph_test.clock"},
	}, byName["newClock"])
	require.Equal(t, map[string][]string{"[type=dotgraph_test.page group=pages]": {"dotgraph_test.page[group=pages]0"}}, g.Groups)
	var annotated dotgraph.Constructor
	for _, c := range g.Constructors {
		if len(c.Gives) > 0 && c.Gives[0] == `string[name=other "one"]` {
			annotated = c
		}
	}
	require.Equal(t, []string{"map[string][]int"}, annotated.Takes)
}

func TestItReportsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"an edge of no constructor": `constructor_3 -> "int" [ltail=cluster_3];`,
		"an edge to nothing":        "subgraph cluster_0 {\n}\nconstructor_0 -> ",
		"a name without quotes":     "subgraph cluster_0 {\nconstructor_0 [shape=plaintext label=x];",
		"an open quote":             `"int`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := dotgraph.Parse(text)
			require.ErrorContains(t, err, "dotgraph: line")
		})
	}
}

package fxrestate_test

import (
	"fmt"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/pipeline"
)

func TestAttachmentsKeepTheOrderOfTheTextWhateverThePlace(t *testing.T) {
	t.Parallel()
	got := chains(t,
		fx.Module("library",
			fxrestate.Use(fxrestate.Guards(&gate{"1"}), fxrestate.Guards(&gate{"2"})),
			fx.Module("part of it", fxrestate.Use(fxrestate.Guards(&gate{"3"}))),
		),
		fxrestate.Service[membered](newMembered,
			fxrestate.Handler(membered.Do, fxrestate.Guards(&gate{"7"}), fxrestate.Guards(&gate{"8"})),
			fxrestate.Guards(&gate{"5"}), fxrestate.Guards(&gate{"6"})),
		fxrestate.Use(fxrestate.Guards(func() *gate { return &gate{"4"} })),
	)
	var names []string
	for _, m := range got["Do"] {
		names = append(names, m.Level+" "+m.Name)
	}
	require.Equal(t, []string{"global 1", "global 2", "global 3", "global 4", "service 5", "service 6", "handler 7", "handler 8"}, names)
	require.Len(t, got["Other"], 6)
}

// early is an option whose call of Use comes before all others of the package's
// tests: it is kept in a package variable.
var early = fxrestate.Use(fxrestate.Guards(&gate{"called early"}))

// stages is an attachment, which is listed where it is wanted.
var stages = fxrestate.Guards(&gate{"in a variable"})

func TestSeveralUsesStandInTheOrderInWhichTheyAreListed(t *testing.T) {
	t.Parallel()
	use := func(name string) fx.Option { return fxrestate.Use(fxrestate.Guards(&gate{name})) }
	late := use("called in the middle")
	var loop []fx.Option
	for _, name := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		loop = append(loop, use(name))
	}
	for name, tt := range map[string]struct {
		options []fx.Option
		want    []string
	}{
		"a package variable that is listed last": {[]fx.Option{use("listed first"), early}, []string{"listed first", "called early"}},
		"an option that is listed after a later one": {
			[]fx.Option{use("called last"), late}, []string{"called last", "called in the middle"},
		},
		"an attachment of a variable": {
			[]fx.Option{fxrestate.Use(fxrestate.Guards(&gate{"before"}), stages, fxrestate.Guards(&gate{"after"}))},
			[]string{"before", "in a variable", "after"},
		},
		"options of one line of the program": {loop, []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}},
		"modules between and inside": {
			[]fx.Option{
				use("1"),
				fx.Module("a", use("2"), fx.Module("b", use("3"), fx.Options(use("4"))), use("5")),
				fx.Module("c", fx.Module("d", use("6"))),
				fx.Options(use("7"), fx.Module("e", use("8"))),
				use("9"),
			},
			[]string{"1", "2", "3", "4", "5", "6", "7", "8", "9"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var names []string
			for _, m := range chains(t, append(tt.options, fxrestate.Service[membered](newMembered))...)["Do"] {
				names = append(names, m.Name)
			}
			require.Equal(t, tt.want, names)
		})
	}
}

// Packages keep what they attach as values, and one Use gives all of it an order.
func ExampleUse() {
	// In package auth: var Stages = fxrestate.Guards(New)
	auth := fxrestate.Guards(func() pipeline.Guard { return &gate{"auth"} })
	// In package faults: var Stages = …
	faults := fxrestate.Filters(pipeline.HTTPErrors())

	var e *endpoint.Endpoint
	fx.New(
		fxrestate.Module,
		fxrestate.Use(
			fxrestate.Guards(&gate{"maintenance"}),
			auth,
			faults,
		),
		fxrestate.Service[membered](newMembered),
		fx.Supply(zap.NewNop()), fx.Populate(&e),
	)
	for _, m := range e.Chains()[0].Members()[1:] { // after the log of panics
		fmt.Println(m.Stage, m.Name)
	}
	// Output:
	// guard maintenance
	// guard auth
	// filter pipeline.HTTPErrors
}

func Example_attachments() {
	auth := func() pipeline.Guard { return &gate{"auth"} } // a constructor: fx injects what it takes
	_ = fx.Options(
		fxrestate.Module,
		fxrestate.Use(
			fxrestate.Guards(auth),
			fxrestate.Filters(pipeline.HTTPErrors()),
		),
		fxrestate.Service[membered](newMembered,
			fxrestate.Interceptors(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
				return next(ctx, inv)
			}),
			fxrestate.Handler(membered.Do, fxrestate.Metadata("a value for pipeline.MetadataOf")),
		),
	)
}

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

// first is an option whose call of Use comes before all others of the package's
// tests: it is kept in a package variable.
var first = fxrestate.Use(fxrestate.Guards(&gate{"called first"}))

// stages is an attachment, which is listed where it is wanted.
var stages = fxrestate.Guards(&gate{"in a variable"})

func TestSeveralUsesStandInTheOrderInWhichTheyWereCalled(t *testing.T) {
	t.Parallel()
	names := func(opts ...fx.Option) (names []string) {
		for _, m := range chains(t, append(opts, fxrestate.Service[membered](newMembered))...)["Do"] {
			names = append(names, m.Name)
		}
		return names
	}
	require.Equal(t, []string{"called first", "listed first"}, names(fxrestate.Use(fxrestate.Guards(&gate{"listed first"})), first))
	late := fxrestate.Use(fxrestate.Guards(&gate{"called early, listed late"}))
	require.Equal(t, []string{"called early, listed late", "called late"}, names(fxrestate.Use(fxrestate.Guards(&gate{"called late"})), late))

	require.Equal(t, []string{"before", "in a variable", "after"}, names(
		fxrestate.Use(fxrestate.Guards(&gate{"before"}), stages, fxrestate.Guards(&gate{"after"}))))
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
			fxrestate.Handler(membered.Do, fxrestate.Attach("a value for pipeline.MetadataOf")),
		),
	)
}

package fxrestate_test

import (
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

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

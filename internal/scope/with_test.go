package scope_test

import (
	"context"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/internal/sdk/sdktest"
)

func TestStepsAreWrappedHoweverTheyAreStarted(t *testing.T) {
	t.Parallel()
	fake := sdktest.New(context.Background())
	mock, owner := sdktest.Open(fake, sdktest.Service)
	ctx := restate.WithMockContext(mock)
	require.Same(t, owner, find(t, ctx).Owner())

	step := func(rc restate.RunContext) (bool, error) { return insideRun(rc), nil }
	for i, c := range []restate.Context{ctx, restate.WithValue(ctx, "k", "v")} {
		inside, err := restate.Run(c, step)
		require.NoError(t, err)
		require.True(t, inside)
		require.Equal(t, 2*i+1, owner.Closures)
		restate.RunAsync(c, step)
		require.Equal(t, []string{"true"}, fake.RunStarted())
		require.Equal(t, 2*i+2, owner.Closures)
	}
}

func TestAnAttemptAndItsOwnerAreOneAllocation(t *testing.T) {
	fake, open := sdktest.New(context.Background()), sdk.Opener[sdktest.Owner]()
	require.EqualValues(t, 1, testing.AllocsPerRun(1000, func() {
		_, owner := open(fake)
		owner.Serve(sdktest.Service)
		owner.Close()
	}))
}

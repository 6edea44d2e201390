package scope_test

import (
	"context"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/scope"
)

// counting stands around steps.
type counting struct{ closures int }

func (c *counting) WrapStep(fn func(restate.RunContext) (any, error), encode func(any) (any, error), _ ...restate.RunOption) func(restate.RunContext) (any, error) {
	return func(ctx restate.RunContext) (any, error) {
		c.closures++
		out, err := fn(ctx)
		if err != nil {
			return nil, err
		}
		return encode(out)
	}
}

func (c *counting) SDKPanicked(any) {}
func (c *counting) SDKRecovered()   {}

func TestStepsAreWrappedHoweverTheyAreStarted(t *testing.T) {
	t.Parallel()
	sdk := newSDK(context.Background())
	mock, steps := scope.Opener[counting]()(sdk, serviceTarget)
	ctx := restate.WithMockContext(mock)
	require.Same(t, steps, find(t, ctx).Steps())

	step := func(rc restate.RunContext) (bool, error) { return insideRun(rc), nil }
	for i, c := range []restate.Context{ctx, restate.WithValue(ctx, "k", "v")} {
		inside, err := restate.Run(c, step)
		require.NoError(t, err)
		require.True(t, inside)
		require.Equal(t, 2*i+1, steps.closures)
		restate.RunAsync(c, step)
		require.Equal(t, []string{"true"}, sdk.runStarted())
		require.Equal(t, 2*i+2, steps.closures)
	}
}

func TestAScopeAndWhatStandsAroundItsStepsAreOneAllocation(t *testing.T) {
	sdk, open := newSDK(context.Background()), scope.Opener[counting]()
	require.EqualValues(t, 1, testing.AllocsPerRun(1000, func() {
		ctx, _ := open(sdk, serviceTarget)
		scope.Close(ctx, nil)
	}))
}

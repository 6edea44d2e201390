package sdk_test

import (
	"context"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/sdk/sdktest"
)

func TestAllContextsOfAnAttemptHaveOneLogger(t *testing.T) {
	t.Parallel()
	own, _ := sdktest.Open(sdktest.New(context.Background()), sdktest.Exclusive)
	ctx := restate.WithMockContext(own)
	child := restate.WithValue(ctx, t, 1)
	require.Same(t, ctx.Log(), ctx.Log())
	require.Same(t, ctx.Log(), child.Log())
	other, _ := sdktest.Open(sdktest.New(context.Background()), sdktest.Exclusive)
	require.NotSame(t, ctx.Log(), restate.WithMockContext(other).Log())
}

// BenchmarkLog is a call of ctx.Log().
func BenchmarkLog(b *testing.B) {
	own, _ := sdktest.Open(sdktest.New(context.Background()), sdktest.Exclusive)
	ctx := restate.WithMockContext(own)
	b.ReportAllocs()
	for b.Loop() {
		_ = ctx.Log()
	}
}

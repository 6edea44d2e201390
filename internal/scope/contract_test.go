package scope_test

import (
	"context"
	"reflect"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
)

const onUpgrade = `The SDK's context is no longer what package scope was written against.
Decide for each method that is new whether root and derived in context.go must
override it: what takes a closure (as Run), a context (as Wrap) or writes state (as
Set) must, else scopes leak or are lost. What is gone leaves a method that nothing
calls. Then mend the lists here.`

func methods(t reflect.Type) (names []string) {
	for i := range t.NumMethod() {
		if m := t.Method(i); m.IsExported() {
			names = append(names, m.Name)
		}
	}
	return names
}

func TestContractTheMethodsOfTheSDKsContexts(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, []string{
		// a context.Context
		"Deadline", "Done", "Err", "Value",
		// overridden
		"ClearAll", "Clear", "Run", "RunAsync", "Set", "Wrap",
		// passed on
		"After", "AttachInvocation", "Awakeable", "CancelInvocation", "Get", "Key", "Keys", "Log", "Object", "Promise",
		"RandInstance", "RandSource", "RandUUID", "RejectAwakeable", "RejectSignal", "Request", "ResolveAwakeable",
		"ResolveSignal", "Service", "Signal", "Sleep", "WaitIter", "Workflow",
	}, methods(reflect.TypeFor[restate.MockableContext]()), onUpgrade)
	require.ElementsMatch(t, []string{"Deadline", "Done", "Err", "Value", "Log", "Request"},
		methods(reflect.TypeFor[restate.RunContext]()), onUpgrade)
}

// root and derived are the SDK's interface only if the type parameter is the very
// type that RunAsync returns there.
func TestContractScopesAreContextsOfTheSDK(t *testing.T) {
	t.Parallel()
	require.NotPanics(t, func() {
		ctx := open(newSDK(context.Background()), serviceTarget)
		for _, c := range []restate.Context{ctx, restate.WithValue(ctx, "k", "v")} {
			require.Implements(t, (*restate.MockableContext)(nil), c, onUpgrade)
			require.Implements(t, (*restate.WorkflowContext)(nil), c, onUpgrade)
		}
	}, onUpgrade)
}

// The SDK calls the overrides, rather than methods of what they embed.
func TestContractOverridesAreCalled(t *testing.T) {
	t.Parallel()
	sdk := newSDK(context.Background())
	ctx := open(sdk, serviceTarget)
	closures := func(rc restate.RunContext) (bool, error) { return insideRun(rc), nil }

	inside, err := restate.Run(ctx, closures)
	require.NoError(t, err)
	require.True(t, inside, onUpgrade)
	restate.RunAsync(ctx, closures)
	restate.RunAsync(restate.WithValue(ctx, "k", "v"), closures)
	require.Equal(t, []string{"true", "true"}, sdk.runStarted(), onUpgrade)
}

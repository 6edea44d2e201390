package sdk_test

import (
	"context"
	"errors"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/scope"
	"github.com/fxrestate/go/internal/sdk"
	"github.com/fxrestate/go/internal/sdk/sdktest"
)

// sdkVersion is the version of sdk-go that this package was written against.
const sdkVersion = "v1.2.0"

const onUpgrade = `sdk-go is no longer what package internal/sdk was written against.
Read in the new version, and mend here where the checks fail:

  handler.go, service_definition.go, server               handler.go, definition.go, exchange.go, response.go
  context.go, futures.go, rpc.go, internal/restatecontext  attempt.go, operation.go, seam.go, context.go, future.go, output.go, result.go
  internal/statemachine                                   gate.go, misuse.go, unwind.go, stdlib.go
  internal/options, encoding                              option.go, codec.go
  logging                                                 replay.go

Each method of a context that is new must be overridden in context.go or, if its
result has no public name, in seam.go: it goes through the gate, else it reaches the
state machine of another invocation when it is called late. What takes a closure (as
Run) or a context (as Wrap) must hand on the attempt, what writes state (as Set) must
check the handler, and a new method of a future belongs into future.go. What is gone
leaves a method that nothing calls. Then mend the lists of this test, run the tests of
endpoint, pipeline and integration, and change sdkVersion.`

func TestContractTheSDKHasTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	required := regexp.MustCompile(`(?m)^\s+github\.com/restatedev/sdk-go (\S+)`).FindSubmatch(mod)
	require.NotNil(t, required)
	require.Equal(t, sdkVersion, string(required[1]), onUpgrade)
}

func methods(t reflect.Type) (names []string) {
	for i := range t.NumMethod() {
		if m := t.Method(i); m.IsExported() {
			names = append(names, m.Name)
		}
	}
	return names
}

// memory are the methods of a context that only read what the attempt knows.
var memory = []string{"Deadline", "Done", "Err", "Value", "Key", "Log", "Request", "Wrap"}

// guarded are the methods that go through the gate.
var guarded = []string{
	"After", "AttachInvocation", "Awakeable", "CancelInvocation", "Clear", "ClearAll", "Get", "Keys", "Promise",
	"RandInstance", "RandSource", "RandUUID", "RejectAwakeable", "RejectSignal", "ResolveAwakeable", "ResolveSignal",
	"Run", "RunAsync", "Set", "Signal", "Sleep", "WaitIter",
}

// clients are the methods whose results go through the gate.
var clients = []string{"Object", "Service", "Workflow"}

func TestContractTheMethodsOfTheSDKsContexts(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, slices.Concat(memory, guarded, clients), methods(reflect.TypeFor[restate.MockableContext]()), onUpgrade)
	require.ElementsMatch(t, []string{"Deadline", "Done", "Err", "Value", "Log", "Request"},
		methods(reflect.TypeFor[restate.RunContext]()), onUpgrade)
}

func TestContractTheMethodsOfTheSDKsFutures(t *testing.T) {
	t.Parallel()
	for method, want := range map[string][]string{
		"After":            {"Done"},
		"AttachInvocation": {"Response"},
		"Awakeable":        {"Id", "Result"},
		"Object":           {"Request", "RequestFuture", "Send"},
		"Promise":          {"Peek", "Reject", "Resolve", "Result"},
		"RunAsync":         {"Result"},
		"Service":          {"Request", "RequestFuture", "Send"},
		"Signal":           {"Result"},
		"WaitIter":         {"Err", "Next", "Value"},
		"Workflow":         {"Request", "RequestFuture", "Send"},
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			m, ok := reflect.TypeFor[restate.MockableContext]().MethodByName(method)
			require.True(t, ok, onUpgrade)
			require.ElementsMatch(t, want, methods(m.Type.Out(0)), onUpgrade)
		})
	}
	service, _ := reflect.TypeFor[restate.MockableContext]().MethodByName("Service")
	for method, want := range map[string][]string{
		"RequestFuture": {"GetInvocationId", "Response"},
		"Send":          {"GetInvocationId"},
	} {
		t.Run(method, func(t *testing.T) {
			m, ok := service.Type.Out(0).MethodByName(method)
			require.True(t, ok, onUpgrade)
			require.ElementsMatch(t, want, methods(m.Type.Out(0)), onUpgrade)
		})
	}
}

// known are the methods of what a context returns that only read memory.
var known = []string{"Id", "Err", "Value"}

func TestContractEachMethodIsRefusedAfterTheEnd(t *testing.T) {
	t.Parallel()
	got := map[string]error{}
	def := restate.NewObject("s").Handler("h", restate.NewObjectHandler(func(own restate.ObjectContext, _ restate.Void) (restate.Void, error) {
		ctx, owner := sdktest.Open(sdk.Mockable(own), sdktest.Exclusive)
		child := sdk.Mockable(restate.WithValue(restate.WithMockContext(ctx), outerKey{}, 1))
		results := map[string]any{}
		for _, name := range append([]string{"After", "AttachInvocation", "Awakeable", "Promise", "RunAsync", "Signal", "WaitIter"}, clients...) {
			results[name] = callMethod(ctx, name)[0].Interface()
		}
		for _, name := range clients {
			results["RequestFuture of "+name] = callMethod(results[name], "RequestFuture")[0].Interface()
			results["Send of "+name] = callMethod(results[name], "Send")[0].Interface()
		}
		owner.Close()
		for _, name := range guarded {
			got[name] = refusalOf(ctx, name)
			got[name+" of a child"] = refusalOf(child, name)
		}
		for of, result := range results {
			for _, name := range methods(reflect.TypeOf(result)) {
				if !slices.Contains(known, name) && applies(of, name) {
					got[name+" of "+of] = refusalOf(result, name)
				}
			}
		}
		return restate.Void{}, nil
	}))
	sdktest.Invoke(t, def)
	require.Greater(t, len(got), 60, onUpgrade)
	for name, err := range got {
		t.Run(name, func(t *testing.T) { require.ErrorIs(t, err, sdk.ErrReturned, onUpgrade) })
	}
}

// applies reports whether the SDK calls a method on what another one returned: our
// futures have those of all kinds.
func applies(of, method string) bool {
	t := reflect.TypeFor[restate.MockableContext]()
	name, call, ok := strings.Cut(of, " of ")
	if !ok {
		call = name
	}
	m, _ := t.MethodByName(call)
	result := m.Type.Out(0)
	if ok {
		m, _ = result.MethodByName(name)
		result = m.Type.Out(0)
	}
	return slices.Contains(methods(result), method)
}

// The SDK's functions that handlers call stand between a handler and a step, and its
// invoke below both: a panic goes that way.
func TestContractTheSDKInvokesHandlers(t *testing.T) {
	t.Parallel()
	def := restate.NewService("s").Handler("h", restate.NewServiceHandler(func(restate.Context, restate.Void) (bool, error) {
		return sdk.Handling(), nil
	}))
	require.False(t, sdk.Handling())
	require.Equal(t, "true", sdktest.Invoke(t, def), onUpgrade)
}

// The SDK suspends an attempt by a panic with this type.
func TestContractTheSuspension(t *testing.T) {
	t.Parallel()
	suspension := sdktest.Suspension(t)
	require.True(t, sdk.IsSuspension(suspension), "%T %v: %s", suspension, suspension, onUpgrade)
	require.False(t, sdk.IsSuspension(errors.New("another")))
	require.False(t, sdk.IsSuspension(nil))
	require.False(t, sdk.IsSuspension("text"))
}

// refusalOf calls a method with zero arguments and returns what it panics with or
// its last result.
func refusalOf(value any, method string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err, _ = r.(error)
		}
	}()
	out := callMethod(value, method)
	switch last := out[len(out)-1].Interface().(type) {
	case error:
		return last
	case restate.WaitIterator:
		if last.Next() {
			return nil
		}
		return last.Err()
	default:
		return nil
	}
}

func callMethod(value any, method string) []reflect.Value {
	m := reflect.ValueOf(value).MethodByName(method)
	n := m.Type().NumIn()
	if m.Type().IsVariadic() {
		n--
	}
	args := make([]reflect.Value, n)
	for i := range args {
		args[i] = reflect.Zero(m.Type().In(i))
	}
	return m.Call(args)
}

// A seam is the SDK's interface only if its type parameters are the very types that
// are returned there.
func TestContractScopesAreContextsOfTheSDK(t *testing.T) {
	t.Parallel()
	require.NotPanics(t, func() {
		ctx := open(sdktest.New(context.Background()), sdktest.Service)
		for _, c := range []restate.Context{ctx, restate.WithValue(ctx, "k", "v")} {
			require.Implements(t, (*restate.MockableContext)(nil), c, onUpgrade)
			require.Implements(t, (*restate.WorkflowContext)(nil), c, onUpgrade)
		}
	}, onUpgrade)
}

// The SDK calls the overrides, rather than methods of what they embed.
func TestContractOverridesAreCalled(t *testing.T) {
	t.Parallel()
	fake := sdktest.New(context.Background())
	ctx := open(fake, sdktest.Service)
	closures := func(rc restate.RunContext) (bool, error) { return insideRun(rc), nil }

	inside, err := restate.Run(ctx, closures)
	require.NoError(t, err)
	require.True(t, inside, onUpgrade)
	restate.RunAsync(ctx, closures)
	restate.RunAsync(restate.WithValue(ctx, "k", "v"), closures)
	require.Equal(t, []string{"true", "true"}, fake.RunStarted(), onUpgrade)
}

type outerKey struct{}

// open opens an attempt and returns the context that a handler gets.
func open(ctx restate.MockableContext, target *handler.Target) restate.Context {
	own, _ := sdktest.Open(ctx, target)
	return restate.WithMockContext(own)
}

func insideRun(ctx context.Context) bool {
	_, err := scope.Find(ctx)
	return errors.Is(err, sdk.ErrInsideRun)
}

package scope_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/fxrestate/go/internal/scope"
)

const onUpgrade = `The SDK's context is no longer what package scope was written against.
Each method that is new must be overridden in context.go or, if its result has no
public name, in seam.go: it goes through the gate, else it reaches the state machine
of another invocation when it is called late. What takes a closure (as Run) or a
context (as Wrap) must hand on the scope, what writes state (as Set) must check the
handler, and a new method of a future belongs into future.go. What is gone leaves a
method that nothing calls. Then mend the lists here.`

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
		m, ok := service.Type.Out(0).MethodByName(method)
		require.True(t, ok, onUpgrade)
		require.ElementsMatch(t, want, methods(m.Type.Out(0)), onUpgrade)
	}
}

// known are the methods of what a context returns that only read memory.
var known = []string{"Id", "Err", "Value"}

func TestContractEachMethodIsRefusedAfterTheEnd(t *testing.T) {
	t.Parallel()
	got := map[string]error{}
	def := restate.NewObject("s").Handler("h", restate.NewObjectHandler(func(sdk restate.ObjectContext, _ restate.Void) (restate.Void, error) {
		ctx, _ := scope.Opener[plain]()(scope.Mockable(sdk), exclusive)
		child := scope.Mockable(restate.WithValue(restate.WithMockContext(ctx), outer{}, 1))
		results := map[string]any{}
		for _, name := range append([]string{"After", "AttachInvocation", "Awakeable", "Promise", "RunAsync", "Signal", "WaitIter"}, clients...) {
			results[name] = callMethod(ctx, name)[0].Interface()
		}
		for _, name := range clients {
			results["RequestFuture of "+name] = callMethod(results[name], "RequestFuture")[0].Interface()
			results["Send of "+name] = callMethod(results[name], "Send")[0].Interface()
		}
		scope.Close(ctx, nil)
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
	invoke(t, def)
	require.Greater(t, len(got), 60, onUpgrade)
	for name, err := range got {
		t.Run(name, func(t *testing.T) { require.ErrorIs(t, err, scope.ErrReturned, onUpgrade) })
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
		return scope.Handling(), nil
	}))
	require.False(t, scope.Handling())
	require.Equal(t, "true", invoke(t, def), onUpgrade)
}

// The SDK suspends an attempt by a panic with this type.
func TestContractTheSuspension(t *testing.T) {
	t.Parallel()
	suspension := suspensionOf(t)
	require.True(t, scope.IsSuspension(suspension), "%T %v: %s", suspension, suspension, onUpgrade)
	require.False(t, scope.IsSuspension(errors.New("another")))
	require.False(t, scope.IsSuspension(nil))
	require.False(t, scope.IsSuspension("text"))
}

// suspensionOf returns what the SDK panics with in order to suspend.
func suspensionOf(t *testing.T) (thrown any) {
	t.Helper()
	def := restate.NewService("s").Handler("h", restate.NewServiceHandler(func(ctx restate.Context, _ restate.Void) (restate.Void, error) {
		defer func() {
			thrown = recover()
			panic(thrown)
		}()
		_, err := restate.Awakeable[int](ctx).Result()
		return restate.Void{}, err
	}))
	invoke(t, def)
	require.NotNil(t, thrown, onUpgrade)
	return thrown
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

// invoke plays the first attempt of an invocation of s/h and returns its result.
func invoke(t *testing.T, def restate.ServiceDefinition) string {
	t.Helper()
	serve, err := server.NewRestate().WithLogger(slog.DiscardHandler, true).Bidirectional(false).Bind(def).Handler()
	require.NoError(t, err)
	var start []byte
	start = protowire.AppendTag(start, 1, protowire.BytesType) // id
	start = protowire.AppendBytes(start, make([]byte, 24))
	start = protowire.AppendTag(start, 2, protowire.BytesType) // id for people
	start = protowire.AppendString(start, "inv_contract")
	start = protowire.AppendTag(start, 3, protowire.VarintType) // known entries
	start = protowire.AppendVarint(start, 1)
	value := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), nil)
	input := protowire.AppendBytes(protowire.AppendTag(nil, 14, protowire.BytesType), value)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/invoke/s/h",
		bytes.NewReader(append(frame(0x0000, start), frame(0x0400, input)...)))
	r.Header.Set("Content-Type", "application/vnd.restate.invocation.v6")
	w := httptest.NewRecorder()
	serve(w, r)
	for _, text := range []string{"true", "false"} {
		if bytes.Contains(w.Body.Bytes(), []byte(text)) {
			return text
		}
	}
	return ""
}

func frame(kind uint16, message []byte) []byte {
	f := make([]byte, 8, 8+len(message))
	binary.BigEndian.PutUint16(f, kind)
	binary.BigEndian.PutUint32(f[4:], uint32(len(message)))
	return append(f, message...)
}

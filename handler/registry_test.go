package handler_test

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

func registry(t *testing.T, specs ...handler.Spec) *handler.Registry {
	t.Helper()
	descriptors := make([]*handler.Descriptor, 0, len(specs))
	for _, spec := range specs {
		desc, err := spec.Describe()
		require.NoError(t, err)
		descriptors = append(descriptors, desc)
	}
	r, err := handler.NewRegistry(descriptors...)
	require.NoError(t, err)
	return r
}

func TestResolveFindsTheHandlerOfAMethodExpression(t *testing.T) {
	t.Parallel()
	r := registry(
		t,
		handler.Spec{
			Type: reflect.TypeFor[*Cart](), Naming: handler.LowerCamel,
			Handlers: []handler.HandlerSpec{{Method: (*Cart).AddItem, Name: "put"}},
		},
		handler.Spec{Type: reflect.TypeFor[Tariff](), Name: "tariff"},
		handler.Spec{Type: reflect.TypeFor[*Cluster]()},
		handler.Spec{Type: reflect.TypeFor[NodeRef]()},
		handler.Spec{Type: reflect.TypeFor[*Items]()},
		handler.Spec{Type: reflect.TypeFor[*Repo[Item]](), Name: "item-repo"},
		handler.Spec{Type: reflect.TypeFor[*Repo[*Item]](), Name: "item-pointer-repo"},
		handler.Spec{Type: reflect.TypeFor[*Repo[*Order]](), Name: "order-pointer-repo"},
		handler.Spec{Type: reflect.TypeFor[*Texts](), Name: "texts"},
		handler.Spec{Type: reflect.TypeFor[*Pair[Page[Item], map[string]int]](), Name: "pair"},
		handler.Spec{Type: reflect.TypeFor[*PointerMethods]()},
	)
	type nested struct{ *Cart } // its methods are the compiler's
	for name, test := range map[string]struct {
		method any
		want   string
	}{
		"with a naming strategy":                       {(*Cart).Checkout, "cart/checkout"},
		"with a name of its own":                       {(*Cart).AddItem, "cart/put"},
		"of a value":                                   {Tariff.Price, "tariff/Price"},
		"of the pointer to what is a value":            {(*Tariff).Price, "tariff/Price"},
		"of the value of what is a pointer":            {PointerMethods.Len, "PointerMethods/Len"},
		"of an embedded struct":                        {(*Cluster).Ping, "Cluster/Ping"},
		"of an embedded struct, through the value":     {Cluster.State, "Cluster/State"},
		"of an embedded pointer":                       {NodeRef.Ping, "NodeRef/Ping"},
		"of an embedded pointer, through the pointer":  {(*NodeRef).State, "NodeRef/State"},
		"of an embedded generic":                       {(*Items).Get, "Items/Get"},
		"of an embedded generic, through the value":    {Items.Len, "Items/Len"},
		"of a generic":                                 {(*Repo[Item]).Get, "item-repo/Get"},
		"of another instance of the generic":           {(*Texts).Get, "texts/Get"},
		"of a generic of a pointer":                    {(*Repo[*Item]).Get, "item-pointer-repo/Get"},
		"of a generic of a pointer, which shares code": {(*Repo[*Order]).Get, "order-pointer-repo/Get"},
		"of a generic's value":                         {Repo[*Item].Len, "item-pointer-repo/Len"},
		"of a generic's value, through the pointer":    {(*Repo[*Order]).Len, "order-pointer-repo/Len"},
		"of a generic with nested parameters":          {(*Pair[Page[Item], map[string]int]).Swap, "pair/Swap"},
		"handed through a generic function":            {identity((*Repo[Item]).Put), "item-repo/Put"},
		"of a local type":                              {(*nested).AddItem, "cart/AddItem"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 2 { // the second time from the cache
				ref, err := r.Resolve(test.method)
				require.NoError(t, err)
				require.Equal(t, test.want, ref.Target().String())
				m, ok := ref.Service.Method(ref.Method.Name)
				require.True(t, ok)
				require.Same(t, ref.Method, m)
			}
		})
	}
}

func identity[F any](f F) F { return f }

// inGeneric writes a method expression with a type parameter.
func inGeneric[T any]() any { return (*Repo[T]).Get }

// AddItem looks like (*Cart).AddItem, by name and by type.
func AddItem(c *Cart, ctx restate.ObjectContext, i Item) error { return c.AddItem(ctx, i) }

func TestResolveRefusesWhatIsNoMethodExpressionOfAHandler(t *testing.T) {
	t.Parallel()
	r := registry(t, handler.Spec{Type: reflect.TypeFor[*Cart](), Exclude: []any{(*Cart).Audit}}, handler.Spec{Type: reflect.TypeFor[*Node]()})
	cart := &Cart{}
	var none func(*Cart, restate.ObjectContext) error
	var pinger Pinger = &Health{}
	for name, test := range map[string]struct {
		method any
		want   string
	}{
		"nil":                            {nil, "nil is not a method expression; write (*T).Method"},
		"a function that is nil":         {none, "a nil func(*handler_test.Cart, restate.ObjectContext) error is not a method expression; write (*T).Method"},
		"a string":                       {"AddItem", "a string is not a method expression; write (*T).Method"},
		"the instance":                   {cart, "a *handler_test.Cart is not a method expression; write (*T).Method"},
		"a method bound to a value":      {cart.AddItem, "handler_test.(*Cart).AddItem is bound to a value; write the method expression (*Cart).AddItem"},
		"a value method, bound":          {Tariff{}.Rate, "handler_test.Tariff.Rate is bound to a value; write the method expression Tariff.Rate"},
		"a generic's method, bound":      {(&Texts{}).Get, "handler_test.(*Repo[...]).Get is bound to a value; write the method expression (*Repo[...]).Get"},
		"an interface's, bound":          {pinger.Ping, "handler_test.Pinger.Ping is bound to a value; write the method expression Pinger.Ping"},
		"a function":                     {TestResolveFindsTheHandlerOfAMethodExpression, "handler_test.TestResolveFindsTheHandlerOfAMethodExpression is a function; write a method expression such as (*T).Method"},
		"a function without input":       {func() {}, "handler_test.TestResolveRefusesWhatIsNoMethodExpressionOfAHandler.func1 is a function; write a method expression such as (*T).Method"},
		"a function like the method":     {AddItem, "handler_test.AddItem is a function; write a method expression such as (*T).Method"},
		"a literal like the method":      {func(c *Cart, ctx restate.ObjectContext, i Item) error { return nil }, "handler_test.TestResolveRefusesWhatIsNoMethodExpressionOfAHandler.func2 is a function; write a method expression such as (*T).Method"},
		"a literal in a method":          {cart.literal(), "handler_test.(*Cart).literal.func1 is a function; write a method expression such as (*T).Method"},
		"a handler without a struct":     {func(restate.Context, Order) error { return nil }, "handler_test.TestResolveRefusesWhatIsNoMethodExpressionOfAHandler.func3 is a function; write a method expression such as (*T).Method"},
		"an unexported method":           {(*Cart).discard, "handler_test.(*Cart).discard is not exported, and handlers are exported methods; export it"},
		"a generic's unexported":         {(*Texts).private, "handler_test.(*Repo[...]).private is not exported, and handlers are exported methods; export it"},
		"a method of an interface":       {Pinger.Ping, "handler_test.Pinger.Ping is a method of an interface, and handlers belong to structs; write (*T).Ping"},
		"a function made by reflect":     {reflect.MakeFunc(reflect.TypeOf(none), nil).Interface(), "reflect.makeFuncStub is a function; write a method expression such as (*T).Method"},
		"a method that is not a handler": {(*Cart).Size, "(*handler_test.Cart).Size ({Cart.Size}): is not a handler of cart; let it take a restate.ObjectContext or restate.ObjectSharedContext first, and do not exclude it"},
		"a method that is excluded":      {(*Cart).Audit, "(*handler_test.Cart).Audit ({Cart.Audit}): is not a handler of cart; let it take a restate.ObjectContext or restate.ObjectSharedContext first, and do not exclude it"},
		"a promoted method that is not a handler": {
			(*Wrapped).Size, "(*handler_test.Wrapped).Size ({Cart.Size}): is not a handler of cart; let it take a restate.ObjectContext or restate.ObjectSharedContext first, and do not exclude it",
		},
		"a method of a type without handlers": {
			(*NoHandlers).Charge, "*handler_test.NoHandlers: has no handlers; write exported methods that take a restate.Context first; unexported ones are not seen",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ref, err := r.Resolve(test.method)
			require.EqualError(t, err, expand(t, "handler: "+test.want))
			require.Zero(t, ref)
		})
	}
}

// Wrapped has all its methods from an embedded struct.
type Wrapped struct{ Cart }

// The compiler names such an expression like a function literal. The name depends on
// inlining and does not contain the method.
func TestResolveRefusesMethodExpressionsWithATypeParameter(t *testing.T) {
	t.Parallel()
	_, err := registry(t).Resolve(inGeneric[Item]())
	require.ErrorContains(t, err, "handler: handler_test.")
	require.ErrorContains(t, err, "is a function literal, or a method expression with a type parameter; write one of a concrete type")
}

func TestResolveDescribesTypesThatAreNotRegistered(t *testing.T) {
	t.Parallel()
	r := registry(t)
	ref, err := r.Resolve((*Cart).AddItem)
	require.NoError(t, err)
	require.Equal(t, "cart/AddItem", ref.Target().String())
	require.Equal(t, handler.Object, ref.Service.Kind)

	again, err := r.Resolve((*Cart).Items)
	require.NoError(t, err)
	require.Same(t, ref.Service, again.Service)

	desc, err := r.Lookup(reflect.TypeFor[Cart]())
	require.NoError(t, err)
	require.Same(t, ref.Service, desc)

	ref, err = r.Resolve(Tariff.Rate)
	require.NoError(t, err)
	require.Equal(t, "Tariff/Rate", ref.Target().String())
}

// Asked counts how often it was described.
type Asked struct{}

var timesAsked atomic.Int32

func (*Asked) ServiceName() string { timesAsked.Add(1); return "asked" }

func (*Asked) Get(restate.Context) error { return nil }

func TestTypesThatAreNotRegisteredAreDescribedOnce(t *testing.T) {
	t.Parallel()
	r := registry(t)
	before := timesAsked.Load()
	for _, method := range []any{(*Asked).Get, (*Asked).Get, (*Asked).ServiceName} {
		_, _ = r.Resolve(method)
		_, err := r.Lookup(reflect.TypeFor[Asked]())
		require.NoError(t, err)
	}
	require.Equal(t, before+1, timesAsked.Load())
}

func TestResolveReportsTheMistakesOfTypesThatAreNotRegistered(t *testing.T) {
	t.Parallel()
	r := registry(t)
	for range 2 { // the second time from memory
		_, err := r.Resolve((*Several).D)
		require.Len(t, problems(err), 4)
		_, err = r.Lookup(reflect.TypeFor[*Several]())
		require.Len(t, problems(err), 4)
	}
}

func TestLookupFindsTheRegisteredDescriptor(t *testing.T) {
	t.Parallel()
	cart := describe[*Cart](t, handler.Spec{Name: "basket"})
	tariff := describe[Tariff](t, handler.Spec{})
	r, err := handler.NewRegistry(cart, tariff)
	require.NoError(t, err)
	for typ, want := range map[reflect.Type]*handler.Descriptor{
		reflect.TypeFor[*Cart](): cart, reflect.TypeFor[Cart](): cart,
		reflect.TypeFor[*Tariff](): tariff, reflect.TypeFor[Tariff](): tariff,
	} {
		t.Run(typ.String(), func(t *testing.T) {
			got, err := r.Lookup(typ)
			require.NoError(t, err)
			require.Same(t, want, got)
		})
	}
	_, err = r.Lookup(reflect.TypeFor[Pinger]())
	require.EqualError(t, err, "handler: *handler_test.Pinger: is a pointer to an interface, and handlers are read from a struct; register the struct's type")
}

func TestATypeThatIsRegisteredTwiceIsCalledByName(t *testing.T) {
	t.Parallel()
	r := registry(
		t,
		handler.Spec{Type: reflect.TypeFor[*Cart](), Name: "cart"},
		handler.Spec{Type: reflect.TypeFor[*Cart](), Name: "wishlist"},
	)
	const want = "handler: *handler_test.Cart is registered as cart and as wishlist; call it by name"
	_, err := r.Lookup(reflect.TypeFor[*Cart]())
	require.EqualError(t, err, want)
	_, err = r.Resolve((*Cart).AddItem)
	require.EqualError(t, err, want)
}

func TestNewRegistryReportsNamesThatAreTaken(t *testing.T) {
	t.Parallel()
	r, err := handler.NewRegistry(
		describe[*Cart](t, handler.Spec{Position: "cart.go:1"}),
		describe[*Signup](t, handler.Spec{Position: "signup.go:2"}),
		describe[Tariff](t, handler.Spec{Name: "cart", Position: "tariff.go:3"}),
		describe[*Node](t, handler.Spec{Name: "Signup"}),
		describe[*Shapes](t, handler.Spec{Name: "Cart"}), // is another name
	)
	require.NotNil(t, r)
	require.EqualError(t, err, `handler: handler_test.Tariff (tariff.go:3): is named "cart", as *handler_test.Cart (cart.go:1) is; give one of them another name
handler: *handler_test.Node: is named "Signup", as *handler_test.Signup (signup.go:2) is; give one of them another name`)
	require.Len(t, problems(err), 2)
	problem, ok := errors.AsType[*handler.Problem](err)
	require.True(t, ok)
	require.Equal(t, reflect.TypeFor[Tariff](), problem.Type)
	require.Equal(t, "tariff.go:3", problem.Position)
}

func TestNewRegistryTakesServicesWithoutAStruct(t *testing.T) {
	t.Parallel()
	r, err := handler.NewRegistry(&handler.Descriptor{Name: "built", Kind: handler.Service}, describe[*Cart](t, handler.Spec{}))
	require.NoError(t, err)
	ref, err := r.Resolve((*Cart).Items)
	require.NoError(t, err)
	require.Equal(t, "cart/Items", ref.Target().String())

	_, err = handler.NewRegistry(&handler.Descriptor{Name: "cart", Position: at}, describe[*Cart](t, handler.Spec{}))
	require.EqualError(t, err, `handler: *handler_test.Cart: is named "cart", as nil (main.go:12) is; give one of them another name`)
}

func TestResolveIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	r := registry(t, handler.Spec{Type: reflect.TypeFor[*Cart]()}, handler.Spec{Type: reflect.TypeFor[*Repo[Item]](), Name: "items"})
	methods := map[string]any{
		"cart/AddItem": (*Cart).AddItem, "cart/Items": (*Cart).Items, "cart/Checkout": (*Cart).Checkout,
		"items/Get": (*Repo[Item]).Get, "items/Put": (*Repo[Item]).Put, "items/Len": (*Repo[Item]).Len,
		// These are described while other goroutines look types up.
		"Signup/Run": (*Signup).Run, "Signup/Status": (*Signup).Status, "Tariff/Rate": Tariff.Rate, "Cluster/Ping": (*Cluster).Ping,
	}
	start := make(chan struct{})
	var callers sync.WaitGroup
	got := make([]map[string]handler.Ref, 16)
	for i := range got {
		got[i] = map[string]handler.Ref{}
		callers.Go(func() {
			<-start
			for range 50 {
				for want, method := range methods {
					if ref, err := r.Resolve(method); err == nil {
						got[i][want] = ref
					}
					_, _ = r.Resolve((*Cart).Size) // is not kept
				}
			}
		})
	}
	close(start)
	callers.Wait()
	for _, refs := range got {
		require.Equal(t, got[0], refs, "all got the same")
		require.Len(t, refs, len(methods))
		for want, ref := range refs {
			require.Equal(t, want, ref.Target().String())
			require.Same(t, got[0][want].Method, ref.Method)
		}
	}
}

func TestClientOptionsCarryTheHandlersCodecs(t *testing.T) {
	t.Parallel()
	desc := describe[*Clock](t, handler.Spec{
		Options:  serviceOptions{restate.WithProto},
		Handlers: []handler.HandlerSpec{{Method: (*Clock).At, Options: []restate.HandlerOption{restate.WithInputCodec(encoding.ProtoJSONCodec)}}},
	})
	for _, m := range desc.Methods {
		options := m.ClientOptions()
		in, out := clientCodecs(options)
		require.Equal(t, m.InputCodec, in)
		require.Equal(t, m.OutputCodec, out)

		// A caller may append options, and other callers do not see them.
		_ = append(options, restate.WithBinary)
		again := append(m.ClientOptions(), restate.WithJSON)
		in, _ = clientCodecs(again)
		require.IsType(t, jsonCodec, in)
		require.Len(t, m.ClientOptions(), len(options))
	}
}

func TestServicesThatAreAddedAreKnownFromThenOn(t *testing.T) {
	t.Parallel()
	r, err := handler.NewRegistry()
	require.NoError(t, err)
	ref, err := r.Resolve((*Cart).Items)
	require.NoError(t, err)
	require.Equal(t, "cart/Items", ref.Target().String(), "described as one of another application")

	r.Add(describe[*Cart](t, handler.Spec{Name: "carts"}), &handler.Descriptor{Name: "of no type"})
	ref, err = r.Resolve((*Cart).Items)
	require.NoError(t, err)
	require.Equal(t, "carts/Items", ref.Target().String())

	r.Add(describe[*Cart](t, handler.Spec{Name: "more"}))
	_, err = r.Resolve((*Cart).Items)
	require.EqualError(t, err, "handler: *handler_test.Cart is registered as carts and as more; call it by name")
}

package handler_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

func describe[T any](t *testing.T, spec handler.Spec) *handler.Descriptor {
	t.Helper()
	spec.Type = reflect.TypeFor[T]()
	desc, err := spec.Describe()
	require.NoError(t, err)
	return desc
}

// handlers maps the names on the wire to the methods and modes.
func handlers(desc *handler.Descriptor) map[string]string {
	got := make(map[string]string, len(desc.Methods))
	for _, m := range desc.Methods {
		got[m.Name] = m.GoName + " " + m.Mode.String()
	}
	return got
}

func TestDescribeReadsHandlersFromMethods(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		typ  reflect.Type
		kind handler.Kind
		want map[string]string
	}{
		"of all eight shapes, and nothing else": {
			reflect.TypeFor[*Shapes](), handler.Service,
			map[string]string{
				"InOutErr": "InOutErr concurrent", "InOut": "InOut concurrent",
				"InErr": "InErr concurrent", "In": "In concurrent",
				"OutErr": "OutErr concurrent", "Out": "Out concurrent",
				"Err": "Err concurrent", "None": "None concurrent",
			},
		},
		"of a virtual object": {
			reflect.TypeFor[*Cart](), handler.Object,
			map[string]string{
				"AddItem": "AddItem exclusive", "Checkout": "Checkout exclusive",
				"Items": "Items shared", "Audit": "Audit exclusive",
			},
		},
		"of a workflow": {
			reflect.TypeFor[*Signup](), handler.Workflow,
			map[string]string{"Run": "Run workflow run", "Confirm": "Confirm shared", "Status": "Status shared"},
		},
		"with value receivers, of a value": {
			reflect.TypeFor[Tariff](), handler.Service,
			map[string]string{"Price": "Price concurrent", "Rate": "Rate concurrent"},
		},
		"with value receivers, of a pointer": {
			reflect.TypeFor[*Tariff](), handler.Service,
			map[string]string{"Price": "Price concurrent", "Rate": "Rate concurrent"},
		},
		"promoted from an embedded struct": {
			reflect.TypeFor[*Node](), handler.Service,
			map[string]string{"Ping": "Ping concurrent", "State": "State concurrent"},
		},
		"promoted from an embedded pointer": {
			reflect.TypeFor[*NodeRef](), handler.Service,
			map[string]string{"Ping": "Ping concurrent", "State": "State concurrent"},
		},
		"promoted from an embedded pointer, of a value": {
			reflect.TypeFor[NodeRef](), handler.Service,
			map[string]string{"Ping": "Ping concurrent", "State": "State concurrent"},
		},
		"promoted over two levels": {
			reflect.TypeFor[*Cluster](), handler.Service,
			map[string]string{"Ping": "Ping concurrent", "State": "State concurrent", "Join": "Join concurrent"},
		},
		"promoted from an embedded interface": {
			reflect.TypeFor[*Loop](), handler.Service,
			map[string]string{"Ping": "Ping concurrent"},
		},
		"of an embedded generic struct": {
			reflect.TypeFor[*Items](), handler.Service,
			map[string]string{"Get": "Get concurrent", "Put": "Put concurrent", "Len": "Len concurrent"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desc, err := handler.Spec{Type: test.typ}.Describe()
			require.NoError(t, err)
			require.Equal(t, test.kind, desc.Kind)
			require.Equal(t, test.want, handlers(desc))
			require.Equal(t, test.typ, desc.Type)
			require.IsIncreasing(t, append([]string{""}, names(desc)...), "sorted by name")
		})
	}
}

func names(desc *handler.Descriptor) []string {
	got := make([]string, 0, len(desc.Methods))
	for _, m := range desc.Methods {
		got = append(got, m.Name)
	}
	return got
}

func TestDescribeReadsInputAndOutput(t *testing.T) {
	t.Parallel()
	desc := describe[*Shapes](t, handler.Spec{})
	order, receipt := reflect.TypeFor[Order](), reflect.TypeFor[Receipt]()
	for name, want := range map[string][2]reflect.Type{
		"InOutErr": {order, receipt},
		"InOut":    {order, receipt},
		"InErr":    {order, nil},
		"In":       {order, nil},
		"OutErr":   {nil, receipt},
		"Out":      {nil, receipt},
		"Err":      {nil, nil},
		"None":     {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m, ok := desc.Method(name)
			require.True(t, ok, name)
			require.Equal(t, want, [2]reflect.Type{m.Input, m.Output}, name)
		})
	}
}

func TestDescribeTakesAMethodThatHidesAPromotedOne(t *testing.T) {
	t.Parallel()
	m, ok := describe[*Shadow](t, handler.Spec{}).Method("Ping")
	require.True(t, ok)
	require.Equal(t, reflect.TypeFor[int](), m.Input)
	require.Equal(t, source(t, "Shadow.Ping"), m.Position)
}

func TestDescriptorMethodFindsOnlyWhatThereIs(t *testing.T) {
	t.Parallel()
	desc := describe[*Signup](t, handler.Spec{})
	for _, name := range []string{"", "A", "Confir", "Confirm2", "run", "Zzz"} {
		t.Run(name, func(t *testing.T) {
			_, ok := desc.Method(name)
			require.False(t, ok, name)
		})
	}
	for _, name := range []string{"Confirm", "Run", "Status"} {
		t.Run(name, func(t *testing.T) {
			m, ok := desc.Method(name)
			require.True(t, ok, name)
			require.Equal(t, name, m.Name)
		})
	}
}

func TestDescriptorStringSaysKindNameAndType(t *testing.T) {
	t.Parallel()
	require.Equal(t, "virtual object cart (*handler_test.Cart)", describe[*Cart](t, handler.Spec{}).String())
	require.Equal(t, "workflow Signup (*handler_test.Signup)", describe[*Signup](t, handler.Spec{}).String())
	require.Equal(t, "service Tariff (handler_test.Tariff)", describe[Tariff](t, handler.Spec{}).String())
}

func TestMethodPositionIsWhereTheMethodWasWritten(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		typ    reflect.Type
		method string
		want   string // the declaration, as receiver.method
	}{
		"pointer receiver":               {reflect.TypeFor[*Cart](), "AddItem", "Cart.AddItem"},
		"value receiver":                 {reflect.TypeFor[Tariff](), "Price", "Tariff.Price"},
		"value receiver through pointer": {reflect.TypeFor[*Tariff](), "Price", "Tariff.Price"},
		"embedded struct":                {reflect.TypeFor[*Node](), "Ping", "Health.Ping"},
		"embedded struct's value method": {reflect.TypeFor[*Node](), "State", "Health.State"},
		"embedded pointer":               {reflect.TypeFor[*NodeRef](), "Ping", "Health.Ping"},
		"embedded pointer of a value":    {reflect.TypeFor[NodeRef](), "State", "Health.State"},
		"two levels":                     {reflect.TypeFor[*Cluster](), "Ping", "Health.Ping"},
		"the least embedded one":         {reflect.TypeFor[*Depths](), "Level", "Near.Level"},
		"generic":                        {reflect.TypeFor[*Items](), "Get", "Repo.Get"},
		"generic value receiver":         {reflect.TypeFor[*Items](), "Len", "Repo.Len"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desc, err := handler.Spec{Type: test.typ}.Describe()
			require.NoError(t, err)
			m, ok := desc.Method(test.method)
			require.True(t, ok)
			require.Equal(t, source(t, test.want), m.Position)
		})
	}
}

func TestMethodPositionIsEmptyWhenNothingWasWritten(t *testing.T) {
	t.Parallel()
	m, ok := describe[*Loop](t, handler.Spec{}).Method("Ping")
	require.True(t, ok)
	require.Empty(t, m.Position, "the method of an embedded interface has no code")
}

func TestServiceNames(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spec handler.Spec
		want string
	}{
		"the type's name by default":          {handler.Spec{Type: reflect.TypeFor[*Signup]()}, "Signup"},
		"the value type's name":               {handler.Spec{Type: reflect.TypeFor[Tariff]()}, "Tariff"},
		"the method ServiceName":              {handler.Spec{Type: reflect.TypeFor[*Cart]()}, "cart"},
		"the registration before the type":    {handler.Spec{Type: reflect.TypeFor[*Signup](), Name: "sign-up.v2"}, "sign-up.v2"},
		"the registration before ServiceName": {handler.Spec{Type: reflect.TypeFor[*Cart](), Name: "basket"}, "basket"},
		"the registration before a ServiceName that panics": {
			handler.Spec{Type: reflect.TypeFor[*NamePanics](), Name: "fine"}, "fine",
		},
		"the registration for a generic type": {handler.Spec{Type: reflect.TypeFor[*Repo[Item]](), Name: "items"}, "items"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desc, err := test.spec.Describe()
			require.NoError(t, err)
			require.Equal(t, test.want, desc.Name)
		})
	}
}

func TestHandlerNames(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spec handler.Spec
		want []string
	}{
		"the methods' names by default": {handler.Spec{}, []string{"AddItem", "Audit", "Checkout", "Items"}},
		"a naming strategy":             {handler.Spec{Naming: handler.LowerCamel}, []string{"addItem", "audit", "checkout", "items"}},
		"a name for one handler": {
			handler.Spec{Handlers: []handler.HandlerSpec{{Method: (*Cart).AddItem, Name: "put"}}},
			[]string{"Audit", "Checkout", "Items", "put"},
		},
		"a name for one handler before the strategy": {
			handler.Spec{
				Naming:   handler.LowerCamel,
				Handlers: []handler.HandlerSpec{{Method: (*Cart).AddItem, Name: "PUT"}, {Method: (*Cart).Items}},
			},
			[]string{"PUT", "audit", "checkout", "items"},
		},
		"names that change places": {
			handler.Spec{Handlers: []handler.HandlerSpec{
				{Method: (*Cart).AddItem, Name: "Checkout"}, {Method: (*Cart).Checkout, Name: "AddItem"},
			}},
			[]string{"AddItem", "Audit", "Checkout", "Items"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desc := describe[*Cart](t, test.spec)
			require.Equal(t, test.want, names(desc))
			for _, name := range test.want {
				m, ok := desc.Method(name)
				require.True(t, ok)
				require.Equal(t, name, m.Name)
			}
		})
	}
}

func TestWorkflowMainMayHaveAnotherNameOnTheWire(t *testing.T) {
	t.Parallel()
	desc := describe[*Signup](t, handler.Spec{Naming: handler.LowerCamel})
	require.Equal(t, map[string]string{
		"run": "Run workflow run", "confirm": "Confirm shared", "status": "Status shared",
	}, handlers(desc))
}

func TestExcludedMethodsAreNoHandlers(t *testing.T) {
	t.Parallel()
	desc := describe[*Cart](t, handler.Spec{Exclude: []any{(*Cart).Audit}})
	require.Equal(t, []string{"AddItem", "Checkout", "Items"}, names(desc))

	desc = describe[*Cluster](t, handler.Spec{Exclude: []any{(*Cluster).Ping, Cluster.State}})
	require.Equal(t, []string{"Join"}, names(desc), "promoted ones, and ones that are named through the value")
}

func TestExcludedMethodsMayBeWrong(t *testing.T) {
	t.Parallel()
	desc := describe[*MixedKinds](t, handler.Spec{Exclude: []any{(*MixedKinds).Total}})
	require.Equal(t, handler.Object, desc.Kind)
	require.Equal(t, []string{"Add"}, names(desc))

	desc = describe[PointerMethods](t, handler.Spec{Exclude: []any{(*PointerMethods).Add, (*PointerMethods).Drop}})
	require.Equal(t, []string{"Len"}, names(desc), "also those that the value does not have")
}

func TestKindAndModeInWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, "service", handler.Service.String())
	require.Equal(t, "virtual object", handler.Object.String())
	require.Equal(t, "workflow", handler.Workflow.String())
	require.Equal(t, "kind(0)", handler.Kind(0).String())
	require.Equal(t, "mode(9)", handler.Mode(9).String())

	require.False(t, handler.Service.Keyed())
	require.True(t, handler.Object.Keyed())
	require.True(t, handler.Workflow.Keyed())

	for mode, writable := range map[handler.Mode]bool{
		handler.Concurrent: false, handler.Exclusive: true, handler.Shared: false, handler.Run: true,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			require.Equal(t, writable, mode.Writable(), mode.String())
		})
	}
}

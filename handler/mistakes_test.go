package handler_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

// Structs with mistakes.

type TwoInputs struct{}

func (*TwoInputs) Charge(restate.Context, Order, *Item) error { return nil }

type SecondResult struct{}

func (*SecondResult) Charge(restate.Context) (Receipt, string) { return Receipt{}, "" }

type ThreeResults struct{}

func (*ThreeResults) Charge(restate.Context) (int, string, error) { return 0, "", nil }

type Variadic struct{}

func (*Variadic) Charge(restate.Context, ...Item) error { return nil }

type MixedKinds struct{}

func (*MixedKinds) Add(restate.ObjectContext) error    { return nil }
func (*MixedKinds) Total(restate.Context) (int, error) { return 0, nil }

type TwoMains struct{}

func (*TwoMains) Begin(restate.WorkflowContext) error { return nil }
func (*TwoMains) Run(restate.WorkflowContext) error   { return nil }

type TwoWrongMains struct{}

func (*TwoWrongMains) Begin(restate.WorkflowContext) error { return nil }
func (*TwoWrongMains) Start(restate.WorkflowContext) error { return nil }

type WrongMain struct{}

func (*WrongMain) Start(restate.WorkflowContext) error { return nil }

type BrokenWrongMain struct{}

func (*BrokenWrongMain) Start(restate.WorkflowContext, int, int) error { return nil }

type NoMain struct{}

func (*NoMain) Status(restate.WorkflowSharedContext) error { return nil }

type SharedMain struct{}

func (*SharedMain) Run(restate.WorkflowSharedContext) error { return nil }

type ServiceMain struct{}

func (*ServiceMain) Run(restate.Context) error { return nil }

type PointerContext struct{}

func (*PointerContext) Charge(*restate.Context, int) error { return nil }

// Misses has methods that may be meant as handlers.
type Misses struct{}

func (Misses) Get(restate.Context) error                             { return nil }
func (Misses) Plain(context.Context) error                           { return nil }
func (*Misses) OnPointer(context.Context) error                      { return nil }
func (Misses) Step(restate.RunContext) (int, error)                  { return 0, nil }
func (Misses) Late(int, restate.ObjectSharedContext) error           { return nil }
func (Misses) Excluded(int, restate.Context) error                   { return nil }
func (Misses) Callback(func(restate.Context) error, int, bool) error { return nil }

type NoHandlers struct{}

func (*NoHandlers) Charge(string) error          { return nil }
func (*NoHandlers) charge(restate.Context) error { return nil }

type PointerMethods struct{ n int }

func (p *PointerMethods) Add(restate.Context, int) error  { p.n++; return nil }
func (p *PointerMethods) Drop(restate.Context) error      { p.n--; return nil }
func (p *PointerMethods) Reset()                          { p.n = 0 }
func (p PointerMethods) Len(restate.Context) (int, error) { return p.n, nil }

type PointerName struct{}

func (*PointerName) ServiceName() string      { return "pointer" }
func (PointerName) Len(restate.Context) error { return nil }

type NamePanics struct{ cfg *struct{ name string } }

func (n *NamePanics) ServiceName() string       { return n.cfg.name }
func (n *NamePanics) Get(restate.Context) error { return nil }

type NameVaries struct{ name string }

func (n *NameVaries) ServiceName() string       { return n.name + "s" }
func (n *NameVaries) Get(restate.Context) error { return nil }

type BadName struct{}

func (*BadName) ServiceName() string       { return "payments/v1" }
func (*BadName) Get(restate.Context) error { return nil }

type RestateAudit struct{}

func (*RestateAudit) Get(restate.Context) error { return nil }

type OpenAPI struct{}

func (*OpenAPI) Get(restate.Context) error { return nil }

type Umlaut struct{}

func (*Umlaut) Größe(restate.Context) (int, error) { return 0, nil }

// Tracing is a custom context.
type Tracing interface {
	restate.Context
	Trace() string
}

type OwnContext struct{}

func (*OwnContext) Charge(Tracing, Order) error { return nil }

type Camels struct{}

func (*Camels) ID(restate.Context) error { return nil }
func (*Camels) Id(restate.Context) error { return nil } //nolint:revive // collides on purpose

type Channels struct{}

func (*Channels) Watch(restate.Context, chan int) (func(), error) { return nil, nil }

type VoidPointer struct{}

func (*VoidPointer) Get(restate.Context, *restate.Void) error { return nil }

type Retained struct{}

func (*Retained) Run(restate.WorkflowContext) error          { return nil }
func (*Retained) Status(restate.WorkflowSharedContext) error { return nil }

// Several has one mistake in each method.
type Several struct{}

func (*Several) A(restate.Context, int, int) error  { return nil }
func (*Several) B(restate.Context) (int, int)       { return 0, 0 }
func (*Several) C(restate.ObjectContext, ...int)    {}
func (*Several) D(restate.Context, []string) string { return "" }

const at = "main.go:12"

func TestDescribeReportsMistakes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spec handler.Spec
		want []string
	}{
		"two inputs": {
			handler.Spec{Type: reflect.TypeFor[*TwoInputs]()},
			[]string{"(*handler_test.TwoInputs).Charge ({TwoInputs.Charge}): takes 2 inputs (handler_test.Order, *handler_test.Item), and a handler takes one; put them into a struct"},
		},
		"a second result that is not an error": {
			handler.Spec{Type: reflect.TypeFor[*SecondResult]()},
			[]string{"(*handler_test.SecondResult).Charge ({SecondResult.Charge}): returns string as its second result, which must be an error; return (result, error)"},
		},
		"three results": {
			handler.Spec{Type: reflect.TypeFor[*ThreeResults]()},
			[]string{"(*handler_test.ThreeResults).Charge ({ThreeResults.Charge}): returns 3 results (int, string, error); put them into a struct and return (result, error)"},
		},
		"a variadic input": {
			handler.Spec{Type: reflect.TypeFor[*Variadic]()},
			[]string{"(*handler_test.Variadic).Charge ({Variadic.Charge}): is variadic; take one input"},
		},
		"a pointer to a context": {
			handler.Spec{Type: reflect.TypeFor[*PointerContext]()},
			[]string{"(*handler_test.PointerContext).Charge ({PointerContext.Charge}): takes a *restate.Context, and a context is no pointer; take a restate.Context"},
		},
		"mixed kinds": {
			handler.Spec{Type: reflect.TypeFor[*MixedKinds]()},
			[]string{"(*handler_test.MixedKinds).Total ({MixedKinds.Total}): takes a restate.Context of a service, and Add makes the struct a virtual object; let all handlers of a struct take the contexts of one kind"},
		},
		"methods of another kind than the registration's": {
			handler.Spec{Type: reflect.TypeFor[*MixedKinds](), Kind: handler.Workflow, Position: at},
			[]string{
				"(*handler_test.MixedKinds).Add ({MixedKinds.Add}): takes a restate.ObjectContext, and *handler_test.MixedKinds is registered as a workflow; take a restate.WorkflowContext (Run) or restate.WorkflowSharedContext, or register a virtual object",
				"(*handler_test.MixedKinds).Total ({MixedKinds.Total}): takes a restate.Context, and *handler_test.MixedKinds is registered as a workflow; take a restate.WorkflowContext (Run) or restate.WorkflowSharedContext, or register a service",
				"*handler_test.MixedKinds (main.go:12): has no main handler; write Run(ctx restate.WorkflowContext, …)",
			},
		},
		"two mains of a workflow": {
			handler.Spec{Type: reflect.TypeFor[*TwoMains]()},
			[]string{"(*handler_test.TwoMains).Begin ({TwoMains.Begin}): takes a restate.WorkflowContext, as Run does, and a workflow has one main handler; take a restate.WorkflowSharedContext"},
		},
		"two mains of a workflow, none of them Run": {
			handler.Spec{Type: reflect.TypeFor[*TwoWrongMains]()},
			[]string{
				"(*handler_test.TwoWrongMains).Begin ({TwoWrongMains.Begin}): takes a restate.WorkflowContext, and the main handler of a workflow is named Run; rename it, or take a restate.WorkflowSharedContext",
				"(*handler_test.TwoWrongMains).Start ({TwoWrongMains.Start}): takes a restate.WorkflowContext, as Begin does, and a workflow has one main handler; take a restate.WorkflowSharedContext",
			},
		},
		"a main that is not named Run": {
			handler.Spec{Type: reflect.TypeFor[*WrongMain]()},
			[]string{"(*handler_test.WrongMain).Start ({WrongMain.Start}): takes a restate.WorkflowContext, and the main handler of a workflow is named Run; rename it, or take a restate.WorkflowSharedContext"},
		},
		"a main that is not named Run and is broken besides": {
			handler.Spec{Type: reflect.TypeFor[*BrokenWrongMain]()},
			[]string{
				"(*handler_test.BrokenWrongMain).Start ({BrokenWrongMain.Start}): takes 2 inputs (int, int), and a handler takes one; put them into a struct",
				"(*handler_test.BrokenWrongMain).Start ({BrokenWrongMain.Start}): takes a restate.WorkflowContext, and the main handler of a workflow is named Run; rename it, or take a restate.WorkflowSharedContext",
			},
		},
		"a workflow without main": {
			handler.Spec{Type: reflect.TypeFor[*NoMain](), Position: at},
			[]string{"*handler_test.NoMain (main.go:12): has no main handler; write Run(ctx restate.WorkflowContext, …)"},
		},
		"a workflow whose Run is shared": {
			handler.Spec{Type: reflect.TypeFor[*SharedMain]()},
			[]string{"(*handler_test.SharedMain).Run ({SharedMain.Run}): takes a restate.WorkflowSharedContext, and it is the main handler of the workflow; take a restate.WorkflowContext"},
		},
		"a workflow whose Run is excluded": {
			handler.Spec{Type: reflect.TypeFor[*Signup](), Position: at, Exclude: []any{(*Signup).Run}},
			[]string{"*handler_test.Signup (main.go:12): has no main handler; write Run(ctx restate.WorkflowContext, …)"},
		},
		"no handlers": {
			handler.Spec{Type: reflect.TypeFor[*NoHandlers](), Position: at},
			[]string{"*handler_test.NoHandlers (main.go:12): has no handlers; write exported methods that take a restate.Context first; unexported ones are not seen"},
		},
		"no handlers, because the one that was meant is not exported": {
			handler.Spec{Type: reflect.TypeFor[*NoHandlers](), Position: at, Handlers: []handler.HandlerSpec{{Method: (*NoHandlers).charge}}},
			[]string{
				"*handler_test.NoHandlers (main.go:12): has no handlers; write exported methods that take a restate.Context first; unexported ones are not seen",
				"*handler_test.NoHandlers (main.go:12): handler option: handler_test.(*NoHandlers).charge is not exported, and handlers are exported methods; export it",
			},
		},
		"no handlers, and a bad name": {
			handler.Spec{Type: reflect.TypeFor[*NoHandlers](), Position: at, Name: "no handlers"},
			[]string{
				`*handler_test.NoHandlers (main.go:12): "no handlers" cannot name a service: names consist of ASCII letters, digits, '.', '_' and '-', and start with a letter; give it another name, with the registration or by a method ServiceName() string`,
				"*handler_test.NoHandlers (main.go:12): has no handlers; write exported methods that take a restate.Context first; unexported ones are not seen",
			},
		},
		"no handlers of a registered kind": {
			handler.Spec{Type: reflect.TypeFor[*NoHandlers](), Position: at, Kind: handler.Object},
			[]string{"*handler_test.NoHandlers (main.go:12): has no handlers; write exported methods that take a restate.ObjectContext or restate.ObjectSharedContext first; unexported ones are not seen"},
		},
		"no handlers of a workflow": {
			handler.Spec{Type: reflect.TypeFor[*NoHandlers](), Position: at, Kind: handler.Workflow},
			[]string{"*handler_test.NoHandlers (main.go:12): has no handlers; write exported methods that take a restate.WorkflowContext (Run) or restate.WorkflowSharedContext first; unexported ones are not seen"},
		},
		"a workflow whose Run has the context of a service": {
			handler.Spec{Type: reflect.TypeFor[*ServiceMain](), Position: at, Kind: handler.Workflow},
			[]string{"(*handler_test.ServiceMain).Run ({ServiceMain.Run}): takes a restate.Context, and *handler_test.ServiceMain is registered as a workflow; take a restate.WorkflowContext (Run) or restate.WorkflowSharedContext, or register a service"},
		},
		"no handlers because all are excluded, with options": {
			handler.Spec{
				Type: reflect.TypeFor[*RestateAudit](), Name: "audit", Position: at, Exclude: []any{(*RestateAudit).Get},
				Options: []restate.ServiceDefinitionOption{restate.WithWorkflowRetention(time.Hour)},
			},
			[]string{"*handler_test.RestateAudit (main.go:12): has no handlers; write exported methods that take a restate.Context first; unexported ones are not seen"},
		},
		"a value whose methods hang on the pointer": {
			handler.Spec{
				Type:     reflect.TypeFor[PointerMethods](),
				Handlers: []handler.HandlerSpec{{Method: (*PointerMethods).Add}},
			},
			[]string{
				"handler_test.PointerMethods.Add ({PointerMethods.Add}): has a pointer receiver, and handler_test.PointerMethods was registered as a value; register *handler_test.PointerMethods",
				"handler_test.PointerMethods.Drop ({PointerMethods.Drop}): has a pointer receiver, and handler_test.PointerMethods was registered as a value; register *handler_test.PointerMethods",
			},
		},
		"a value whose ServiceName has a pointer receiver": {
			handler.Spec{Type: reflect.TypeFor[PointerName]()},
			[]string{"handler_test.PointerName.ServiceName ({PointerName.ServiceName}): has a pointer receiver, and handler_test.PointerName was registered as a value; register *handler_test.PointerName"},
		},
		"a ServiceName that needs more than a zero value": {
			handler.Spec{Type: reflect.TypeFor[*NamePanics]()},
			[]string{"(*handler_test.NamePanics).ServiceName ({NamePanics.ServiceName}): ServiceName() panics on a zero value: runtime error: invalid memory address or nil pointer dereference; return a constant, or give the name with the registration"},
		},
		"a name that the server refuses": {
			handler.Spec{Type: reflect.TypeFor[*BadName]()},
			[]string{`(*handler_test.BadName).ServiceName ({BadName.ServiceName}): "payments/v1" cannot name a service: names consist of ASCII letters, digits, '.', '_' and '-', and start with a letter; give it another name, with the registration or by a method ServiceName() string`},
		},
		"a name that the server keeps": {
			handler.Spec{Type: reflect.TypeFor[*RestateAudit](), Position: at},
			[]string{`*handler_test.RestateAudit (main.go:12): "RestateAudit" cannot name a service: the server reserves names that begin with "restate"; give it another name, with the registration or by a method ServiceName() string`},
		},
		"another name that the server keeps": {
			handler.Spec{Type: reflect.TypeFor[*OpenAPI](), Position: at},
			[]string{`*handler_test.OpenAPI (main.go:12): "OpenAPI" cannot name a service: the server reserves this name; give it another name, with the registration or by a method ServiceName() string`},
		},
		"a generic type without a name": {
			handler.Spec{Type: reflect.TypeFor[*Repo[int]](), Position: at},
			[]string{`*handler_test.Repo[int] (main.go:12): "Repo[int]" cannot name a service: names consist of ASCII letters, digits, '.', '_' and '-', and start with a letter; give it another name, with the registration or by a method ServiceName() string`},
		},
		"a type without a name": {
			handler.Spec{Type: reflect.TypeFor[*struct{ Tariff }](), Position: at},
			[]string{`*struct { handler_test.Tariff } (main.go:12): "" cannot name a service: names consist of ASCII letters, digits, '.', '_' and '-', and start with a letter; give it another name, with the registration or by a method ServiceName() string`},
		},
		"a method whose name the server refuses": {
			handler.Spec{Type: reflect.TypeFor[*Umlaut]()},
			[]string{`(*handler_test.Umlaut).Größe ({Umlaut.Größe}): "Größe" cannot name a handler: names consist of ASCII letters, digits and '_', and start with a letter; rename the method, or give the handler another name with the registration`},
		},
		"a handler's name that the server refuses": {
			handler.Spec{Type: reflect.TypeFor[*BadName](), Name: "ok", Handlers: []handler.HandlerSpec{{Method: (*BadName).Get, Name: "get-it"}}},
			[]string{`(*handler_test.BadName).Get ({BadName.Get}): "get-it" cannot name a handler: names consist of ASCII letters, digits and '_', and start with a letter; rename the method, or give the handler another name with the registration`},
		},
		"two handlers of one name": {
			handler.Spec{Type: reflect.TypeFor[*Camels](), Naming: handler.LowerCamel},
			[]string{`(*handler_test.Camels).Id ({Camels.Id}): is named "id" on the wire, as ID is; give one of them another name`},
		},
		"a context that is not one of the SDK": {
			handler.Spec{Type: reflect.TypeFor[*OwnContext]()},
			[]string{"(*handler_test.OwnContext).Charge ({OwnContext.Charge}): takes a handler_test.Tracing, which is not a context of the SDK; take a restate.Context"},
		},
		"types that cannot be encoded": {
			handler.Spec{Type: reflect.TypeFor[*Channels]()},
			[]string{
				"(*handler_test.Channels).Watch ({Channels.Watch}): its input is a chan int, which cannot be encoded; change the type or the codec",
				"(*handler_test.Channels).Watch ({Channels.Watch}): its result is a func(), which cannot be encoded; change the type or the codec",
			},
		},
		"types that the binary codec does not take": {
			handler.Spec{
				Type: reflect.TypeFor[*TwoWay](), Handlers: []handler.HandlerSpec{
					{Method: (*TwoWay).Do, Options: []restate.HandlerOption{restate.WithBinary}},
				},
			},
			[]string{
				"(*handler_test.TwoWay).Do ({TwoWay.Do}): its input is a json.RawMessage, and the binary codec takes []byte; change the type or the codec",
				"(*handler_test.TwoWay).Do ({TwoWay.Do}): its result is a handler_test.Receipt, and the binary codec takes []byte; change the type or the codec",
			},
		},
		"types that the protobuf codec does not take": {
			handler.Spec{Type: reflect.TypeFor[*TwoWay](), Options: []restate.ServiceDefinitionOption{restate.WithProto}},
			[]string{
				"(*handler_test.TwoWay).Do ({TwoWay.Do}): its input is a json.RawMessage, and the protobuf codecs take a message such as *pb.Order; change the type or the codec",
				"(*handler_test.TwoWay).Do ({TwoWay.Do}): its result is a handler_test.Receipt, and the protobuf codecs take a message such as *pb.Order; change the type or the codec",
			},
		},
		"a result that the protobuf JSON codec does not take": {
			handler.Spec{
				Type: reflect.TypeFor[*TwoWay](), Defaults: []restate.ServiceDefinitionOption{restate.WithProtoJSON},
				Handlers: []handler.HandlerSpec{{Method: (*TwoWay).Do, Options: []restate.HandlerOption{restate.WithInputCodec(custom{})}}},
			},
			[]string{"(*handler_test.TwoWay).Do ({TwoWay.Do}): its result is a handler_test.Receipt, and the protobuf codecs take a message such as *pb.Order; change the type or the codec"},
		},
		"a pointer to Void": {
			handler.Spec{Type: reflect.TypeFor[*VoidPointer]()},
			[]string{"(*handler_test.VoidPointer).Get ({VoidPointer.Get}): its input is a *encoding.Void, which must be a restate.Void; change the type or the codec"},
		},
		"retention on a service": {
			handler.Spec{
				Type: reflect.TypeFor[*Shapes](), Position: at,
				Options:  []restate.ServiceDefinitionOption{restate.WithWorkflowRetention(time.Hour)},
				Handlers: []handler.HandlerSpec{{Method: (*Shapes).In, Options: []restate.HandlerOption{restate.WithWorkflowRetention(time.Hour)}}},
			},
			[]string{
				"*handler_test.Shapes (main.go:12): has WithWorkflowRetention, and it is a service; remove the option",
				"(*handler_test.Shapes).In ({Shapes.In}): has WithWorkflowRetention, and it is not the main handler of a workflow; remove the option",
			},
		},
		"retention on a virtual object": {
			handler.Spec{
				Type: reflect.TypeFor[*Cart](), Position: at,
				Options: []restate.ServiceDefinitionOption{restate.WithWorkflowRetention(time.Hour)},
			},
			[]string{"*handler_test.Cart (main.go:12): has WithWorkflowRetention, and it is a virtual object; remove the option"},
		},
		"the wrong retention on handlers of a workflow": {
			handler.Spec{
				Type: reflect.TypeFor[*Retained](),
				Handlers: []handler.HandlerSpec{
					{Method: (*Retained).Run, Options: []restate.HandlerOption{restate.WithIdempotencyRetention(time.Hour)}},
					{Method: (*Retained).Status, Options: []restate.HandlerOption{restate.WithWorkflowRetention(time.Hour)}},
				},
			},
			[]string{
				"(*handler_test.Retained).Run ({Retained.Run}): has WithIdempotencyRetention, and it is the main handler of a workflow, which the server refuses; use WithWorkflowRetention",
				"(*handler_test.Retained).Status ({Retained.Status}): has WithWorkflowRetention, and it is not the main handler of a workflow; remove the option",
			},
		},
		"lazy state of a service": {
			handler.Spec{
				Type: reflect.TypeFor[*Tariff](), Position: at,
				Options:  []restate.ServiceDefinitionOption{restate.WithEnableLazyState(false)},
				Handlers: []handler.HandlerSpec{{Method: (*Tariff).Rate, Options: []restate.HandlerOption{restate.WithEnableLazyState(true)}}},
			},
			[]string{
				"*handler_test.Tariff (main.go:12): has WithEnableLazyState, and a service has no state; remove the option",
				"(*handler_test.Tariff).Rate ({Tariff.Rate}): has WithEnableLazyState, and a service has no state; remove the option",
			},
		},
		"options that are nil": {
			handler.Spec{
				Type: reflect.TypeFor[*Tariff](), Position: at,
				Options:  []restate.ServiceDefinitionOption{restate.WithMetadata("a", "b"), nil},
				Handlers: []handler.HandlerSpec{{Method: (*Tariff).Rate, Options: []restate.HandlerOption{restate.WithMetadata("a", "b"), nil}}},
			},
			[]string{
				"*handler_test.Tariff (main.go:12): has an option that is nil; leave it out",
				"(*handler_test.Tariff).Rate ({Tariff.Rate}): has an option that is nil; leave it out",
			},
		},
		"a default that is nil": {
			handler.Spec{Type: reflect.TypeFor[*Tariff](), Position: at, Defaults: []restate.ServiceDefinitionOption{nil}},
			[]string{"*handler_test.Tariff (main.go:12): has an option that is nil; leave it out"},
		},
		"an option for a method that is not a handler": {
			handler.Spec{Type: reflect.TypeFor[*Cart](), Handlers: []handler.HandlerSpec{{Method: (*Cart).Size}}},
			[]string{"(*handler_test.Cart).Size ({Cart.Size}): has options and is not a handler; let it take a restate.ObjectContext or restate.ObjectSharedContext first, or remove the options"},
		},
		"an option for an excluded method": {
			handler.Spec{
				Type: reflect.TypeFor[*Cart](), Exclude: []any{(*Cart).Audit},
				Handlers: []handler.HandlerSpec{{Method: (*Cart).Audit}},
			},
			[]string{"(*handler_test.Cart).Audit ({Cart.Audit}): has options and is excluded; remove one of them"},
		},
		"an option for a method of another type": {
			handler.Spec{Type: reflect.TypeFor[*Node](), Position: at, Handlers: []handler.HandlerSpec{{Method: (*Health).Ping}}},
			[]string{"*handler_test.Node (main.go:12): handler option for Ping, a method of *handler_test.Health; name a method of *handler_test.Node"},
		},
		"an option for an unexported method": {
			handler.Spec{Type: reflect.TypeFor[*Cart](), Position: at, Handlers: []handler.HandlerSpec{{Method: (*Cart).discard}}},
			[]string{"*handler_test.Cart (main.go:12): handler option: handler_test.(*Cart).discard is not exported, and handlers are exported methods; export it"},
		},
		"options for nothing": {
			handler.Spec{Type: reflect.TypeFor[*Cart](), Position: at, Handlers: []handler.HandlerSpec{{Name: "x"}}},
			[]string{"*handler_test.Cart (main.go:12): handler option: nil is not a method expression; write (*T).Method"},
		},
		"options for one handler twice": {
			handler.Spec{Type: reflect.TypeFor[*Cart](), Handlers: []handler.HandlerSpec{{Method: (*Cart).Items}, {Method: (*Cart).Items}}},
			[]string{"(*handler_test.Cart).Items ({Cart.Items}): has options twice; write them in one place"},
		},
		"exclusions of what is no method of the struct": {
			handler.Spec{Type: reflect.TypeFor[*Cart](), Position: at, Exclude: []any{"Audit", (*Signup).Status}},
			[]string{
				"*handler_test.Cart (main.go:12): excluded method: a string is not a method expression; write (*T).Method",
				"*handler_test.Cart (main.go:12): excluded method Status belongs to *handler_test.Signup; exclude a method of *handler_test.Cart",
			},
		},
		"no type": {
			handler.Spec{Position: at},
			[]string{"nil (main.go:12): there is no type; register a struct"},
		},
		"an interface": {
			handler.Spec{Type: reflect.TypeFor[Pinger](), Position: at},
			[]string{"handler_test.Pinger (main.go:12): is an interface, and handlers are read from a struct; register the struct's type"},
		},
		"a pointer to an interface": {
			handler.Spec{Type: reflect.TypeFor[*Pinger](), Position: at},
			[]string{"*handler_test.Pinger (main.go:12): is a pointer to an interface, and handlers are read from a struct; register the struct's type"},
		},
		"a pointer to a pointer": {
			handler.Spec{Type: reflect.TypeFor[**Cart](), Position: at},
			[]string{"**handler_test.Cart (main.go:12): is a pointer to a pointer; register *handler_test.Cart"},
		},
		"several at once": {
			handler.Spec{
				Type: reflect.TypeFor[*Several](), Name: "several things", Position: at,
				Handlers: []handler.HandlerSpec{
					{Method: (*Several).A}, // is reported once
					{Method: (*Several).D, Options: []restate.HandlerOption{restate.WithProto}},
				},
				Options: []restate.ServiceDefinitionOption{restate.WithWorkflowRetention(time.Hour)},
			},
			[]string{
				`*handler_test.Several (main.go:12): "several things" cannot name a service: names consist of ASCII letters, digits, '.', '_' and '-', and start with a letter; give it another name, with the registration or by a method ServiceName() string`,
				"(*handler_test.Several).A ({Several.A}): takes 2 inputs (int, int), and a handler takes one; put them into a struct",
				"(*handler_test.Several).B ({Several.B}): returns int as its second result, which must be an error; return (result, error)",
				"(*handler_test.Several).C ({Several.C}): takes a restate.ObjectContext of a virtual object, and A makes the struct a service; let all handlers of a struct take the contexts of one kind",
				"(*handler_test.Several).C ({Several.C}): is variadic; take one input",
				"*handler_test.Several (main.go:12): has WithWorkflowRetention, and it is a service; remove the option",
				"(*handler_test.Several).D ({Several.D}): its input is a []string, and the protobuf codecs take a message such as *pb.Order; change the type or the codec",
				"(*handler_test.Several).D ({Several.D}): its result is a string, and the protobuf codecs take a message such as *pb.Order; change the type or the codec",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desc, err := test.spec.Describe()
			require.Nil(t, desc)
			require.Error(t, err)
			want := expand(t, "handler: "+strings.Join(test.want, "\nhandler: "))
			require.Equal(t, want, err.Error())
			for _, p := range problems(err) {
				require.Equal(t, test.spec.Type, p.Type)
				require.NotEmpty(t, p.Position)
				require.NotEmpty(t, p.Reason)
			}
		})
	}
}

// problems lists the problems that an error joins.
func problems(err error) []*handler.Problem {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var all []*handler.Problem
	for _, err := range joined.Unwrap() {
		if p, ok := errors.AsType[*handler.Problem](err); ok {
			all = append(all, p)
		}
	}
	return all
}

func TestMethodsThatMayBeMeantAsHandlersAreNoted(t *testing.T) {
	t.Parallel()
	for name, typ := range map[string]reflect.Type{"of a pointer": reflect.TypeFor[*Misses](), "of a value": reflect.TypeFor[Misses]()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := handler.Spec{Type: typ, Exclude: []any{Misses.Excluded}}
			desc, err := spec.Describe()
			require.NoError(t, err)
			notes := map[string]string{}
			for _, p := range desc.Plain {
				require.Contains(t, p.Position, "mistakes_test.go:")
				notes[p.Method] = p.Reason + "; " + p.Fix
			}
			const fix = "so it is not a handler; take a restate.Context"
			require.Equal(t, map[string]string{
				"Plain":     "takes a context.Context, " + fix + ", or exclude the method",
				"OnPointer": "takes a context.Context, " + fix + ", or exclude the method",
				"Step":      "takes a restate.RunContext, " + fix + ", or exclude the method",
				"Late":      "takes its restate.ObjectSharedContext as parameter 2, " + fix + " first, or exclude the method",
			}, notes)
		})
	}
}

func TestProblemsTellTheirPartsApart(t *testing.T) {
	t.Parallel()
	_, err := handler.Spec{Type: reflect.TypeFor[*TwoMains](), Name: "?", Position: at}.Describe()
	require.Equal(t, []*handler.Problem{
		{
			Type: reflect.TypeFor[*TwoMains](), Position: at,
			Reason: `"?" cannot name a service: names consist of ASCII letters, digits, '.', '_' and '-', and start with a letter`,
			Fix:    "give it another name, with the registration or by a method ServiceName() string",
		},
		{
			Type: reflect.TypeFor[*TwoMains](), Method: "Begin", Position: source(t, "TwoMains.Begin"),
			Reason: "takes a restate.WorkflowContext, as Run does, and a workflow has one main handler",
			Fix:    "take a restate.WorkflowSharedContext",
		},
	}, problems(err))
}

func TestProblemWithoutAPositionOrAFixSaysTheRest(t *testing.T) {
	t.Parallel()
	p := &handler.Problem{Type: reflect.TypeFor[Tariff](), Method: "Rate", Reason: "is wrong"}
	require.EqualError(t, p, "handler: handler_test.Tariff.Rate: is wrong")
	require.EqualError(t, &handler.Problem{Reason: "is wrong", Fix: "mend it"}, "handler: nil: is wrong; mend it")
}

func TestPositionNamesFileAndLine(t *testing.T) {
	t.Parallel()
	require.Equal(t, "main.go:12", handler.Position("/home/me/shop/main.go", 12))
	require.Empty(t, handler.Position("", 12))
	require.Empty(t, handler.Position("<autogenerated>", 1))
}

func TestCheckOfAnInstance(t *testing.T) {
	t.Parallel()
	cart := describe[*Cart](t, handler.Spec{Position: at})
	require.NoError(t, cart.Check(&Cart{}))
	require.EqualError(t, cart.Check(nil),
		"handler: *handler_test.Cart (main.go:12): the constructor returned nil; return a value, or an error with it")
	require.EqualError(t, cart.Check((*Cart)(nil)),
		"handler: *handler_test.Cart (main.go:12): the constructor returned nil; return a value, or an error with it")

	require.NoError(t, describe[Tariff](t, handler.Spec{}).Check(Tariff{}))

	varies := describe[*NameVaries](t, handler.Spec{})
	require.Equal(t, "s", varies.Name)
	require.NoError(t, varies.Check(&NameVaries{}))
	err := varies.Check(&NameVaries{name: "cart"})
	require.EqualError(t, err, expand(t,
		`handler: (*handler_test.NameVaries).ServiceName ({NameVaries.ServiceName}): returns "carts" here and "s" on a zero value, so clients cannot know the name; return a constant, or give the name with the registration`))
	require.IsType(t, &handler.Problem{}, err)

	named := describe[*NameVaries](t, handler.Spec{Name: "s"})
	require.NoError(t, named.Check(&NameVaries{name: "cart"}), "the registration's name counts")
}

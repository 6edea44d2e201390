package handler_test

import (
	"fmt"
	"reflect"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"

	"github.com/fxrestate/go/handler"
)

// Counter is a virtual object.
type Counter struct{}

// Add is an exclusive handler: it may write state.
func (*Counter) Add(ctx restate.ObjectContext, delta int) (int, error) {
	n, err := restate.Get[int](ctx, "n")
	if err != nil {
		return 0, err
	}
	restate.Set(ctx, "n", n+delta)
	return n + delta, nil
}

// Value is a shared handler: it reads.
func (*Counter) Value(ctx restate.ObjectSharedContext) (int, error) {
	return restate.Get[int](ctx, "n")
}

func ExampleSpec_Describe() {
	desc, err := handler.Spec{
		Type:     reflect.TypeFor[*Counter](),
		Name:     "counter",
		Naming:   handler.LowerCamel,
		Defaults: []restate.ServiceDefinitionOption{restate.WithInactivityTimeout(time.Minute)},
		Handlers: []handler.HandlerSpec{{
			Method:  (*Counter).Add,
			Options: []restate.HandlerOption{restate.WithInactivityTimeout(time.Second)},
		}},
	}.Describe()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(desc)
	for _, m := range desc.Methods {
		fmt.Printf("%s: %s, input %v, output %v, %d options\n", m.Name, m.Mode, m.Input, m.Output, len(m.Options))
	}
	// Output:
	// virtual object counter (*handler_test.Counter)
	// add: exclusive, input int, output int, 1 options
	// value: shared, input <nil>, output int, 0 options
}

// Refunds has two mistakes.
type Refunds struct{}

// Refund takes too much.
func (*Refunds) Refund(restate.Context, string, int) error { return nil }

// Approve belongs to another kind of service.
func (*Refunds) Approve(restate.WorkflowSharedContext) error { return nil }

// Every mistake is reported at once.
func ExampleSpec_Describe_mistakes() {
	_, err := handler.Spec{Type: reflect.TypeFor[*Refunds](), Kind: handler.Service, Position: "main.go:12"}.Describe()
	for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
		p := err.(*handler.Problem)
		fmt.Printf("%s %s\n  %s\n", p.Method, p.Reason, p.Fix)
	}
	// Output:
	// Approve takes a restate.WorkflowSharedContext, and *handler_test.Refunds is registered as a service
	//   take a restate.Context, or register a workflow
	// Refund takes 2 inputs (string, int), and a handler takes one
	//   put them into a struct
}

func ExampleRegistry_Resolve() {
	counter, err := handler.Spec{Type: reflect.TypeFor[*Counter](), Name: "counter"}.Describe()
	if err != nil {
		fmt.Println(err)
		return
	}
	registry, err := handler.NewRegistry(counter)
	if err != nil {
		fmt.Println(err)
		return
	}
	ref, err := registry.Resolve((*Counter).Add)
	fmt.Println(ref.Target(), ref.Method.Mode, err)

	_, err = registry.Resolve((&Counter{}).Add)
	fmt.Println(err)
	// Output:
	// counter/Add exclusive <nil>
	// handler: handler_test.(*Counter).Add is bound to a value; write the method expression (*Counter).Add
}

// Parcel is the input of a handler that is made by hand.
type Parcel struct {
	To string `json:"to"`
}

// The pipeline sees a Parcel instead of bytes.
func ExampleTyped() {
	weigh := func(_ restate.Context, p Parcel) (int, error) { return len(p.To), nil }
	def := restate.NewService("post").Handler("weigh", restate.NewServiceHandler(weigh,
		restate.WithInputCodec(handler.Typed[Parcel](encoding.JSONCodec))))
	fmt.Println(def.Handlers()["weigh"].GetOptions().InputCodec.(handler.InputTyper).InputType())
	// Output: handler_test.Parcel
}

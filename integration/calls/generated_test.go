package calls_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/integration/shapes"
	"github.com/fxrestate/go/internal/testkit"
)

// leads are the methods of generated clients that call nothing.
var leads = []string{"Key", "ID", "Send", "Start", "Lookup"}

// ShapesCaller calls every method of the generated clients for calls inside
// handlers.
type ShapesCaller struct {
	service  shapes.ServiceShapesClient
	object   shapes.ObjectShapesClient
	workflow shapes.WorkflowShapesClient
}

func NewShapesCaller(s shapes.ServiceShapesClient, o shapes.ObjectShapesClient, w shapes.WorkflowShapesClient) *ShapesCaller {
	return &ShapesCaller{s, o, w}
}

func (c *ShapesCaller) Everything(ctx restate.Context) error {
	targets := func(variant string) []any {
		return []any{c.service, c.object.Key(variant), c.workflow.ID(variant)}
	}
	for i := range targets("") {
		err := eachMethod(targets("inside-call")[i], func(m generated) error {
			return m.call("inside-call", ctx).result("inside-call")
		})
		if err != nil {
			return restate.ToTerminalError(err)
		}
		err = eachMethod(lead(targets("inside-send")[i], "Send"), func(m generated) error {
			return m.call("inside-send", ctx).then("Attach", ctx).result("inside-send")
		})
		if err != nil {
			return restate.ToTerminalError(err)
		}
		err = eachMethod(lead(targets("inside-future")[i], "Start"), func(m generated) error {
			return m.call("inside-future", ctx).then("Await", ctx).result("inside-future")
		})
		if err != nil {
			return restate.ToTerminalError(err)
		}
	}
	return nil
}

// TestEveryGeneratedMethodCallsItsHandlerWithItsOptions finds the methods by
// reflection, so that none is left out.
func TestEveryGeneratedMethodCallsItsHandlerWithItsOptions(t *testing.T) {
	t.Parallel()
	seen := new(shapes.Seen)
	var outside struct {
		fx.In

		Service  shapes.ServiceShapesIngress
		Object   shapes.ObjectShapesIngress
		Workflow shapes.WorkflowShapesIngress
	}
	testkit.Start(t,
		fx.Supply(seen),
		fxrestate.Service[*shapes.ServiceShapes](shapes.NewServiceShapes),
		fxrestate.Object[*shapes.ObjectShapes](shapes.NewObjectShapes),
		fxrestate.Workflow[*shapes.WorkflowShapes](shapes.NewWorkflowShapes),
		fxrestate.Service[*ShapesCaller](NewShapesCaller),
		fx.Populate(&outside),
	)

	a := testkit.Post(t, testkit.Path("ShapesCaller", "Everything"), nil)
	require.Equal(t, 200, a.Status, string(a.Body))

	ctx, cancel := context.WithTimeout(t.Context(), testkit.Within)
	defer cancel()
	targets := func(variant string) []any {
		return []any{outside.Service, outside.Object.Key(variant), outside.Workflow.ID(variant)}
	}
	for i := range targets("") {
		require.NoError(t, eachMethod(targets("outside-call")[i], func(m generated) error {
			return m.call("outside-call", ctx, m.idempotent()...).result("outside-call")
		}))
		require.NoError(t, eachMethod(lead(targets("outside-send")[i], "Send"), func(m generated) error {
			return m.call("outside-send", ctx).then("Attach", ctx).result("outside-send")
		}))
		require.NoError(t, eachMethod(lead(targets("outside-call")[i], "Lookup"), func(m generated) error {
			if err := m.lookup(restate.WithHeaders(map[string]string{"X-No": "sense"})).then("Attach", ctx).err(); err == nil {
				return fmt.Errorf("%s: the option got lost", m.name)
			}
			return m.lookup(m.idempotent()...).then("Attach", ctx).result("outside-call")
		}))
	}

	want := map[string]string{}
	for _, variant := range []string{"inside-call", "inside-send", "inside-future", "outside-call", "outside-send"} {
		for _, service := range []string{"ServiceShapes", "ObjectShapes", "WorkflowShapes"} {
			both := "Both"
			if service == "WorkflowShapes" {
				both = "Run"
			}
			for handler, input := range map[string]string{both: variant, "InError": variant, "OutError": "", "Error": ""} {
				want[service+"/"+handler+" "+variant] = input
			}
		}
	}
	require.Equal(t, want, seen.Runs())
}

// generated is a method of a generated client.
type generated struct {
	name string
	fn   reflect.Value
}

// eachMethod calls do for each method of a client that calls a handler.
func eachMethod(client any, do func(m generated) error) error {
	v := reflect.ValueOf(client)
	for i := range v.NumMethod() {
		m := generated{v.Type().Method(i).Name, v.Method(i)}
		if slices.Contains(leads, m.name) {
			continue
		}
		if err := do(m); err != nil {
			return fmt.Errorf("%s.%s: %w", v.Type(), m.name, err)
		}
	}
	return nil
}

// lead returns the client that a method leads to.
func lead(client any, method string) any {
	return reflect.ValueOf(client).MethodByName(method).Call(nil)[0].Interface()
}

// idempotent is the option by which a call is found again. The main handler of a
// workflow takes none.
func (m generated) idempotent() []any {
	if m.name == "Run" {
		return nil
	}
	return []any{restate.WithIdempotencyKey("generated " + m.name)}
}

// call calls the handler with an input, if it takes one, and with an option that
// both name the variant.
func (m generated) call(variant string, ctx any, opts ...any) outcome {
	args := []reflect.Value{reflect.ValueOf(ctx)}
	input := m.fn.Type().NumIn() == 3
	if input {
		args = append(args, reflect.ValueOf(shapes.In{Name: variant}))
	}
	opts = append(opts, restate.WithHeaders(map[string]string{shapes.VariantHeader: variant}))
	return outcome{m.invoke(args, opts), input}
}

func (m generated) lookup(opts ...any) outcome {
	return outcome{m.invoke(nil, opts), m.name == "Both" || m.name == "Run" || m.name == "InError"}
}

func (m generated) invoke(args []reflect.Value, opts []any) []reflect.Value {
	for _, opt := range opts {
		args = append(args, reflect.ValueOf(opt))
	}
	return m.fn.Call(args)
}

// outcome is what a method returned.
type outcome struct {
	values []reflect.Value
	input  bool // the handler takes one
}

// err returns the error among the values.
func (o outcome) err() error {
	err, _ := o.values[len(o.values)-1].Interface().(error)
	return err
}

// then calls a method of the first value.
func (o outcome) then(method string, args ...any) outcome {
	if o.err() != nil {
		return o
	}
	var in []reflect.Value
	for _, arg := range args {
		in = append(in, reflect.ValueOf(arg))
	}
	return outcome{o.values[0].MethodByName(method).Call(in), o.input}
}

// result reports an error, and a result that is not the handler's.
func (o outcome) result(variant string) error {
	if err := o.err(); err != nil {
		return err
	}
	want := shapes.Out{Name: "none"}
	if o.input {
		want.Name = variant
	}
	if got, ok := o.values[0].Interface().(shapes.Out); ok && got != want {
		return fmt.Errorf("the result is %v, want %v", got, want)
	}
	return nil
}

package validate_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-playground/validator/v10"
	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/validate"
)

type item struct {
	SKU string `json:"sku" validate:"required"`
}

type charge struct {
	Amount int    `json:"amount" validate:"gt=0,lte=10000"`
	Card   string `json:"card,omitempty" validate:"required"`
	Items  []item `json:"items" validate:"dive"`
	Note   string `json:"-" validate:"max=3"`
	Plain  string `validate:"max=3"`
}

// parameters is a parameter object.
type parameters struct {
	Transaction string `input:"transactionId,omitempty" validate:"required"`
	Both        string `json:"both" input:"other" validate:"required"`
	Tenant      string `header:"x-tenant" validate:"required"`
	Account     string `key:"" validate:"required"`
	ID          string `invocation-id:"" validate:"required"`
	Idempotency string `idempotency-key:"" validate:"required"`
	Items       []item `input:"items" validate:"dive"`
}

// stored has tags that look like those of a parameter object.
type stored struct {
	ID   string `json:"id" header:"x-id" key:"" validate:"required"`
	Rank string `key:"primary" validate:"required"`
	Note string `json:"-" header:"x-note" validate:"required"`
}

type page[T any] struct {
	Size T `json:"size" validate:"required"`
}

// Types that embed others.
type (
	human struct {
		First string `json:"first_name" validate:"required"`
		Last  string `validate:"required"`
	}
	Named struct {
		Nick string `json:"nick" validate:"required"`
	}
	customer struct {
		human
		*Named

		Age int `json:"age" validate:"gt=0"`
	}
	line struct {
		item

		Amount int `json:"amount" validate:"gt=0"`
	}
	order struct {
		customer

		Buyer   customer         `json:"buyer"`
		Lines   []line           `json:"lines" validate:"dive"`
		Rows    [1][]line        `json:"rows" validate:"dive,dive"`
		Prices  map[string]*line `json:"prices" validate:"dive"`
		Named   Named            `json:"alias"`
		Any     any              `json:"any"`
		Dotted  line             `json:"a.b"`
		Dash    line             `json:"-,"`        //lint:ignore SA5008 encoding/json takes it
		Invalid line             `json:"in\"valid"` //lint:ignore SA5008 encoding/json does not take it
	}
	named struct {
		item  `json:"item"`
		Named `json:"-"`
	}
	required struct {
		*Named `validate:"required"`
	}
	requiredWithin struct {
		Inner []required `json:"inner" validate:"dive"`
	}
	// embeddedParameters is a parameter object with an embedded struct.
	embeddedParameters struct {
		handler.In

		customer `input:"customer"`
		Lines    []line `input:"lines" validate:"dive"`
	}
)

type byValue struct{ Err error }

func (v byValue) Validate() error { return v.Err }

type byPointer struct{ N int }

func (v *byPointer) Validate() error {
	if v.N < 0 {
		return validate.Fields{"n": "must not be negative", "b": "is wrong too"}
	}
	return nil
}

// batch is a slice that validates itself.
type batch []byPointer

func (b batch) Validate() error { return errors.New("too few") }

type both struct {
	N int `json:"n" validate:"gt=0"`
}

func (both) Validate() error { return errors.New("asked although the tags failed") }

func TestPipe(t *testing.T) {
	t.Parallel()
	good := charge{Amount: 1, Card: "x", Items: []item{{"a"}}}
	var noCharge *charge
	var noPointer *byPointer
	tests := map[string]struct {
		input    any
		message  string // of the terminal error with code 400; "": the input is valid
		metadata map[string]string
	}{
		"a valid struct":               {input: good},
		"a valid pointer":              {input: &good},
		"no input":                     {input: nil},
		"a nil pointer":                {input: noCharge},
		"a nil pointer with Validate":  {input: noPointer},
		"a string":                     {input: "x"},
		"bytes":                        {input: []byte("{}")},
		"a map":                        {input: map[string]any{"a": 1}},
		"a struct without public form": {input: time.Now()},
		"no input at all":              {input: restate.Void{}},
		"a valid slice":                {input: []item{{"a"}}},
		"a struct with wrong fields": {
			input:    charge{Amount: 10001, Items: []item{{"a"}, {}}, Note: "long", Plain: "long"},
			message:  "invalid input: Note: max=3, Plain: max=3, amount: lte=10000, card: required, items[1].sku: required",
			metadata: map[string]string{"amount": "lte=10000", "card": "required", "items[1].sku": "required", "Note": "max=3", "Plain": "max=3"},
		},
		"a pointer to a wrong struct": {
			input: &charge{Card: "x"}, message: "invalid input: amount: gt=0", metadata: map[string]string{"amount": "gt=0"},
		},
		"a slice with a wrong element": {
			input: []item{{"a"}, {}}, message: "invalid input: [1].sku: required", metadata: map[string]string{"[1].sku": "required"},
		},
		"a parameter object": {
			input:   parameters{Items: []item{{}}},
			message: "invalid input: idempotency-key: required, invocation-id: required, items[0].sku: required, key: required, other: required, transactionId: required, x-tenant: required",
			metadata: map[string]string{
				"transactionId": "required", "other": "required", "x-tenant": "required", "key": "required",
				"invocation-id": "required", "idempotency-key": "required", "items[0].sku": "required",
			},
		},
		"a struct with tags of another meaning": {
			input: stored{}, message: "invalid input: Note: required, Rank: required, id: required",
			metadata: map[string]string{"id": "required", "Rank": "required", "Note": "required"},
		},
		"a generic struct": {
			input: page[validator.FieldError]{}, message: "invalid input: size: required", metadata: map[string]string{"size": "required"},
		},
		"embedded structs, as JSON has them": {
			input:   customer{Named: &Named{}},
			message: "invalid input: Last: required, age: gt=0, first_name: required, nick: required",
			metadata: map[string]string{
				"first_name": "required", "Last": "required", "nick": "required", "age": "gt=0",
			},
		},
		"embedded structs within": {
			input: order{
				customer: customer{human: human{"a", "b"}, Age: 1}, Buyer: customer{human: human{"", "b"}, Age: 1},
				Lines: []line{{item{"a"}, 1}, {}}, Rows: [1][]line{{{}}}, Prices: map[string]*line{"eur": {}}, Any: line{},
			},
			message: "invalid input: -.amount: gt=0, -.sku: required, Invalid.amount: gt=0, Invalid.sku: required, a.b.amount: gt=0, a.b.sku: required, alias.nick: required, any.amount: gt=0, any.sku: required, buyer.first_name: required, lines[1].amount: gt=0, lines[1].sku: required, prices[eur].amount: gt=0, prices[eur].sku: required, rows[0][0].amount: gt=0, rows[0][0].sku: required",
			metadata: map[string]string{
				"buyer.first_name": "required", "lines[1].sku": "required", "lines[1].amount": "gt=0", "rows[0][0].sku": "required",
				"rows[0][0].amount": "gt=0", "prices[eur].sku": "required", "prices[eur].amount": "gt=0", "alias.nick": "required",
				"any.sku": "required", "any.amount": "gt=0", "a.b.sku": "required", "a.b.amount": "gt=0", "-.sku": "required", "-.amount": "gt=0",
				"Invalid.sku": "required", "Invalid.amount": "gt=0",
			},
		},
		"elements that embed structs": {
			input: []*line{{item{"a"}, 1}, {}}, message: "invalid input: [1].amount: gt=0, [1].sku: required",
			metadata: map[string]string{"[1].sku": "required", "[1].amount": "gt=0"},
		},
		"embedded structs with a name, and without JSON": {
			input: named{}, message: "invalid input: Named.nick: required, item.sku: required",
			metadata: map[string]string{"item.sku": "required", "Named.nick": "required"},
		},
		"an embedded pointer that is required": {
			input: &required{}, message: "invalid input: $: required", metadata: map[string]string{"$": "required"},
		},
		"an embedded pointer that is required within": {
			input: requiredWithin{[]required{{}}}, message: "invalid input: inner[0]: required",
			metadata: map[string]string{"inner[0]": "required"},
		},
		"an embedded struct without a name": {
			input: struct{ line }{}, message: "invalid input: amount: gt=0, sku: required",
			metadata: map[string]string{"sku": "required", "amount": "gt=0"},
		},
		"an embedded pointer that is required in a struct without a name": {
			input: struct {
				*Named `validate:"required"`
			}{}, message: "invalid input: $: required", metadata: map[string]string{"$": "required"},
		},
		"a parameter object with an embedded struct": {
			input:   embeddedParameters{Lines: []line{{}}},
			message: "invalid input: customer.Last: required, customer.age: gt=0, customer.first_name: required, lines[0].amount: gt=0, lines[0].sku: required",
			metadata: map[string]string{
				"customer.first_name": "required", "customer.Last": "required", "customer.age": "gt=0", "lines[0].sku": "required", "lines[0].amount": "gt=0",
			},
		},
		"Validate of a value":        {input: byValue{errors.New("no")}, message: "invalid input: no"},
		"Validate of a pointer":      {input: &byValue{errors.New("no")}, message: "invalid input: no"},
		"Validate that is satisfied": {input: byPointer{1}},
		"Validate on the pointer": {
			input: byPointer{-1}, message: "invalid input: b: is wrong too, n: must not be negative",
			metadata: map[string]string{"n": "must not be negative", "b": "is wrong too"},
		},
		"Validate with wrapped fields": {
			input: byValue{fmt.Errorf("order: %w", validate.Fields{"n": "bad"})}, message: "invalid input: n: bad",
			metadata: map[string]string{"n": "bad"},
		},
		"valid elements": {input: []byPointer{{1}, {2}}},
		"Validate of the elements": {
			input:    []byPointer{{1}, {-1}, {-2}},
			message:  "invalid input: [1].b: is wrong too, [1].n: must not be negative, [2].b: is wrong too, [2].n: must not be negative",
			metadata: map[string]string{"[1].n": "must not be negative", "[1].b": "is wrong too", "[2].n": "must not be negative", "[2].b": "is wrong too"},
		},
		"Validate of elements that are pointers": {
			input: []*byPointer{nil, {-1}}, message: "invalid input: [1].b: is wrong too, [1].n: must not be negative",
			metadata: map[string]string{"[1].n": "must not be negative", "[1].b": "is wrong too"},
		},
		"Validate of elements behind an interface": {input: [2]any{1, byValue{errors.New("no")}}, message: "invalid input: [1]: no"},
		"Validate of the whole before its elements": {
			input: batch{{-1}}, message: "invalid input: too few",
		},
		"tags before Validate": {input: both{}, message: "invalid input: n: gt=0", metadata: map[string]string{"n": "gt=0"}},
	}
	pipe := validate.New(nil)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := pipe.Transform(nil, nil, tt.input)
			if tt.message == "" {
				require.NoError(t, err)
				require.Equal(t, tt.input, out, "the pipe changes nothing")
				return
			}
			terminal := restate.AsTerminalError(err)
			require.NotNil(t, terminal, "%v", err)
			require.EqualValues(t, 400, terminal.Code())
			require.Equal(t, tt.message, terminal.Message())
			if tt.metadata == nil {
				tt.metadata = map[string]string{}
			}
			require.Equal(t, tt.metadata, terminal.Metadata().ToMap())
		})
	}
}

func TestATerminalErrorOfValidateIsKept(t *testing.T) {
	t.Parallel()
	_, err := validate.New(nil).Transform(nil, nil, byValue{restate.ToTerminalError(errors.New("no"), restate.WithErrorCode(422))})
	require.EqualValues(t, 422, restate.AsTerminalError(err).Code())
	_, err = validate.New(nil).Transform(nil, nil, []byValue{{}, {restate.ToTerminalError(errors.New("no"), restate.WithErrorCode(422))}})
	require.EqualValues(t, 422, restate.AsTerminalError(err).Code())
}

func TestAValidatorOfOnesOwn(t *testing.T) {
	t.Parallel()
	type odd struct {
		N int `json:"n" validate:"odd"`
	}
	v := validator.New()
	require.NoError(t, v.RegisterValidation("odd", func(f validator.FieldLevel) bool { return f.Field().Int()%2 == 1 }))
	pipe := validate.New(v)
	_, err := pipe.Transform(nil, nil, odd{1})
	require.NoError(t, err)
	_, err = pipe.Transform(nil, nil, odd{2})
	require.Equal(t, map[string]string{"N": "odd"}, restate.AsTerminalError(err).Metadata().ToMap())

	type embedding struct{ odd }
	v = validator.New()
	require.NoError(t, v.RegisterValidation("odd", func(f validator.FieldLevel) bool { return f.Field().Int()%2 == 1 }))
	_, err = validate.New(validate.WireNames(v)).Transform(nil, nil, []embedding{{odd{2}}})
	require.Equal(t, map[string]string{"[0].n": "odd"}, restate.AsTerminalError(err).Metadata().ToMap())
}

func TestAnInvalidInputDoesNotReachTheHandler(t *testing.T) {
	t.Parallel()
	chain, err := pipeline.Compile(pipeline.Config{
		Method: decoded{pipeline.MethodFunc(func(restate.Context, any) (any, error) { t.Error("must not run"); return nil, nil })},
		Global: pipeline.Stages{Pipes: []pipeline.Pipe{validate.New(nil)}},
	})
	require.NoError(t, err)
	_, err = chain.Call(fakeContext{Context: context.Background()}, nil)
	require.EqualValues(t, 400, restate.AsTerminalError(err).Code())
}

// decoded is a handler that takes a charge.
type decoded struct{ pipeline.MethodFunc }

func (decoded) Decode(handler.Source) (any, error) { return charge{}, nil }

// fakeContext is all of a context that a chain asks for here.
type fakeContext struct {
	mock
	context.Context
}

type mock struct{ restate.MockableContext }

func Example() {
	type Order struct {
		Item   string `json:"item" validate:"required"`
		Amount int    `json:"amount" validate:"gt=0"`
	}
	pipe := validate.New(nil)

	_, err := pipe.Transform(nil, nil, Order{Amount: -1})
	terminal := restate.AsTerminalError(err)
	fmt.Println(terminal.Code(), terminal.Message())
	for field, rule := range terminal.Metadata().Iter() {
		fmt.Println(field, rule)
	}
	// Output:
	// 400 invalid input: amount: gt=0, item: required
	// amount gt=0
	// item required
}

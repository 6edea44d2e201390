// Package validate has a pipe that checks the input of handlers, by the types'
// own Validate methods and by the validate tags of
// github.com/go-playground/validator.
//
//	type Charge struct {
//		Amount int    `json:"amount" validate:"gt=0,lte=10000"`
//		Card   string `json:"card"   validate:"required,credit_card"`
//	}
//
// It is a package of its own so that only its users have the dependency.
package validate

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/go-playground/validator/v10"
	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/jsontype"
	"github.com/fxrestate/go/pipeline"
)

// Fields is an error for a Validate method to return: what is wrong, by the name
// of the field.
type Fields map[string]string

// Error lists the fields in the order of their names.
func (f Fields) Error() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		parts = append(parts, name+": "+f[name])
	}
	return strings.Join(parts, ", ")
}

// New returns a pipe that checks each input and changes none.
//
// First it checks tags, of a struct, a pointer to one, or each element of a slice
// or array of either, then it calls Validate() error if the input's type or a
// pointer to it has that method, and otherwise that of each element of a slice or
// array. What fails is a terminal error with code 400 whose metadata has each
// failing field with the rule that it breaks, for instance "items[0].sku" and
// "required", or with the words of a [Fields]. No values of the input are in it.
//
// v is the validator to check tags with. With nil it is one with the names of
// [WireNames]; one of your own calls fields as it was told to.
func New(v *validator.Validate) pipeline.Pipe {
	if v == nil {
		v = WireNames(validator.New(validator.WithRequiredStructEnabled()))
	}
	return &pipe{v}
}

// WireNames makes a validator call fields by their paths in what the client sent,
// and returns it. Use it before the validator's first call, for [New] with rules of
// your own.
//
// The names are those of JSON, and those of a parameter object the name of the
// property or the header, or "key", "invocation-id" or "idempotency-key". Fields of
// embedded structs stand where JSON has them, elements are "lines[0].sku" and
// "prices[eur].amount". An embedded pointer that is itself required and nil is
// called by the object that it belongs to, and at the top "$".
func WireNames(v *validator.Validate) *validator.Validate {
	validator.WithTagNameFuncBlankOmit()(v)
	v.RegisterTagNameFunc(wireName)
	return v
}

type pipe struct{ validator *validator.Validate }

func (*pipe) String() string { return "validate.New" }

func (p *pipe) Transform(_ restate.Context, _ *pipeline.Invocation, input any) (any, error) {
	err := p.checkTags(input)
	if err == nil {
		err = checkSelf(input)
	}
	if err != nil {
		return nil, refuse(reflect.TypeOf(input), err)
	}
	return input, nil
}

// checkTags checks what has tags.
func (p *pipe) checkTags(input any) error {
	v := reflect.ValueOf(input)
	if !v.IsValid() {
		return nil
	}
	t := v.Type()
	switch {
	case isStruct(t):
		if t.Kind() == reflect.Pointer && v.IsNil() {
			return nil
		}
		err := p.validator.Struct(input)
		if unfit := (*validator.InvalidValidationError)(nil); errors.As(err, &unfit) {
			return nil // a struct without fields of its own to check, such as time.Time
		}
		return err
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && isStruct(t.Elem()):
		return p.validator.Var(input, "dive")
	default:
		return nil
	}
}

func isStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct || t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct
}

type validatable interface{ Validate() error }

// checkSelf calls the input's own Validate, or those of its elements.
func checkSelf(input any) error {
	v := reflect.ValueOf(input)
	if !v.IsValid() {
		return nil
	}
	if self := validatableOf(v); self != nil {
		return self.Validate()
	}
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array || !mayValidate(v.Type().Elem()) {
		return nil
	}
	return checkElements(v)
}

// checkElements joins what the elements name as wrong. An error of another kind
// ends it.
func checkElements(v reflect.Value) error {
	failing := Fields{}
	for i := range v.Len() {
		self := validatableOf(v.Index(i))
		if self == nil {
			continue
		}
		err := self.Validate()
		if fields := Fields(nil); errors.As(err, &fields) && !restate.IsTerminalError(err) {
			for name, wrong := range fields {
				failing[fmt.Sprintf("[%d].%s", i, name)] = wrong
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	if len(failing) == 0 {
		return nil
	}
	return failing
}

var validatableType = reflect.TypeFor[validatable]()

// mayValidate reports whether values of type t can have a Validate of their own.
func mayValidate(t reflect.Type) bool {
	return t.Kind() == reflect.Interface || t.Implements(validatableType) || reflect.PointerTo(t).Implements(validatableType)
}

// validatableOf returns a value, or a pointer to a copy of it, if that has the
// method. A nil pointer has nothing to validate.
func validatableOf(v reflect.Value) validatable {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil
	}
	if self, ok := v.Interface().(validatable); ok {
		return self
	}
	if !reflect.PointerTo(v.Type()).Implements(validatableType) {
		return nil
	}
	pointer := reflect.New(v.Type())
	pointer.Elem().Set(v)
	return pointer.Interface().(validatable)
}

// refuse makes the terminal error, unless the type's own Validate returned one.
func refuse(input reflect.Type, err error) error {
	if restate.IsTerminalError(err) {
		return err
	}
	fields := fieldsOf(input, err)
	if len(fields) > 0 {
		err = fields
	}
	return restate.ToTerminalError(fmt.Errorf("invalid input: %w", err),
		restate.WithErrorCode(400), restate.WithMetadataMap(fields))
}

// fieldsOf finds the failing fields in an error.
func fieldsOf(input reflect.Type, err error) Fields {
	if fields := Fields(nil); errors.As(err, &fields) {
		return fields
	}
	var failures validator.ValidationErrors
	if !errors.As(err, &failures) {
		return nil
	}
	roots := rootNames(input)
	fields := make(Fields, len(failures))
	for _, f := range failures {
		rule := f.Tag()
		if f.Param() != "" {
			rule += "=" + f.Param()
		}
		fields[pathOf(f.Namespace(), roots)] = rule
	}
	return fields
}

// rootNames are what a namespace of the validator may begin with: the name of the
// input's type, as in "Order.items[0].sku". A type without one passes that on to
// the structs that it embeds.
func rootNames(input reflect.Type) (names []string) {
	if input.Kind() == reflect.Pointer {
		input = input.Elem()
	}
	if input.Name() != "" || input.Kind() != reflect.Struct {
		return []string{input.Name()}
	}
	for i := range input.NumField() {
		t := input.Field(i).Type
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if wireName(input.Field(i)) == "" {
			names = append(names, t.Name())
		}
	}
	return names
}

// pathOf takes the name of the root from a namespace.
func pathOf(namespace string, roots []string) string {
	if namespace == "" || slices.Contains(roots, namespace) {
		return "$"
	}
	for _, root := range roots {
		if path, ok := strings.CutPrefix(namespace, root+"."); ok {
			return path
		}
	}
	return namespace
}

// wireName returns the name of a field as the caller knows it: that of a body's
// property or of a header in a parameter object, else that in JSON. It is empty for
// an embedded struct, whose fields JSON has in its place.
func wireName(field reflect.StructField) string {
	for _, tag := range []string{"input", "json", "header"} {
		switch name, _, _ := strings.Cut(field.Tag.Get(tag), ","); {
		case name == "", tag == "json" && !jsontype.ValidName(name):
		case field.Tag.Get(tag) == "-":
			return field.Name
		default:
			return name
		}
	}
	for _, tag := range []string{"key", "invocation-id", "idempotency-key"} {
		if value, ok := field.Tag.Lookup(tag); ok && value == "" {
			return tag
		}
	}
	if field.Anonymous && isStruct(field.Type) {
		return ""
	}
	return field.Name
}

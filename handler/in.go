package handler

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	sdkencoding "github.com/restatedev/sdk-go/encoding"
)

// In marks a parameter object: an input struct that embeds In. Its fields are filled
// from the sources that their tags name. The input may also be a pointer to such a
// struct.
//
//	type Refund struct {
//		handler.In
//
//		Transaction string `input:"transactionId"`   // a property of the body
//		Reason      string `input:"reason,omitempty"` // an optional property
//		Tenant      string `header:"x-tenant"`        // a header of the invocation
//		Account     string `key:""`                   // the key of the object or workflow
//		Invocation  string `invocation-id:""`
//		Idempotency string `idempotency-key:""`
//	}
//
// Discovery shows only the properties of the body. A property without omitempty or
// omitzero is required: if it is missing, the invocation ends with a terminal error
// with code 400 that names the property. Null is rejected in the same way, unless the
// field's type has a value for null: a pointer, a map, a slice, an interface, or a
// type with UnmarshalJSON whose zero value is null. The zero value, such as "", is
// accepted; use package pipeline/validate to reject it.
//
// The case of a header's name does not matter: durable.Header has the rule. A missing
// header leaves the zero value. Headers and keys can fill strings, numbers,
// booleans and types with UnmarshalText. Text that cannot be converted ends the
// invocation with 400. Typed clients send the properties of the body; headers are
// options of the call.
//
// Embed In by value, in the input struct itself. Anywhere else in an input its tags
// would not be read, and a body could fill a field that is meant for a header: that
// is a [Problem]. The tags key, invocation-id and idempotency-key may be written
// without a value, as the last tag of a field, but go vet complains about that.
type In struct{}

var inType = reflect.TypeFor[In]()

// Source is the invocation from which the fields of a parameter object are filled.
type Source interface {
	Body() []byte
	Header(name string) string
	Key() string
	ID() string
	IdempotencyKey() string
	Replaying() bool
}

// binder fills a parameter object.
type binder struct {
	object  reflect.Type
	body    reflect.Type // the properties of the body, or nil
	decoded reflect.Type // the struct into which they are decoded: see presence
	fields  []binding    // in the order of the body's fields, then the others
}

// binding fills one field.
type binding struct {
	index    int // in the object
	property int // in the body, or -1
	presence presence
	name     string
	text     func(Source) string // the source if it is not a property
}

// parameterObject returns the struct of an input, or of a pointer to it, if the
// struct embeds In.
func parameterObject(input reflect.Type) (reflect.Type, bool) {
	if input == nil {
		return nil, false
	}
	t := base(input)
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && f.Type == inType {
			return t, true
		}
	}
	return nil, false
}

// FindIn looks for an [In] in the parts of type t that a body can fill, so not behind
// interfaces or in unexported fields. It returns the path of the fields that lead
// there, such as "Order.In". The path is empty if t is In.
func FindIn(t reflect.Type) (path string, found bool) {
	return findIn(t, map[reflect.Type]bool{})
}

func findIn(t reflect.Type, seen map[reflect.Type]bool) (path string, found bool) {
	if t == nil || seen[t] {
		return "", false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return findIn(t.Elem(), seen)
	case reflect.Struct:
		if t == inType {
			return "", true
		}
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() && !f.Anonymous {
				continue
			}
			if path, found := findIn(f.Type, seen); found {
				return strings.TrimSuffix(f.Name+"."+path, "."), true
			}
		}
	}
	return "", false
}

// newBinder reads the tags of a parameter object. The error joins all mistakes in
// them.
func newBinder(object reflect.Type, keyed bool) (*binder, error) {
	b := &binder{object: object}
	var properties, decoded []reflect.StructField
	var errs []error
	fieldOf := map[string]string{} // by the name of the property
	for i := range object.NumField() {
		f := object.Field(i)
		if f.Anonymous && f.Type == inType {
			continue
		}
		bind, property, err := bindingOf(f, keyed)
		if other, ok := fieldOf[bind.name]; ok && property != nil {
			err = fmt.Errorf("is filled from the property %q, as field %s is; give one of them another", bind.name, other)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("field %s %w", f.Name, err))
			continue
		}
		bind.index = i
		if property != nil {
			fieldOf[bind.name] = f.Name
			bind.property = len(properties)
			properties = append(properties, *property)
			property.Type = bind.presence.decodedAs(property.Type)
			decoded = append(decoded, *property)
		}
		b.fields = append(b.fields, bind)
	}
	if len(properties) > 0 {
		b.body, b.decoded = reflect.StructOf(properties), reflect.StructOf(decoded)
	}
	return b, errors.Join(errs...)
}

// checkCodec returns an error for a codec that cannot decode properties.
func (b *binder) checkCodec(codec sdkencoding.Codec) error {
	if b.body == nil {
		return nil
	}
	switch codec.(type) {
	case RawCodec, TextCodec:
		return fmt.Errorf("takes properties from the body, and the %T has none", codec)
	}
	switch codec {
	case sdkencoding.BinaryCodec, sdkencoding.ProtoCodec, sdkencoding.ProtoJSONCodec:
		return errors.New("takes properties from the body, which the binary and protobuf codecs do not know")
	default:
		return nil
	}
}

// bind makes a parameter object from an invocation.
func (b *binder) bind(codec sdkencoding.Codec, src Source) (reflect.Value, error) {
	object := reflect.New(b.object)
	if err := codec.Unmarshal(src.Body(), object.Interface()); err != nil {
		return reflect.Value{}, err
	}
	for _, f := range b.fields {
		if f.property >= 0 {
			continue
		}
		text := f.text(src)
		if text == "" {
			continue
		}
		if err := setText(object.Elem().Field(f.index), text); err != nil {
			return reflect.Value{}, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return object, nil
}

// bodyCodec encodes and decodes only those fields of a parameter object that are
// properties of the body.
type bodyCodec struct {
	describedCodec
	binder *binder
}

// Marshal takes the object or a pointer to it. A nil pointer is encoded as the zero
// object.
func (c bodyCodec) Marshal(v any) ([]byte, error) {
	object := reflect.ValueOf(v)
	if !object.IsValid() || base(object.Type()) != c.binder.object {
		return c.Codec.Marshal(v)
	}
	if c.binder.body == nil {
		return nil, nil
	}
	body := reflect.New(c.binder.body).Elem()
	if object = reflect.Indirect(object); object.IsValid() {
		for _, f := range c.binder.fields {
			if f.property >= 0 {
				body.Field(f.property).Set(object.Field(f.index))
			}
		}
	}
	return c.Codec.Marshal(body.Interface())
}

// Unmarshal takes a pointer to the object, or a pointer to such a pointer.
func (c bodyCodec) Unmarshal(data []byte, v any) error {
	object := reflect.ValueOf(v)
	if object.Kind() != reflect.Pointer || object.IsNil() || base(object.Type().Elem()) != c.binder.object {
		return c.Codec.Unmarshal(data, v)
	}
	object = object.Elem()
	if object.Kind() == reflect.Pointer {
		object.Set(reflect.New(c.binder.object))
		object = object.Elem()
	}
	if c.binder.body == nil {
		return nil
	}
	body := reflect.New(c.binder.decoded)
	for _, f := range c.binder.fields {
		if f.property >= 0 {
			f.presence.prepare(body.Elem().Field(f.property))
		}
	}
	if err := c.Codec.Unmarshal(data, body.Interface()); err != nil {
		return err
	}
	var wrong []string
	for _, f := range c.binder.fields {
		if f.property < 0 {
			continue
		}
		value, why := f.presence.value(body.Elem().Field(f.property))
		if why != "" {
			wrong = append(wrong, fmt.Sprintf("the property %q %s", f.name, why))
			continue
		}
		object.Field(f.index).Set(value)
	}
	if len(wrong) > 0 {
		return &InputError{Reason: strings.Join(wrong, ", ")}
	}
	return nil
}

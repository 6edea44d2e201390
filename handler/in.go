package handler

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	sdkencoding "github.com/restatedev/sdk-go/encoding"
)

// In marks a parameter object: an input struct that embeds it has its fields
// filled from where their tags say.
//
//	type Refund struct {
//		fxrestate.In
//
//		Transaction string `input:"transactionId"`   // a property of the body
//		Reason      string `input:"reason,omitempty"` // one that may be missing
//		Tenant      string `header:"x-tenant"`        // a header of the invocation
//		Account     string `key:""`                   // the key of the object or workflow
//		Invocation  string `invocation-id:""`
//		Idempotency string `idempotency-key:""`
//	}
//
// Discovery shows the body's properties only. A header that is missing leaves the
// zero value; headers and keys fill strings, numbers, booleans and types with
// UnmarshalText, and text that does not fit is answered with 400. Typed clients
// send the body's properties; headers are options of the call.
type In struct{}

// Source is where the fields of a parameter object come from: the invocation.
type Source interface {
	Body() []byte
	Header(name string) string
	Key() string
	ID() string
	IdempotencyKey() string
}

// binder fills a parameter object.
type binder struct {
	object reflect.Type
	body   reflect.Type // the properties of the body, or nil
	fields []binding    // in the order of the body's fields, then the others
}

// binding fills one field.
type binding struct {
	index    int // in the object
	property int // in the body, or -1
	name     string
	text     func(Source) string // where it comes from otherwise
}

// The tags of fields that are not filled from the body.
var textTags = map[string]func(name string) func(Source) string{
	"header":          func(name string) func(Source) string { return func(s Source) string { return s.Header(name) } },
	"key":             func(string) func(Source) string { return Source.Key },
	"invocation-id":   func(string) func(Source) string { return Source.ID },
	"idempotency-key": func(string) func(Source) string { return Source.IdempotencyKey },
}

// isParameterObject reports whether t embeds In.
func isParameterObject(t reflect.Type) bool {
	if t == nil || t.Kind() != reflect.Struct {
		return false
	}
	f, ok := t.FieldByName("In")
	return ok && f.Anonymous && len(f.Index) == 1 && f.Type == reflect.TypeFor[In]()
}

// newBinder reads the tags of a parameter object. The error joins what is wrong
// with them.
func newBinder(t reflect.Type, keyed bool) (*binder, error) {
	b := &binder{object: t}
	var properties []reflect.StructField
	var errs []error
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Type == reflect.TypeFor[In]() {
			continue
		}
		bind, property, err := bindingOf(f, keyed)
		if err != nil {
			errs = append(errs, fmt.Errorf("field %s %w", f.Name, err))
			continue
		}
		bind.index = i
		if property != nil {
			bind.property = len(properties)
			properties = append(properties, *property)
		}
		b.fields = append(b.fields, bind)
	}
	if len(properties) > 0 {
		b.body = reflect.StructOf(properties)
	}
	return b, errors.Join(errs...)
}

func bindingOf(f reflect.StructField, keyed bool) (binding, *reflect.StructField, error) {
	if !f.IsExported() {
		return binding{}, nil, errors.New("is not exported, so nothing can fill it")
	}
	if name, ok := f.Tag.Lookup("input"); ok {
		if name == "" || strings.HasPrefix(name, ",") {
			return binding{}, nil, errors.New(`has no name in its tag; write input:"name"`)
		}
		rest := strings.Replace(string(f.Tag), `input:`, `json:`, 1)
		property := reflect.StructField{Name: f.Name, Type: f.Type, Tag: reflect.StructTag(rest)}
		return binding{name: name}, &property, nil
	}
	for tag, of := range textTags {
		name, ok := f.Tag.Lookup(tag)
		if !ok && string(f.Tag) != tag {
			continue
		}
		switch {
		case tag == "header" && name == "":
			return binding{}, nil, errors.New(`has no name in its tag; write header:"name"`)
		case tag == "key" && !keyed:
			return binding{}, nil, errors.New("wants the key, and a service has none")
		case !takesText(f.Type):
			return binding{}, nil, fmt.Errorf("is a %s, which text cannot fill; use a string, a number, a bool or a type with UnmarshalText", f.Type)
		}
		return binding{property: -1, name: strings.TrimSpace(tag + " " + name), text: of(name)}, nil, nil
	}
	if f.Tag == "" {
		return binding{}, nil, errors.New(`has no tag; write input:"…", header:"…", key:"", invocation-id:"" or idempotency-key:""`)
	}
	return binding{}, nil, fmt.Errorf("has the tag `%s`, which is none of input, header, key, invocation-id and idempotency-key", f.Tag)
}

// bind makes a parameter object of an invocation.
func (b *binder) bind(codec sdkencoding.Codec, src Source) (any, error) {
	object := reflect.New(b.object).Elem()
	body := reflect.Value{}
	if b.body != nil {
		body = reflect.New(b.body)
		if err := sdkencoding.Unmarshal(codec, src.Body(), body.Interface()); err != nil {
			return nil, err
		}
		body = body.Elem()
	}
	for _, f := range b.fields {
		if f.property >= 0 {
			object.Field(f.index).Set(body.Field(f.property))
			continue
		}
		text := f.text(src)
		if text == "" {
			continue
		}
		if err := setText(object.Field(f.index), text); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return object.Interface(), nil
}

// bodyCodec encodes the body's properties of a parameter object, for callers.
type bodyCodec struct {
	sdkencoding.Codec
	binder *binder
}

func (c bodyCodec) Marshal(v any) ([]byte, error) {
	object := reflect.ValueOf(v)
	if !object.IsValid() || object.Type() != c.binder.object {
		return c.Codec.Marshal(v)
	}
	if c.binder.body == nil {
		return nil, nil
	}
	body := reflect.New(c.binder.body).Elem()
	for _, f := range c.binder.fields {
		if f.property >= 0 {
			body.Field(f.property).Set(object.Field(f.index))
		}
	}
	return c.Codec.Marshal(body.Interface())
}

// ContentType, JsonSchema and InputRequired describe the body as the codec inside
// does.
func (c bodyCodec) ContentType() string {
	if m, ok := c.Codec.(sdkencoding.CodecMetadata); ok {
		return m.ContentType()
	}
	return ""
}

func (c bodyCodec) JsonSchema(v any) any {
	if m, ok := c.Codec.(sdkencoding.CodecMetadata); ok {
		return m.JsonSchema(v)
	}
	return nil
}

func (c bodyCodec) InputRequired() bool {
	if m, ok := c.Codec.(sdkencoding.CodecInputMetadata); ok {
		return m.InputRequired()
	}
	return true
}

func takesText(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return true
	default:
		return false
	}
}

func setText(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	bad := func(err error) error {
		if err == nil {
			return nil
		}
		return fmt.Errorf("%q is no %s", text, v.Type())
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
		return nil
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return bad(err)
	case reflect.Float32, reflect.Float64:
		n, err := strconv.ParseFloat(text, v.Type().Bits())
		v.SetFloat(n)
		return bad(err)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, v.Type().Bits())
		v.SetUint(n)
		return bad(err)
	default:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
		return bad(err)
	}
}

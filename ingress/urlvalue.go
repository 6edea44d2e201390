package ingress

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"unicode/utf8"

	"github.com/fxrestate/go/internal/textvalue"
)

// boundField is a field of the input that comes from the URL.
type boundField struct {
	index     []int
	typ       reflect.Type
	name      string
	fromQuery bool
	many      bool // all values of a query parameter

	property property
	// Structs with a field alone, v, that is encoded as the property is: of the
	// field's type, and of that of the texts.
	alone, plain reflect.Type
}

// is says what property the field is filled from.
func (f *boundField) is(p property) {
	f.property = p
	tag := reflect.StructTag(`json:"v"`)
	if p.quoted {
		tag = `json:"v,string"`
	}
	texts := reflect.TypeFor[string]()
	if f.many {
		texts = reflect.TypeFor[[]string]()
	}
	f.alone = reflect.StructOf([]reflect.StructField{{Name: "V", Type: f.typ, Tag: tag}})
	f.plain = reflect.StructOf([]reflect.StructField{{Name: "V", Type: texts, Tag: tag}})
}

func bindField(t reflect.Type, f reflect.StructField) (boundField, bool, error) {
	path, inPath := f.Tag.Lookup("path")
	query, inQuery := f.Tag.Lookup("query")
	switch {
	case !inPath && !inQuery:
		return boundField{}, false, nil
	case inPath && inQuery:
		return boundField{}, false, errors.New("has a path and a query tag; keep one")
	case path+query == "":
		return boundField{}, false, errors.New("has a path or query tag without a name")
	case !f.IsExported():
		return boundField{}, false, errors.New("has a path or query tag and is not exported")
	}
	for i := 1; i < len(f.Index); i++ {
		if t.FieldByIndex(f.Index[:i]).Type.Kind() == reflect.Pointer {
			return boundField{}, false, errors.New("is reached through an embedded pointer; embed the struct itself")
		}
	}
	b := boundField{index: f.Index, typ: f.Type, name: path + query, fromQuery: inQuery}
	b.many = inQuery && f.Type.Kind() == reflect.Slice && !takesText(f.Type)
	if !takesText(f.Type) && !(b.many && takesText(f.Type.Elem())) {
		return b, false, fmt.Errorf("is a %s, which no path or query value fits", f.Type)
	}
	return b, true, nil
}

// takesText reports whether one text of a URL fits a field: into the type itself, or
// into what it points to.
func takesText(t reflect.Type) bool {
	return textvalue.Takes(t) || t.Kind() == reflect.Pointer && textvalue.Takes(t.Elem())
}

// setText puts text into a field of such a type.
func setText(field reflect.Value, text string) error {
	if !textvalue.Takes(field.Type()) {
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	return textvalue.Set(field, text)
}

// urlValue is what a request has for a field.
type urlValue struct {
	boundField
	value   reflect.Value // the zero value when there is none
	literal []byte        // the value as JSON; nil when there is none
	inexact bool          // what the literal decodes into is not known to be the value
}

// urlValues returns the value of each field.
func (b binder) urlValues(r *http.Request) ([]urlValue, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badRequest("the query is malformed")
	}
	values := make([]urlValue, len(b.fields))
	for i, f := range b.fields {
		texts, err := f.texts(r, query)
		if err != nil {
			return nil, err
		}
		values[i] = urlValue{boundField: f, value: reflect.Zero(f.typ)}
		if len(texts) == 0 {
			continue
		}
		if err := values[i].read(texts); err != nil {
			return nil, badRequest(fmt.Sprintf("%s: %v", f, err))
		}
	}
	return values, nil
}

// String is how errors call it.
func (f boundField) String() string {
	if f.fromQuery {
		return fmt.Sprintf("query parameter %q", f.name)
	}
	return fmt.Sprintf("path value %q", f.name)
}

// texts returns what the URL has for the field.
func (f boundField) texts(r *http.Request, query url.Values) ([]string, error) {
	texts := query[f.name]
	if !f.fromQuery {
		text, err := pathValue(r, f.name)
		if err != nil {
			return nil, err
		}
		if text == "" {
			return nil, badRequest(f.String() + " is empty")
		}
		texts = []string{text}
	}
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return nil, badRequest(f.String() + " is not valid UTF-8")
		}
	}
	if len(texts) > 1 && !f.many {
		return nil, badRequest(fmt.Sprintf("%s is there %d times", f, len(texts)))
	}
	return texts, nil
}

// read reads texts into the value.
func (v *urlValue) read(texts []string) error {
	value := reflect.New(v.typ).Elem()
	var plain any = texts[0]
	if v.many {
		plain = texts
		value.Set(reflect.MakeSlice(v.typ, len(texts), len(texts)))
		for i, text := range texts {
			if err := setText(value.Index(i), text); err != nil {
				return err
			}
		}
	} else if err := setText(value, texts[0]); err != nil {
		return err
	}
	v.value = value
	return v.findLiteral(plain)
}

// findLiteral finds JSON from which the handler decodes the value. That is how the value
// encodes, unless that hides something or the type reads other JSON than it writes:
// then it is the text itself.
func (v *urlValue) findLiteral(plain any) error {
	encoded, exact := v.try(v.value)
	if exact {
		v.literal = encoded
		return nil
	}
	text, exact := v.try(reflect.ValueOf(plain))
	v.inexact = !exact
	switch {
	case text != nil:
		v.literal = text
	case encoded != nil:
		v.literal = encoded
	default:
		return errors.New("is not valid") // JSON has no such value, as for a json.Number "x"
	}
	return nil
}

// try encodes something as the property and decodes the field from it. The literal is
// nil if that fails; it is exact if the value comes out.
func (v *urlValue) try(from reflect.Value) (literal []byte, exact bool) {
	source := reflect.New(v.plain).Elem()
	if from.Type() == v.typ {
		source = reflect.New(v.alone).Elem()
	}
	source.Field(0).Set(from)
	literal, err := json.Marshal(source.Interface())
	if err != nil {
		return nil, false
	}
	into := reflect.New(v.alone)
	if json.Unmarshal(literal, into.Interface()) != nil {
		return nil, false
	}
	exact = reflect.DeepEqual(into.Elem().Field(0).Interface(), v.value.Interface())
	return literal[len(`{"v":`) : len(literal)-1], exact
}

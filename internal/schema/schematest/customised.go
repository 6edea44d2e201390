package schematest

import (
	"time"

	"github.com/invopop/jsonschema"
)

type (
	// Told has all tags for the schema.
	Told struct {
		Title    string   `json:"title" jsonschema:"title=A title,description=What it is,minLength=0,maxLength=9,example=a"`
		Text     string   `json:"text" jsonschema_description:"commas, and all"`
		Enum     *string  `json:"enum" jsonschema:"enum=a,enum=b"`
		Number   int      `json:"number" jsonschema:"minimum=0,maximum=9,default=1"`
		Slice    []string `json:"slice" jsonschema:"maxItems=2,description=some"`
		Item     *Item    `json:"item" jsonschema:"description=an item"`
		Nullable string   `json:"nullable" jsonschema:"nullable"`
		Required *int     `json:"required,omitempty" jsonschema:"nullable"`
		Extra    string   `json:"extra" jsonschema_extras:"x-order=1"`
		Hidden   string   `json:"hidden" jsonschema:"-"`
		Either   any      `json:"either" jsonschema:"oneof_type=string;null;boolean"`
		Ref      Item     `json:"ref" jsonschema:"anyof_ref=#/$defs/Item;#/$defs/Größe"`
		Other    Größe    `json:"other"`
	}
	// SelfRef has a tag that refers to its own type.
	SelfRef struct {
		Children []any `json:"children" jsonschema:"oneof_ref=#/$defs/SelfRef"`
	}
	// Choice must have one of two properties.
	Choice struct {
		A string `json:"a" jsonschema:"oneof_required=a"`
		B string `json:"b,omitempty" jsonschema:"oneof_required=b"`
	}
	// Self describes itself.
	Self struct{ N int }
	// SelfReflected describes itself with the library, with definitions.
	SelfReflected struct{ Items []Item }
	// Extended adds to its schema.
	Extended struct {
		Day string `json:"day"`
	}
	// ExtendedList does, and is a slice.
	ExtendedList []string
	// Alias is described as another type.
	Alias struct{ time.Time }
	// PropertyAlias has a property that is.
	PropertyAlias struct {
		At time.Time `json:"at"`
		N  int       `json:"n"`
	}
	// Documented describes its fields.
	Documented struct {
		A string `json:"a"`
		B *Item  `json:"b"`
	}
)

// JSONSchema and the others are as the types say.
func (Self) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "object", Description: "itself", ID: "https://example.com/self", Version: jsonschema.Version}
}

func (SelfReflected) JSONSchema() *jsonschema.Schema {
	type reflected struct{ Items []Item }
	r := jsonschema.Reflector{ExpandedStruct: true, AllowAdditionalProperties: true}
	s := r.Reflect(reflected{})
	items, _ := s.Properties.Get("Items")
	s.Properties.Set("Items", &jsonschema.Schema{OneOf: []*jsonschema.Schema{items, {Type: "null"}}})
	return s
}

func (Extended) JSONSchemaExtend(s *jsonschema.Schema) {
	day, _ := s.Properties.Get("day")
	day.Description = "the day"
}

func (ExtendedList) JSONSchemaExtend(s *jsonschema.Schema) { s.Title = "extended" }

func (Alias) JSONSchemaAlias() any { return time.Time{} }

func (PropertyAlias) JSONSchemaProperty(name string) any {
	if name == "at" {
		return ""
	}
	return nil
}

func (Documented) GetFieldDocString(field string) string { return "field " + field }

type (
	// BadType has a tag that names no type.
	BadType struct {
		A string `json:"a" jsonschema:"type=strin"`
	}
	// BadPattern has a tag with an invalid pattern.
	BadPattern struct {
		A string `json:"a" jsonschema:"pattern=(?<x>"`
	}
	// BadRef has a tag with a reference without a target.
	BadRef struct {
		A any `json:"a" jsonschema:"oneof_ref=#/$defs/Nobody"`
	}
	// BadSelf panics in its schema method.
	BadSelf struct {
		A *BadSelf `json:"a"`
	}
	// BadNil returns a nil schema.
	BadNil struct {
		A int `json:"a"`
	}
	// BadExtend panics.
	BadExtend struct {
		A int `json:"a"`
	}
	// BadAlias is described as itself.
	BadAlias struct {
		A int `json:"a"`
	}
)

// JSONSchema and the others are as the types say.
func (BadSelf) JSONSchema() *jsonschema.Schema { panic("no schema today") }

func (BadNil) JSONSchema() *jsonschema.Schema { return nil }

func (BadExtend) JSONSchemaExtend(s *jsonschema.Schema) { s.Properties.Newest().Value.Items.Type = "x" }

func (BadAlias) JSONSchemaAlias() any { return BadAlias{} }

func customised() []Type {
	return []Type{
		of("fields whose tags describe them", Told{
			"a", "b", pointer("a"), 1, []string{"a"}, &Item{}, "b", pointer(1), "c", "d", true, Item{}, Größe{},
		}, `{}`),
		of("a tag that refers to its own type", SelfRef{[]any{SelfRef{}}}, `{"children":[1]}`),
		of("a choice of properties", Choice{"a", ""}, `{"a":"a","b":"b"}`),
		of("a type that describes itself", Self{1}, `[]`),
		of("a field that describes itself", []Self{{1}}, `{}`, `[1]`),
		of("a type that describes itself by the library", SelfReflected{[]Item{{}}}, `{"Items":[{}]}`),
		of("a pointer to one that describes itself by the library", []*SelfReflected{nil, {}}, `[{"Items":[{}]}]`),
		of("a type that adds to its schema", Extended{"a"}, `{}`),
		of("a slice that adds to its schema", ExtendedList{"a"}, `{}`),
		of("a type that is described as another", Alias{time.Unix(1, 0)}, `1`),
		of("a property that is described as another", PropertyAlias{time.Unix(1, 0), 1}, `{"at":1,"n":1}`),
		of("a type that describes its fields", Documented{"a", &Item{}}, `{}`),
		leftOut("a tag that names no type", BadType{"a"}, `{"a":1}`),
		leftOut("a tag that is no pattern", BadPattern{"a"}, `{"a":1}`),
		leftOut("a tag that refers to nothing", BadRef{1}, `{}`),
		leftOut("a type that panics where it describes itself", BadSelf{&BadSelf{}}, `{"a":1}`),
		leftOut("a type that panics where it adds to its schema", BadExtend{1}, `{"a":"b"}`),
		of("a type that has nothing to say", BadNil{1}),
		of("a type that is described as itself", BadAlias{1}),
	}
}

package jsontype

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// Field is a property of the object that encoding/json writes for a struct.
type Field struct {
	// Name of the property.
	Name string
	// Go is the field. Its Index is relative to the struct passed to Fields.
	Go reflect.StructField
	// Owner is the struct in which the field is declared: the struct passed to
	// Fields, or one that is embedded in it.
	Owner reflect.Type
	// Path is the selector of the field in Go, such as "Base.ID".
	Path string
	// OmitEmpty, OmitZero and Quoted are the effective options of its tag.
	OmitEmpty, OmitZero, Quoted bool
	// ThroughPointer is true if the property is omitted when an embedded pointer is
	// nil.
	ThroughPointer bool

	tagged bool
}

// Optional reports whether the property is omitted for some values.
func (f Field) Optional() bool { return f.OmitEmpty || f.OmitZero || f.ThroughPointer }

// embedded is an embedded struct: its fields count as fields of the outer struct.
type embedded struct {
	typ            reflect.Type
	index          []int
	path           string
	throughPointer bool
}

// Fields returns the properties of a struct in the order in which they are written. If
// several fields have the same name, encoding/json uses one of them or none, and so does
// Fields.
func Fields(t reflect.Type) []Field {
	var found []Field
	visited := map[reflect.Type]bool{}
	var count map[reflect.Type]int // how often a struct is embedded at this depth
	for level := []embedded{{typ: t}}; len(level) > 0; {
		var next []embedded
		nextCount := map[reflect.Type]int{}
		for _, e := range level {
			if visited[e.typ] {
				continue
			}
			visited[e.typ] = true
			for i := range e.typ.NumField() {
				f, inner, ok := e.field(i)
				switch {
				case !ok:
				case inner != nil:
					if nextCount[inner.typ]++; nextCount[inner.typ] == 1 {
						next = append(next, *inner)
					}
				default:
					found = append(found, f)
					if count[e.typ] > 1 {
						// If it is embedded twice at one depth, its fields hide each other.
						found = append(found, f)
					}
				}
			}
		}
		level, count = next, nextCount
	}
	return dominant(found)
}

// field reads field i. Inner is the embedded struct whose fields replace it.
func (e embedded) field(i int) (f Field, inner *embedded, ok bool) {
	sf := e.typ.Field(i)
	tag := sf.Tag.Get("json")
	if !Visible(sf) || tag == "-" {
		return Field{}, nil, false
	}
	index := append(slices.Clone(e.index), i)
	path := strings.TrimPrefix(e.path+"."+sf.Name, ".")
	t := sf.Type
	if t.Name() == "" && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, tagged := Name(sf)
	if !tagged && sf.Anonymous && t.Kind() == reflect.Struct {
		return Field{}, &embedded{t, index, path, e.throughPointer || sf.Type.Kind() == reflect.Pointer}, true
	}
	_, options, _ := strings.Cut(tag, ",")
	has := func(option string) bool { return slices.Contains(strings.Split(options, ","), option) }
	sf.Index = index
	return Field{
		Name: name, Go: sf, Owner: e.typ, Path: path, tagged: tagged, ThroughPointer: e.throughPointer,
		OmitEmpty: has("omitempty"), OmitZero: has("omitzero"), Quoted: has("string") && Quotable(t.Kind()),
	}, nil, true
}

// Visible reports whether encoding/json considers a field.
func Visible(f reflect.StructField) bool {
	if f.IsExported() {
		return true
	}
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	// An embedded struct may have exported fields.
	return f.Anonymous && t.Kind() == reflect.Struct
}

// Name returns the name of a field in JSON, and whether the name comes from its tag.
func Name(f reflect.StructField) (name string, tagged bool) {
	name, _, _ = strings.Cut(f.Tag.Get("json"), ",")
	if name == "" || !ValidName(name) {
		return f.Name, false
	}
	return name, true
}

// ValidName reports whether encoding/json accepts a name from a tag. Otherwise it
// silently uses the field's name.
func ValidName(name string) bool {
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) {
			return false
		}
	}
	return name != ""
}

// Quotable reports whether encoding/json honours the option string for a kind.
func Quotable(k reflect.Kind) bool {
	return k == reflect.String || reflect.Bool <= k && k <= reflect.Float64
}

// dominant keeps one field of each name: the least embedded one, else the one with the
// name in its tag. If that is ambiguous, it keeps none.
func dominant(found []Field) []Field {
	slices.SortStableFunc(found, func(a, b Field) int {
		return cmp.Or(
			cmp.Compare(a.Name, b.Name),
			cmp.Compare(len(a.Go.Index), len(b.Go.Index)),
			-compareBool(a.tagged, b.tagged),
			slices.Compare(a.Go.Index, b.Go.Index),
		)
	})
	var fields []Field
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].Name == found[0].Name {
			n++
		}
		if n == 1 || len(found[0].Go.Index) != len(found[1].Go.Index) || found[0].tagged != found[1].tagged {
			fields = append(fields, found[0])
		}
		found = found[n:]
	}
	slices.SortFunc(fields, func(a, b Field) int { return slices.Compare(a.Go.Index, b.Go.Index) })
	return fields
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

package sdk

import (
	"errors"
	"maps"
	"reflect"
	"slices"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
)

// Foreign is a handler of a definition that we did not make.
type Foreign struct {
	Handler

	Name string
	// Type is the handler type of the discovery manifest, such as "SHARED"; a service
	// has none.
	Type     string
	Metadata map[string]string
	// InputCodec and OutputCodec are those of its options, or nil.
	InputCodec, OutputCodec encoding.Codec
	// Takes and Gives are the types of its input and its result, as far as they show.
	Takes, Gives Shown
	// Input is the type that the handler decodes its body into: Void if it takes none,
	// nil if that is not known.
	Input reflect.Type
}

// Shown is a type that a handler of the SDK's shows when it asks its codec for a
// schema.
type Shown struct {
	// Type is nil also for an interface.
	Type reflect.Type
	// Known reports whether the handler has asked.
	Known bool
}

// Replace returns a definition like def, with the same manifest but for what the new
// handlers describe. replace is asked for each handler, sorted by name; def stays as
// it is, so that several endpoints can serve it. The error joins those of replace.
func Replace(def restate.ServiceDefinition, replace func(Foreign) (Handler, error)) (restate.ServiceDefinition, error) {
	handlers := maps.Clone(def.Handlers())
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(handlers)) {
		base := handlers[name]
		f := Foreign{Handler: base, Name: name, Metadata: base.GetOptions().Metadata}
		f.InputCodec, f.OutputCodec = base.GetOptions().InputCodec, base.GetOptions().OutputCodec
		if t := base.HandlerType(); t != nil {
			f.Type = string(*t)
		}
		if probed, ok := shallowCopy(base); ok {
			takes, gives := new(probe), new(probe)
			probed.GetOptions().InputCodec, probed.GetOptions().OutputCodec = takes, gives
			f.Takes = takes.of(func() { probed.InputPayload() })
			f.Gives = gives.of(func() { probed.OutputPayload() })
			f.Input = inputOf(base, f.Takes)
		}
		own, err := replace(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		handlers[name] = Adapt(base, own)
	}
	return withHandlers(def, handlers), errors.Join(errs...)
}

// inputOf returns the type of a handler's input. A handler of the SDK has its function,
// whose type tells it, or is made by restate.Reflect, and then has a type of the input
// that is nil without one.
func inputOf(h any, shown Shown) reflect.Type {
	v := reflect.ValueOf(h).Elem()
	for i := range v.NumField() {
		if t := v.Field(i).Type(); t.Kind() == reflect.Func && t.NumIn() == 2 {
			return t.In(1)
		}
	}
	input := v.FieldByName("input")
	switch {
	case input.IsValid() && input.Kind() == reflect.Interface && input.IsNil():
		return reflect.TypeFor[encoding.Void]()
	case shown.Known && shown.Type == nil:
		return reflect.TypeFor[any]()
	default:
		return shown.Type
	}
}

// Metadata returns the metadata of a definition.
func Metadata(def restate.ServiceDefinition) map[string]string { return def.GetOptions().Metadata }

// replaced is a definition with other handlers than the one inside.
type replaced[H any] struct {
	restate.ServiceDefinition
	handlers map[string]H
}

// withHandlers infers the handlers' type, which has no public name.
func withHandlers[H any](def restate.ServiceDefinition, handlers map[string]H) *replaced[H] {
	return &replaced[H]{def, handlers}
}

func (r *replaced[H]) Handlers() map[string]H { return r.handlers }

// WithDefaults returns a definition like def, with those options of defaults that def
// leaves open: of a retry policy single fields, of metadata single keys. The codec stays
// that of def, whose handlers have one. def stays as it is.
func WithDefaults(def restate.ServiceDefinition, defaults []restate.ServiceDefinitionOption) restate.ServiceDefinition {
	if len(defaults) == 0 {
		return def
	}
	return withOptions(def, def.GetOptions(), Options(restate.ServiceDefinitionOption.BeforeServiceDefinition, defaults))
}

// defaulted is a definition with other options than the one inside.
type defaulted[O any] struct {
	restate.ServiceDefinition
	options *O
}

// withOptions infers the options' type, which has no public name.
func withOptions[O any](def restate.ServiceDefinition, own *O, defaults O) *defaulted[O] {
	merged := *own
	fill(reflect.ValueOf(&merged).Elem(), reflect.ValueOf(defaults))
	return &defaulted[O]{def, &merged}
}

func (d *defaulted[O]) GetOptions() *O { return d.options }

// fill fills in the fields of a struct that are not set, and does not change what they
// point to.
func fill(own, defaults reflect.Value) {
	for i := range own.NumField() {
		to, from := own.Field(i), defaults.Field(i)
		switch {
		case from.IsZero():
		case to.IsZero():
			to.Set(from)
		case to.Kind() == reflect.Map:
			both := reflect.MakeMap(to.Type())
			for _, layer := range []reflect.Value{from, to} {
				for k, v := range layer.Seq2() {
					both.SetMapIndex(k, v)
				}
			}
			to.Set(both)
		case to.Kind() == reflect.Pointer && to.Elem().Kind() == reflect.Struct:
			both := reflect.New(to.Type().Elem())
			both.Elem().Set(to.Elem())
			fill(both.Elem(), from.Elem())
			to.Set(both)
		}
	}
}

// sdkPath is the package whose handlers can be copied without sharing anything
// that a probe changes.
var sdkPath = reflect.TypeFor[restate.ServiceDefinition]().PkgPath()

// shallowCopy copies a handler of the SDK with its options.
func shallowCopy[H any](h H) (copied H, ok bool) {
	v := reflect.ValueOf(h)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct || v.Type().Elem().PkgPath() != sdkPath {
		return copied, false
	}
	c := reflect.New(v.Type().Elem())
	c.Elem().Set(v.Elem())
	return c.Interface().(H), true
}

// probe is a codec by which a handler shows the type of its input or result.
type probe struct{ shown Shown }

// of returns what describe asks about. A type that describes itself may not do so on
// a nil pointer.
func (p *probe) of(describe func()) (shown Shown) {
	defer func() {
		_ = recover()
		shown = p.shown
	}()
	describe()
	return p.shown
}

func (p *probe) ContentType() string { return "" }

func (p *probe) JsonSchema(v any) any {
	p.shown = Shown{reflect.TypeOf(v), true}
	return nil
}

func (p *probe) Marshal(any) ([]byte, error) {
	return nil, errors.New("sdk: a probe encodes nothing")
}

func (p *probe) Unmarshal([]byte, any) error {
	return errors.New("sdk: a probe decodes nothing")
}

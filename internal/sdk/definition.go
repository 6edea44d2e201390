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

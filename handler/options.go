package handler

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"google.golang.org/protobuf/proto"

	"github.com/fxrestate/go/internal/jsontype"
)

// readOptions reads the options of the service and of its handlers, and from them
// the codecs.
func (r *reader) readOptions() {
	d := r.desc
	if !r.checkNil() {
		return
	}
	d.Options = append(fitting(d.Kind, r.spec.Defaults), r.spec.Options...)
	if policy, ok := mergedRetryPolicy(d.Options); ok {
		d.Options = append(d.Options, policy)
	}
	// A workflow definition accepts every option. For other kinds the SDK panics on
	// some.
	all := restate.NewWorkflow(d.Name, d.Options...).GetOptions()
	d.Metadata = all.Metadata
	if d.Kind == 0 {
		return // without handlers
	}
	if d.Kind != Workflow && all.WorkflowRetention != nil {
		r.problem("", "", fmt.Sprintf("has WithWorkflowRetention, and it is a %s", d.Kind), "remove the option")
	}
	if d.Kind == Service && all.EnableLazyState != nil {
		r.problem("", "", "has WithEnableLazyState, and a service has no state", "remove the option")
	}
	for _, m := range d.Methods {
		o := restate.NewServiceHandler[restate.Void, restate.Void](nil, m.Options...).GetOptions()
		m.InputCodec, m.OutputCodec = o.InputCodec, o.OutputCodec
		if m.InputCodec == nil {
			m.InputCodec = all.DefaultCodec
		}
		if m.OutputCodec == nil {
			m.OutputCodec = all.DefaultCodec
		}
		fits := r.readParameterObject(m)
		m.clientOptions = []restate.ClientOption{restate.WithInputCodec(m.InputCodec), restate.WithOutputCodec(m.OutputCodec)}
		m.Metadata = o.Metadata
		if o.WorkflowRetention != nil && m.Mode != Run {
			r.problem(m.GoName, m.Position, "has WithWorkflowRetention, and it is not the main handler of a workflow", "remove the option")
		}
		if o.IdempotencyRetention != nil && m.Mode == Run {
			r.problem(m.GoName, m.Position, "has WithIdempotencyRetention, and it is the main handler of a workflow, which the server refuses", "use WithWorkflowRetention")
		}
		if o.EnableLazyState != nil && d.Kind == Service {
			r.problem(m.GoName, m.Position, "has WithEnableLazyState, and a service has no state", "remove the option")
		}
		if fits {
			r.checkType(m, "its input ", m.InputCodec, m.Input, refusedByJSON(m.InputCodec, m.bodyType(), jsontype.Decoding))
		}
		if m.Output != nil && m.OutputCodec == (RawCodec{}) {
			r.problem(m.GoName, m.Position, "has the raw codec for its result, but a result needs a single content type", "use restate.WithInputCodec, or fxrestate.Raw, and restate.WithOutputCodec for the result")
			continue
		}
		r.checkType(m, "its result ", m.OutputCodec, m.Output, refusedByJSON(m.OutputCodec, m.Output, jsontype.Encoding))
	}
}

// checkType reports a type that its codec can never encode or decode, and the parts
// of it that encoding/json cannot.
func (r *reader) checkType(m *Method, what string, codec encoding.Codec, t reflect.Type, refusals []refusal) {
	if err := codecFits(codec, t); err != nil {
		refusals = []refusal{{err.Error(), "change the type or the codec"}}
	}
	for _, refused := range refusals {
		r.problem(m.GoName, m.Position, what+refused.reason, refused.fix)
	}
}

// readParameterObject reads the tags of an input that embeds In. It rejects an In
// elsewhere in the input, because a body could fill fields that are meant for headers.
// It returns true if it found no mistake.
func (r *reader) readParameterObject(m *Method) bool {
	object, ok := parameterObject(m.Input)
	if !ok {
		if path, found := FindIn(m.Input); found {
			r.problem(m.GoName, m.Position, fmt.Sprintf("its input %s has a handler.In within (%s), whose tags nothing reads", m.Input, cmp.Or(path, "itself")),
				"embed handler.In by value in the input struct itself, and take that or a pointer to it")
			return false
		}
		return true
	}
	b, err := newBinder(object, r.desc.Kind.Keyed())
	if err == nil {
		err = b.checkCodec(m.InputCodec)
	}
	if err != nil {
		r.problem(m.GoName, m.Position, fmt.Sprintf("its parameter object %s: %s", m.Input, strings.ReplaceAll(err.Error(), "\n", ", ")), "")
		return false
	}
	m.binder = b
	m.InputCodec = bodyCodec{describedCodec{m.InputCodec}, b}
	return true
}

// checkNil reports nil options, because the SDK panics on them.
func (r *reader) checkNil() bool {
	before := len(r.problems)
	if slices.Contains(r.spec.Defaults, nil) || slices.Contains(r.spec.Options, nil) {
		r.problem("", "", "has an option that is nil", "leave it out")
	}
	for _, m := range r.desc.Methods {
		if slices.Contains(m.Options, nil) {
			r.problem(m.GoName, m.Position, "has an option that is nil", "leave it out")
		}
	}
	return len(r.problems) == before
}

// fitting returns the defaults without those that do not apply to the kind.
func fitting(kind Kind, defaults []restate.ServiceDefinitionOption) []restate.ServiceDefinitionOption {
	var out []restate.ServiceDefinitionOption
	for _, opt := range defaults {
		o := restate.NewWorkflow("", opt).GetOptions()
		if kind != Workflow && o.WorkflowRetention != nil {
			continue
		}
		if kind == Service && o.EnableLazyState != nil {
			continue
		}
		out = append(out, opt)
	}
	return out
}

// retryPolicy sets those fields of a policy that are set in it.
type retryPolicy restate.InvocationRetryPolicy

func (p retryPolicy) BeforeRetryPolicy(to *restate.InvocationRetryPolicy) {
	if p.InitialInterval != nil {
		to.InitialInterval = p.InitialInterval
	}
	if p.ExponentiationFactor != nil {
		to.ExponentiationFactor = p.ExponentiationFactor
	}
	if p.MaxInterval != nil {
		to.MaxInterval = p.MaxInterval
	}
	if p.MaxAttempts != nil {
		to.MaxAttempts = p.MaxAttempts
	}
	if p.OnMaxAttempts != nil {
		to.OnMaxAttempts = p.OnMaxAttempts
	}
}

// mergedRetryPolicy merges the retry policies among the options field by field. In
// the SDK the last one replaces the others as a whole, so a service that sets only
// the number of attempts would lose the application's default intervals.
func mergedRetryPolicy(opts []restate.ServiceDefinitionOption) (restate.ServiceDefinitionOption, bool) {
	var layers []restate.InvocationRetryPolicyOption
	for _, opt := range opts {
		if p := restate.NewWorkflow("", opt).GetOptions().InvocationRetryPolicy; p != nil {
			layers = append(layers, retryPolicy(*p))
		}
	}
	if len(layers) < 2 {
		return nil, false
	}
	return restate.WithInvocationRetryPolicy(layers...), true
}

var (
	marshalerType   = reflect.TypeFor[encoding.RestateMarshaler]()
	unmarshalerType = reflect.TypeFor[encoding.RestateUnmarshaler]()
)

// selfCoding reports whether values of t encode, decode and describe themselves.
func selfCoding(t reflect.Type) bool {
	return t.Implements(marshalerType) || t.Implements(unmarshalerType)
}

// codecFits returns an error for a type that the codec can never encode or decode.
func codecFits(codec encoding.Codec, t reflect.Type) error {
	switch {
	case t == nil:
		return nil
	case t == reflect.TypeFor[*restate.Void]():
		return fmt.Errorf("is a %s, which must be a restate.Void", t)
	case selfCoding(t) || selfCoding(reflect.PointerTo(t)):
		return nil
	}
	switch codec {
	case encoding.BinaryCodec:
		if t != reflect.TypeFor[[]byte]() {
			return fmt.Errorf("is a %s, and the binary codec takes []byte", t)
		}
	case RawCodec{}:
		if t != reflect.TypeFor[[]byte]() {
			return fmt.Errorf("is a %s, and the raw codec takes []byte", t)
		}
	case TextCodec{}:
		if t.Kind() != reflect.String {
			return fmt.Errorf("is a %s, and the text codec takes a string", t)
		}
	case encoding.ProtoCodec, encoding.ProtoJSONCodec:
		if !t.Implements(reflect.TypeFor[proto.Message]()) {
			return fmt.Errorf("is a %s, and the protobuf codecs take a message such as *pb.Order", t)
		}
	default:
		switch t.Kind() {
		case reflect.Chan, reflect.Func, reflect.UnsafePointer:
			if !isJSON(codec) { // the caller checks JSON in detail
				return fmt.Errorf("is a %s, which cannot be encoded", t)
			}
		}
	}
	return nil
}

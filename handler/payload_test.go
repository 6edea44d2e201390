package handler_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/invopop/jsonschema"
	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/schema"
)

// TestDescriptionsEqualReflect compares kind, handlers, modes and payloads with the
// result of restate.Reflect for the same struct. The schemas of the JSON codec differ,
// so it checks only that they exist.
func TestDescriptionsEqualReflect(t *testing.T) {
	t.Parallel()
	type (
		service = []restate.ServiceDefinitionOption
		method  = map[string][]restate.HandlerOption
	)
	for name, test := range map[string]struct {
		instance any
		service  service
		method   method                // options by method name, for Reflect
		handlers []handler.HandlerSpec // the same, for Describe
	}{
		"all shapes":             {instance: &Shapes{}},
		"all sorts of payloads":  {instance: Payloads{}},
		"a virtual object":       {instance: &Cart{}},
		"a workflow":             {instance: &Signup{}},
		"value receivers":        {instance: Tariff{}},
		"value receivers of *T":  {instance: &Tariff{}},
		"an embedded struct":     {instance: &Node{}},
		"an embedded pointer":    {instance: &NodeRef{&Health{}}},
		"an embedded pointer, T": {instance: NodeRef{&Health{}}},
		"an embedded generic":    {instance: &Items{}},
		"bytes without a codec":  {instance: Blobs{}},
		"bytes, all binary":      {instance: Blobs{}, service: service{restate.WithBinary}},
		"bytes, some binary": {
			instance: Blobs{},
			method: method{
				"Upper": {restate.WithBinary},
				"Put":   {restate.WithInputCodec(encoding.BinaryCodec)},
				"Get":   {restate.WithOutputCodec(encoding.BinaryCodec)},
			},
			handlers: []handler.HandlerSpec{
				{Method: Blobs.Upper, Options: []restate.HandlerOption{restate.WithBinary}},
				{Method: Blobs.Put, Options: []restate.HandlerOption{restate.WithInputCodec(encoding.BinaryCodec)}},
				{Method: Blobs.Get, Options: []restate.HandlerOption{restate.WithOutputCodec(encoding.BinaryCodec)}},
			},
		},
		"protobuf as plain JSON": {instance: &Clock{}},
		"protobuf":               {instance: &Clock{}, service: service{restate.WithProto}},
		"protobuf as JSON":       {instance: &Clock{}, service: service{restate.WithProtoJSON}},
		"protobuf, one handler as JSON": {
			instance: &Clock{},
			service:  service{restate.WithProto},
			method:   method{"At": {restate.WithProtoJSON}},
			handlers: []handler.HandlerSpec{{Method: (*Clock).At, Options: []restate.HandlerOption{restate.WithProtoJSON}}},
		},
		"a codec of the user's own": {instance: &TwoWay{}, service: service{restate.WithCodec(custom{})}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desc, err := handler.Spec{
				Type: reflect.TypeOf(test.instance), Options: test.service, Handlers: test.handlers,
			}.Describe()
			require.NoError(t, err)
			def := restate.Reflect(test.instance, test.service...)
			for name, opts := range test.method {
				def.ConfigureHandler(name, opts...)
			}

			require.Equal(t, def.Name(), desc.Name)
			require.Equal(t, string(def.Type()), map[handler.Kind]string{
				handler.Service: "SERVICE", handler.Object: "VIRTUAL_OBJECT", handler.Workflow: "WORKFLOW",
			}[desc.Kind])
			require.Len(t, desc.Methods, len(def.Handlers()))
			for name, want := range def.Handlers() {
				m, ok := desc.Method(name)
				require.True(t, ok, name)
				mode := ""
				if want.HandlerType() != nil {
					mode = string(*want.HandlerType())
				}
				require.Equal(t, mode, map[handler.Mode]string{
					handler.Concurrent: "", handler.Exclusive: "EXCLUSIVE", handler.Shared: "SHARED", handler.Run: "WORKFLOW",
				}[m.Mode], name)
				wantIn, in := want.InputPayload(), m.InputPayload()
				wantOut, out := want.OutputPayload(), m.OutputPayload()
				if _, ours := in.JsonSchema.(schema.Document); ours {
					require.IsType(t, new(jsonschema.Schema), wantIn.JsonSchema, "input of %s", name)
					wantIn.JsonSchema, in.JsonSchema = nil, nil
				}
				if _, ours := out.JsonSchema.(schema.Document); ours {
					require.IsType(t, new(jsonschema.Schema), wantOut.JsonSchema, "output of %s", name)
					wantOut.JsonSchema, out.JsonSchema = nil, nil
				}
				require.Equal(t, toJSON(t, wantIn), toJSON(t, in), "input of %s", name)
				require.Equal(t, toJSON(t, wantOut), toJSON(t, out), "output of %s", name)
			}
		})
	}
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	return string(data)
}

// Sealed describes itself with value receivers, and handlers take it as a pointer:
// restate.Reflect panics because it calls the methods on a nil pointer.
type Sealed struct{ Own }

type Sealer struct{}

func (Sealer) Seal(restate.Context, *Sealed) (*Sealed, error) { return &Sealed{Own{"s"}}, nil }

func TestTypesThatDescribeThemselvesAreNotAskedOnANilPointer(t *testing.T) {
	t.Parallel()
	m, ok := describe[Sealer](t, handler.Spec{}).Method("Seal")
	require.True(t, ok)
	require.Panics(t, func() { restate.Reflect(Sealer{}).Handlers()["Seal"].OutputPayload() })
	require.JSONEq(t, `{"contentType": "text/plain", "setContentTypeIfEmpty": true}`, toJSON(t, m.OutputPayload()))
	require.JSONEq(t, `{"required": true}`, toJSON(t, m.InputPayload()))
}

func TestDecodeCallEncode(t *testing.T) {
	t.Parallel()
	const order = `{"id":"o-1","items":[{"sku":"a"},{"sku":"b"}]}`
	binary := []restate.ServiceDefinitionOption{restate.WithBinary}
	protoJSON := []restate.ServiceDefinitionOption{restate.WithProtoJSON}
	for name, test := range map[string]struct {
		instance any
		options  []restate.ServiceDefinitionOption
		method   string
		body     string
		want     string
		wantErr  error
	}{
		"input, output and error":         {instance: &Shapes{}, method: "InOutErr", body: order, want: `{"total":2}`},
		"an error instead of the result":  {instance: &Shapes{}, method: "InOutErr", body: `{}`, wantErr: errDeclined},
		"input and output":                {instance: &Shapes{}, method: "InOut", body: order, want: `{"total":2}`},
		"input and error":                 {instance: &Shapes{}, method: "InErr", body: order},
		"input and error, an error":       {instance: &Shapes{}, method: "InErr", body: `{}`, wantErr: errDeclined},
		"input":                           {instance: &Shapes{}, method: "In", body: order},
		"output and error":                {instance: &Shapes{}, method: "OutErr", want: `{"total":1}`},
		"output":                          {instance: &Shapes{}, method: "Out", want: `{"total":2}`},
		"error":                           {instance: &Shapes{}, method: "Err", wantErr: errDeclined},
		"nothing":                         {instance: &Shapes{}, method: "None"},
		"nothing, with a body":            {instance: &Shapes{}, method: "None", body: "not JSON"},
		"Void":                            {instance: Payloads{}, method: "Void"},
		"a nil result":                    {instance: Payloads{}, method: "Pointer", body: "{}", want: "null"},
		"a null input":                    {instance: Payloads{}, method: "Pointer", body: "null", want: "null"},
		"a type with its own coding":      {instance: Payloads{}, method: "Own", body: "so so", want: "so so"},
		"bytes as JSON":                   {instance: Blobs{}, method: "Get", want: `"YmxvYg=="`},
		"bytes":                           {instance: Blobs{}, options: binary, method: "Upper", body: "\x00\xff", want: "\x00\xff"},
		"empty bytes":                     {instance: Blobs{}, options: binary, method: "Upper"},
		"protobuf as JSON":                {instance: &Clock{}, options: protoJSON, method: "At", body: `"ab"`, want: `"1970-01-01T00:00:02Z"`},
		"a value receiver":                {instance: Tariff{rate: 3}, method: "Price", body: `{"price":2}`, want: "6"},
		"a value receiver of a pointer":   {instance: &Tariff{rate: 4}, method: "Price", body: `{"price":2}`, want: "8"},
		"a method of an embedded struct":  {instance: &Node{Health{"up"}}, method: "Ping", want: `"up"`},
		"a method of an embedded pointer": {instance: NodeRef{&Health{"up"}}, method: "State", want: `"up"`},
		"a method of a generic struct":    {instance: &Items{Repo[Item]{rows: []Item{{SKU: "x"}}}}, method: "Get", body: "0", want: `{"sku":"x","price":0}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desc, err := handler.Spec{Type: reflect.TypeOf(test.instance), Options: test.options}.Describe()
			require.NoError(t, err)
			m, ok := desc.Method(test.method)
			require.True(t, ok)
			input, err := m.Decode(invocation{test.body, nil})
			require.NoError(t, err)
			require.Equal(t, m.Input != nil, input != nil)

			result, err := m.Bind(test.instance).Call(noContext, input)
			if test.wantErr != nil {
				require.ErrorIs(t, err, test.wantErr)
				require.Nil(t, result)
				return
			}
			require.NoError(t, err)
			data, err := m.Encode(result)
			require.NoError(t, err)
			require.Equal(t, test.want, string(data))
		})
	}
}

// noContext is the context for a method that does not use it.
var noContext = restate.WithMockContext(nil)

func TestCallHandsTheInputOn(t *testing.T) {
	t.Parallel()
	shapes := &Shapes{}
	desc := describe[*Shapes](t, handler.Spec{})
	for _, name := range []string{"In", "InErr", "None"} {
		t.Run(name, func(t *testing.T) {
			m, _ := desc.Method(name)
			input, err := m.Decode(invocation{`{"id":"o-7"}`, nil})
			require.NoError(t, err)
			_, err = m.Bind(shapes).Call(noContext, input)
			require.NoError(t, err)
		})
	}
	require.Equal(t, []string{"In o-7", "InErr o-7", "None"}, shapes.Calls())
}

func TestCallTakesNoInputOnlyWhereTheTypeCanBeNil(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]string{
		"Pointer": "", "Slice": "", "Bytes": "", "Raw": "",
		"Text":      "handler: Text takes a string, and was given nothing; a pipe must return the input that it does not change",
		"Time":      "handler: Time takes a time.Time, and was given nothing",
		"Anonymous": "handler: Anonymous takes a struct { A int }, and was given nothing",
	} {
		t.Run(name, func(t *testing.T) {
			m, ok := describe[Payloads](t, handler.Spec{}).Method(name)
			require.True(t, ok, name)
			_, err := m.Bind(Payloads{}).Call(noContext, nil)
			if wrong == "" {
				require.NoError(t, err, name)
			} else {
				require.ErrorContains(t, err, wrong)
			}
		})
	}
	m, _ := describe[Payloads](t, handler.Spec{}).Method("Text")
	_, err := m.Bind(Payloads{}).Call(noContext, 1)
	require.EqualError(t, err, "handler: Text takes a string, and was given a int; a pipe must keep the type of the input")
}

func TestCallWorksOnTheInstanceItself(t *testing.T) {
	t.Parallel()
	cart := &Cart{}
	m, _ := describe[*Cart](t, handler.Spec{}).Method("AddItem")
	for range 2 {
		input, err := m.Decode(invocation{`{"sku":"a"}`, nil})
		require.NoError(t, err)
		_, err = m.Bind(cart).Call(noContext, input)
		require.NoError(t, err)
	}
	require.Equal(t, 2, cart.Size())
}

func TestDecodeReportsWhatTheCodecSays(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		instance any
		options  []restate.ServiceDefinitionOption
		method   string
		body     string
	}{
		"no JSON":              {instance: &Shapes{}, method: "In", body: "{"},
		"no body":              {instance: &Shapes{}, method: "In", body: ""},
		"JSON of another type": {instance: &Shapes{}, method: "In", body: `{"id":7}`},
		"no protobuf":          {instance: &Clock{}, options: []restate.ServiceDefinitionOption{restate.WithProto}, method: "At", body: "\xff"},
		"no protobuf JSON":     {instance: &Clock{}, options: []restate.ServiceDefinitionOption{restate.WithProtoJSON}, method: "At", body: "{"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desc, err := handler.Spec{Type: reflect.TypeOf(test.instance), Options: test.options}.Describe()
			require.NoError(t, err)
			m, _ := desc.Method(test.method)
			input, err := m.Decode(invocation{test.body, nil})
			require.Error(t, err)
			require.Nil(t, input)
		})
	}
}

func TestInputAndOutputHaveTheirOwnCodecs(t *testing.T) {
	t.Parallel()
	m, _ := describe[*Clock](t, handler.Spec{
		Handlers: []handler.HandlerSpec{{Method: (*Clock).At, Options: []restate.HandlerOption{
			restate.WithInputCodec(encoding.ProtoCodec), restate.WithOutputCodec(encoding.ProtoJSONCodec),
		}}},
	}).Method("At")
	body, err := proto.Marshal(wrapperspb.String("ab"))
	require.NoError(t, err)
	input, err := m.Decode(invocation{string(body), nil})
	require.NoError(t, err)
	require.Equal(t, "ab", input.(*wrapperspb.StringValue).GetValue())
	data, err := m.Encode(&timestamppb.Timestamp{Seconds: 2})
	require.NoError(t, err)
	require.Equal(t, `"1970-01-01T00:00:02Z"`, string(data))
}

func TestTypesThatEncodeThemselvesFitEachCodec(t *testing.T) {
	t.Parallel()
	for _, codec := range []restate.ServiceDefinitionOption{restate.WithBinary, restate.WithProto, restate.WithProtoJSON} {
		describe[Sealer](t, handler.Spec{Options: serviceOptions{codec}})
		describe[Closer](t, handler.Spec{Options: serviceOptions{codec}})
	}
}

type Closer struct{}

func (Closer) Close(restate.Context, restate.Void) (Own, error) { return Own{}, nil }
func (Closer) Take(restate.Context, Own) (restate.Void, error)  { return restate.Void{}, nil }

func TestDecodeMakesANewValueEachTime(t *testing.T) {
	t.Parallel()
	m, _ := describe[*Shapes](t, handler.Spec{}).Method("In")
	first, err := m.Decode(invocation{`{"id":"1","labels":{"a":"b"}}`, nil})
	require.NoError(t, err)
	second, err := m.Decode(invocation{`{"id":"2"}`, nil})
	require.NoError(t, err)
	require.Equal(t, "1", first.(Order).ID)
	require.Equal(t, Order{ID: "2"}, second)
}

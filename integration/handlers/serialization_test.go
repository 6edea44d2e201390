package handlers_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/rpc"
)

// Blobs handles bytes.
type Blobs struct{}

func (Blobs) Reverse(_ restate.Context, in []byte) ([]byte, error) {
	out := make([]byte, len(in))
	for i, b := range in {
		out[len(in)-1-i] = b
	}
	return out, nil
}

// Length has input and output of different codecs.
func (Blobs) Length(_ restate.Context, in []byte) (int, error) { return len(in), nil }

func TestBinaryCodecPassesBytesAsTheyAre(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("blobs")
	testkit.Start(t, fxrestate.Service[Blobs](testkit.Made(Blobs{}), fxrestate.Name(name),
		fxrestate.Handler(Blobs.Reverse, restate.WithBinary),
		fxrestate.Handler(Blobs.Length, restate.WithInputCodec(encoding.BinaryCodec)),
	))
	got := testkit.PostBytes(t, testkit.Path(name, "Reverse"), []byte{0, 0xff, 1}, "Content-Type", "application/octet-stream")
	require.Equal(t, http.StatusOK, got.Status, string(got.Body))
	require.Equal(t, []byte{1, 0xff, 0}, got.Body)
	require.Equal(t, "application/octet-stream", got.Header.Get("Content-Type"))
	require.Equal(t, 3, testkit.Decode[int](t, testkit.PostBytes(t, testkit.Path(name, "Length"), []byte{0, 0xff, 1}, "Content-Type", "application/octet-stream")))
	empty := testkit.PostBytes(t, testkit.Path(name, "Reverse"), nil, "Content-Type", "application/octet-stream")
	require.Equal(t, http.StatusOK, empty.Status)
	require.Empty(t, empty.Body)
}

// Clock handles protobuf messages.
type Clock struct{}

func (Clock) Later(_ restate.Context, in *timestamppb.Timestamp) (*timestamppb.Timestamp, error) {
	return timestamppb.New(in.AsTime().Add(time.Hour)), nil
}

func TestProtobufCodecs(t *testing.T) {
	t.Parallel()
	noon := timestamppb.New(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	for codec, test := range map[string]struct {
		option      restate.ServiceDefinitionOption
		contentType string
		marshal     func(proto.Message) ([]byte, error)
		unmarshal   func([]byte, proto.Message) error
	}{
		"binary": {restate.WithProto, "application/proto", proto.Marshal, proto.Unmarshal},
		"JSON":   {restate.WithProtoJSON, "application/json", protojson.Marshal, protojson.Unmarshal},
	} {
		t.Run(codec, func(t *testing.T) {
			t.Parallel()
			name := testkit.Unique("clock")
			testkit.Start(t, fxrestate.Service[Clock](testkit.Made(Clock{}), fxrestate.Name(name), test.option))
			body, err := test.marshal(noon)
			require.NoError(t, err)
			got := testkit.PostBytes(t, testkit.Path(name, "Later"), body, "Content-Type", test.contentType)
			require.Equal(t, http.StatusOK, got.Status, string(got.Body))
			require.Equal(t, test.contentType, got.Header.Get("Content-Type"))
			var one timestamppb.Timestamp
			require.NoError(t, test.unmarshal(got.Body, &one))
			require.Equal(t, noon.AsTime().Add(time.Hour), one.AsTime())
			require.Equal(t, http.StatusBadRequest, testkit.PostBytes(t, testkit.Path(name, "Later"), []byte("\xff\xff"), "Content-Type", test.contentType).Status)
		})
	}
}

// hexCodec writes strings as hexadecimal digits.
type hexCodec struct{}

func (hexCodec) ContentType() string { return "text/x-hex" }
func (hexCodec) JsonSchema(any) any  { return nil }

func (hexCodec) Marshal(v any) ([]byte, error) {
	switch s := v.(type) {
	case string:
		return hex.AppendEncode(nil, []byte(s)), nil
	case *string:
		return hex.AppendEncode(nil, []byte(*s)), nil
	default:
		return nil, fmt.Errorf("hex of a %T", v)
	}
}

func (hexCodec) Unmarshal(data []byte, v any) error {
	s, ok := v.(*string)
	if !ok {
		return fmt.Errorf("hex into a %T", v)
	}
	decoded, err := hex.DecodeString(string(data))
	*s = string(decoded)
	return err
}

var asHex = restate.WithCodec(hexCodec{})

// Hex uses one codec for all that it can.
type Hex struct {
	other rpc.Object[*Hex]
}

func NewHex(other rpc.Object[*Hex]) *Hex { return &Hex{other} }

func (h *Hex) All(ctx restate.ObjectContext, in string) (string, error) {
	step, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return in + " step", nil }, asHex)
	if err != nil {
		return "", err
	}
	restate.Set(ctx, "kept", step, asHex)
	kept, err := restate.Get[string](ctx, "kept", asHex)
	if err != nil {
		return "", err
	}
	awakeable := restate.Awakeable[string](ctx, asHex)
	restate.ResolveAwakeable(ctx, awakeable.Id(), kept+" awakeable", asHex)
	woken, err := awakeable.Result()
	if err != nil {
		return "", err
	}
	return rpc.Call(ctx, h.other.Key("other"), (*Hex).Echo, woken)
}

func (h *Hex) Echo(_ restate.ObjectContext, in string) (string, error) { return in + " echo", nil }

func TestCustomCodecIsUsedForAllThatIsStored(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("hex")
	testkit.Start(t, fxrestate.Object[*Hex](NewHex, fxrestate.Name(name), asHex))
	got := testkit.PostBytes(t, testkit.Path(name, "k", "All"), []byte(hex.EncodeToString([]byte("hi"))), "Content-Type", "text/x-hex")
	require.Equal(t, http.StatusOK, got.Status, string(got.Body))
	require.Equal(t, "text/x-hex", got.Header.Get("Content-Type"))
	out, err := hex.DecodeString(string(got.Body))
	require.NoError(t, err)
	require.Equal(t, "hi step awakeable echo", string(out))
	require.NoError(t, testkit.StateIs(t, name, "k", "kept", hex.EncodeToString([]byte("hi step"))))
}

func TestCustomCodecIsAnApplicationsDefault(t *testing.T) {
	t.Parallel()
	name, cfg := testkit.Unique("hex"), testkit.Config()
	cfg.Defaults = []restate.ServiceDefinitionOption{asHex}
	testkit.StartWith(t, cfg, fxrestate.Object[*Hex](NewHex, fxrestate.Name(name)))
	got := testkit.PostBytes(t, testkit.Path(name, "k", "Echo"), []byte(hex.EncodeToString([]byte("hi"))), "Content-Type", "text/x-hex")
	require.Equal(t, hex.EncodeToString([]byte("hi echo")), string(got.Body))
}

// Maps handles values whose order is not given.
type Maps struct{ failed bool }

func (m *Maps) Keep(ctx restate.ObjectContext, in map[string]int) (map[string]int, error) {
	restate.Set(ctx, "kept", in)
	if _, err := restate.Run(ctx, func(restate.RunContext) (map[string]int, error) { return in, nil }); err != nil {
		return nil, err
	}
	if !m.failed {
		m.failed = true
		return nil, errors.New("once more")
	}
	return in, nil
}

func TestMapsReplayAsTheyWere(t *testing.T) {
	t.Parallel()
	name, in := testkit.Unique("maps"), map[string]int{}
	for i := range 100 {
		in[fmt.Sprint("key", i)] = i
	}
	testkit.Start(t, fxrestate.Object[*Maps](testkit.Made(&Maps{}), fxrestate.Name(name), testkit.RetrySoon()))
	require.Equal(t, in, testkit.Decode[map[string]int](t, testkit.Post(t, testkit.Path(name, "k", "Keep"), in)))
}

func TestVoidHasNoBodyAndNoContentType(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("shapes")
	testkit.Start(t, fxrestate.Service[*Shapes](testkit.Made(&Shapes{}), fxrestate.Name(name)))
	for _, handler := range []string{"VoidIO", "Nothing"} {
		t.Run(handler, func(t *testing.T) {
			got := testkit.Post(t, testkit.Path(name, handler), nil)
			require.Equal(t, http.StatusOK, got.Status)
			require.Empty(t, got.Body)
			require.Empty(t, got.Header.Get("Content-Type"))
			require.Equal(t, http.StatusBadRequest, testkit.Post(t, testkit.Path(name, handler), 1).Status)
		})
	}
}

// Unencodable returns what JSON does not know.
type Unencodable struct{ tries int }

func (u *Unencodable) Bad(restate.Context) (float64, error) {
	if u.tries++; u.tries == 1 {
		return math.NaN(), nil
	}
	return 1, nil
}

func TestResultThatCannotBeEncodedIsRetried(t *testing.T) {
	t.Parallel()
	name := testkit.Unique("unencodable")
	a := testkit.Start(t, fxrestate.Service[*Unencodable](testkit.Made(&Unencodable{}), fxrestate.Name(name), testkit.RetrySoon()))
	got := testkit.Post(t, testkit.Path(name, "Bad"), nil)
	require.Equal(t, 1, testkit.Decode[int](t, got))
	lines := testkit.Failures(a, got.Header.Get("X-Restate-Id"))
	require.NotEmpty(t, lines)
	require.Contains(t, lines[0].ContextMap()["err"], "the result of "+name+"/Bad (float64) cannot be encoded: json: unsupported value: NaN")
}

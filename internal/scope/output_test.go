package scope_test

import (
	"encoding/json"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/fxrestate/go/internal/sdk"
)

type item struct{ Name string }

// decoded decodes into a T that is not zero before.
func decoded[T any](codec encoding.Codec, data string, before T) func() (any, error) {
	return func() (any, error) {
		out := before
		err := sdk.Decode(codec, []byte(data), &out)
		return out, err
	}
}

func TestZeroBytesAreNothingWhereThereIsAValueForIt(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		decode func() (any, error)
		want   any
	}{
		"a pointer":                           {decoded(encoding.JSONCodec, "", &item{"old"}), (*item)(nil)},
		"a pointer to a number":               {decoded(encoding.JSONCodec, "", new(int)), (*int)(nil)},
		"a pointer to a pointer":              {decoded(encoding.JSONCodec, "", new(*int)), (**int)(nil)},
		"a map":                               {decoded(encoding.JSONCodec, "", map[string]int{"old": 1}), map[string]int(nil)},
		"a slice":                             {decoded(encoding.JSONCodec, "", []int{1}), []int(nil)},
		"raw JSON":                            {decoded(encoding.JSONCodec, "", json.RawMessage("1")), json.RawMessage(nil)},
		"anything":                            {decoded[any](encoding.JSONCodec, "", 1), nil},
		"Void":                                {decoded(encoding.JSONCodec, "", restate.Void{}), restate.Void{}},
		"bytes, whose codec knows zero bytes": {decoded(encoding.BinaryCodec, "", []byte("old")), []byte{}},
		"a value":                             {decoded(encoding.JSONCodec, `{"Name":"a"}`, (*item)(nil)), &item{"a"}},
		"null":                                {decoded(encoding.JSONCodec, "null", &item{"old"}), (*item)(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.decode()
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
	t.Run("a message, whose codec knows zero bytes", func(t *testing.T) {
		t.Parallel()
		out := new(wrapperspb.StringValue)
		require.NoError(t, sdk.Decode(encoding.ProtoCodec, nil, &out))
		require.NotNil(t, out)
	})
	for name, decode := range map[string]func() (any, error){
		"a struct":               decoded(encoding.JSONCodec, "", item{}),
		"a number":               decoded(encoding.JSONCodec, "", 0),
		"a text":                 decoded(encoding.JSONCodec, "", ""),
		"an array":               decoded(encoding.JSONCodec, "", [1]int{}),
		"a time":                 decoded(encoding.JSONCodec, "", time.Time{}),
		"a pointer that decodes": decoded(encoding.JSONCodec, "{", &item{}),
	} {
		t.Run("an error for "+name, func(t *testing.T) {
			t.Parallel()
			_, err := decode()
			require.Error(t, err)
		})
	}
}

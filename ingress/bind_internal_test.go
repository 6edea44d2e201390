package ingress

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

// upperCodec knows members by their names in upper case only, as a codec may that is not
// encoding/json.
type upperCodec struct{ strict bool }

func (upperCodec) ContentType() string { return jsonContentType }
func (upperCodec) JsonSchema(any) any  { return nil }

func (upperCodec) Marshal(v any) ([]byte, error) {
	in := v.(upperInput)
	return json.Marshal(map[string]any{"ID": in.ID, "NOTE": in.Note})
}

func (c upperCodec) Unmarshal(data []byte, v any) error {
	var members map[string]string
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	for name := range members {
		if c.strict && name != "ID" && name != "NOTE" {
			return errors.New("unknown member " + name)
		}
	}
	*v.(*upperInput) = upperInput{ID: members["ID"], Note: members["NOTE"]}
	return nil
}

type (
	upperInput struct {
		ID   string `path:"id" json:"id"`
		Note string `json:"note"`
	}
	innerPage struct {
		ID string `path:"id"`
	}
	nestedInput struct {
		innerPage `json:"page"`

		Note string `json:"note"`
	}
	ownNames struct {
		ID   string `path:"id"`
		Note string
	}
)

func (o *ownNames) UnmarshalJSON(data []byte) error {
	parts := strings.SplitN(strings.Trim(string(data), `"`), ":", 2)
	if len(parts) != 2 {
		return errors.New("not two parts")
	}
	o.ID, o.Note = parts[0], parts[1]
	return nil
}

func (o ownNames) MarshalJSON() ([]byte, error) { return json.Marshal(o.ID + ":" + o.Note) }

func bindBody(t *testing.T, typ reflect.Type, codec encoding.Codec, body string) (string, error) {
	t.Helper()
	b, err := newBinder(typ, codec)
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set(contentTypeHeader, jsonContentType)
	r.SetPathValue("id", "7")
	p, err := b.bind(r, []byte(body))
	return string(p.body), err
}

// Only the codec and the type know the names, and then what they write is all there is.
func TestAnInputWithNamesOfItsOwnIsEncodedAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		typ        reflect.Type
		codec      encoding.Codec
		body, want string
	}{
		"of the codec":                  {reflect.TypeFor[upperInput](), upperCodec{}, `{"ID":"1","NOTE":"n"}`, `{"ID":"7","NOTE":"n"}`},
		"of a codec that takes no more": {reflect.TypeFor[upperInput](), upperCodec{strict: true}, `{"ID":"1","NOTE":"n"}`, `{"ID":"7","NOTE":"n"}`},
		"of the type":                   {reflect.TypeFor[ownNames](), encoding.JSONCodec, `"1:n"`, `"7:n"`},
		"of the type, an object":        {reflect.TypeFor[nestedInput](), encoding.JSONCodec, `{"page":{"ID":"1"},"note":"n"}`, `{"page":{"ID":"7"},"note":"n"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := bindBody(t, test.typ, test.codec, test.body)
			require.NoError(t, err)
			require.JSONEq(t, test.want, got)
		})
	}
	_, err := bindBody(t, reflect.TypeFor[ownNames](), encoding.JSONCodec, `"x"`)
	require.EqualError(t, err, "ingress: 400 the body cannot be decoded")
}

type lostParameter struct {
	handler.In

	Tenant string `header:"x-tenant" query:"tenant"`
}

func TestAFieldOfAParameterObjectThatTheURLCannotReachIsAMistake(t *testing.T) {
	t.Parallel()
	_, err := newBinder(reflect.TypeFor[lostParameter](), encoding.JSONCodec)
	require.EqualError(t, err, `ingress: field Tenant of ingress.lostParameter: has no input tag, so the handler would not get it; add input:"name"`)
}

// imageCodec takes images.
type imageCodec struct{ encoding.Codec }

func (imageCodec) ContentType() string { return "image/*" }
func (imageCodec) JsonSchema(any) any  { return nil }
func (imageCodec) InputRequired() bool { return true }

func TestARangeOfContentTypesIsTakenAndTheOwnPassedOn(t *testing.T) {
	t.Parallel()
	b, err := newBinder(reflect.TypeFor[[]byte](), imageCodec{encoding.BinaryCodec})
	require.NoError(t, err)
	for contentType, taken := range map[string]bool{
		"image/png": true, "IMAGE/PNG; q=1": true, "text/png": false, "image": false, "": false, "images/png": false,
	} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.Header.Set(contentTypeHeader, contentType)
			p, err := b.bind(r, []byte("x"))
			if !taken {
				require.EqualError(t, err, "ingress: 415 the Content-Type of the body is not image/*")
				return
			}
			require.NoError(t, err)
			require.True(t, bytes.Equal(p.body, []byte("x")))
			require.Equal(t, contentType, p.contentType)
		})
	}
}

package ingress

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
)

// The inputs of FuzzTheClientsObject. Names differ by case alone, are nested, quoted and
// hidden, as encoding/json allows.
type (
	spliceRange struct {
		Size *int   `query:"size"`
		Next string `json:"next"`
	}
	spliceInput struct {
		spliceRange

		Upper string   `json:"ID"`
		ID    string   `path:"id" json:"id"`
		Limit int      `query:"limit" json:"limit,string"`
		Tags  []string `query:"tag"`
		//lint:ignore SA5008 the name is meant to be "-"
		Odd    float64         `query:"odd" json:"-,"`
		Kelvin string          `query:"kelvin" json:"k"`
		Note   json.RawMessage `json:"note"`
		Any    any             `json:"any,omitempty"`
		Map    map[string]int
		Hidden string `json:"-"`
	}
)

// boundOf zeroes what does not come from the URL.
func boundOf(in spliceInput) spliceInput {
	return spliceInput{spliceRange: spliceRange{Size: in.Size}, ID: in.ID, Limit: in.Limit, Tags: in.Tags, Odd: in.Odd, Kelvin: in.Kelvin}
}

// fillsBound asks encoding/json whether a member of that name fills a field that comes
// from the URL.
func fillsBound(t *testing.T, name string) bool {
	t.Helper()
	for _, value := range []string{`"7"`, `7`, `["7"]`} {
		quoted, err := json.Marshal(name)
		require.NoError(t, err)
		var in spliceInput
		_ = json.Unmarshal([]byte("{"+string(quoted)+":"+value+"}"), &in)
		if !reflect.ValueOf(boundOf(in)).IsZero() {
			return true
		}
	}
	return false
}

// FuzzTheClientsObject compares what a route sends with what it sent before, when it
// decoded the body, set the fields and encoded the whole again: the handler decodes the
// same value, and what the URL does not say is there as the client wrote it.
func FuzzTheClientsObject(f *testing.F) {
	for _, body := range []string{
		``, `null`, ` {} `, `{"id":"1","ID":"2","Id":"3","iD":"4"}`, `{"note":{"a": 1,  "b":"<x>"},"next":"n"}`, `{"limit":7,"LIMIT":"7"}`,
		`{"size":null,"Size":{},"-":1,"tags":["a"],"Tags":"x"}`, `{"\u0069d":"x","i\u0044":"y"}`, `{"k":"x","K":"y","` + "\u212a" + `":"z"}`,
		`{"Map":{"a":1},"map":{"b":2},"any":9007199254740993}`, `{"a":"\\\"}","b":["}",{"c":"{"}]}`, `[]`, `"x"`, `{"id":`, "{\"\xff\":1}",
	} {
		f.Add([]byte(body), "7", "limit=9&tag=a&tag=b&size=3&odd=1.5&kelvin=x")
		f.Add([]byte(body), `a"\`, "")
	}
	b, err := newBinder(reflect.TypeFor[spliceInput](), encoding.JSONCodec)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body []byte, id, query string) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set(contentTypeHeader, jsonContentType)
		r.URL.RawQuery = query
		r.SetPathValue("id", id)
		got, err := b.bind(r, body)
		if err != nil {
			var bad *RequestError
			require.ErrorAs(t, err, &bad)
			return
		}
		require.True(t, json.Valid(got.body))
		var in spliceInput
		require.NoError(t, json.Unmarshal(got.body, &in))

		values, err := b.urlValues(r)
		require.NoError(t, err)
		set := func(in *spliceInput) {
			for _, v := range values {
				reflect.ValueOf(in).Elem().FieldByIndex(v.index).Set(v.value)
			}
		}
		var fromURL spliceInput
		set(&fromURL)
		require.Equal(t, fromURL, boundOf(in), "what the URL says")
		require.Equal(t, id, in.ID)
		parsed, err := url.ParseQuery(query)
		require.NoError(t, err)
		require.Equal(t, parsed["tag"], in.Tags)

		var before spliceInput
		if len(body) == 0 || json.Unmarshal(body, &before) == nil {
			set(&before)
			require.Equal(t, before, in, "the value that the handler got before")
		}
		requireOthersAsWritten(t, body, got.body, values)
	})
}

func requireOthersAsWritten(t *testing.T, body, got []byte, values []urlValue) {
	t.Helper()
	var want [][]byte
	if len(body) > 0 && !bytes.Equal(bytes.TrimSpace(body), []byte("null")) {
		members, err := splitObject(body)
		require.NoError(t, err)
		for _, m := range members {
			require.True(t, bytes.HasPrefix(m.text, []byte(`"`)))
			if !fillsBound(t, m.name) {
				want = append(want, m.text)
			}
		}
	}
	members, err := splitObject(got)
	require.NoError(t, err)
	set := 0
	for _, v := range values {
		if v.literal != nil {
			set++
		}
	}
	require.Len(t, members, len(want)+set)
	for i, text := range want {
		require.Equal(t, string(text), string(members[i].text))
	}
}

// FuzzSplitObject checks that the parts are all of the object and nothing else.
func FuzzSplitObject(f *testing.F) {
	for _, body := range []string{`{}`, ` { "a" : 1 , "b":{"c":[1,{"d":"}"}]},"e":"\",\"" } `, `{"a":1,"a":2}`, `[]`, `{"a":-0.5e3}`, `{"a":nul`, "{\"\xff\":\"\xff\"}"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		members, err := splitObject(body)
		if err != nil {
			require.True(t, errors.Is(err, errNoObject), "%v", err)
			var object map[string]any
			require.True(t, json.Unmarshal(body, &object) != nil || object == nil)
			return
		}
		rebuilt := []byte("{")
		for i, m := range members {
			if i > 0 {
				rebuilt = append(rebuilt, ',')
			}
			rebuilt = append(rebuilt, m.text...)
			var alone map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(append(append([]byte("{"), m.text...), '}'), &alone))
			require.Len(t, alone, 1)
			require.Contains(t, alone, m.name)
			require.True(t, utf8.ValidString(m.name))
		}
		var want, got any
		require.NoError(t, json.Unmarshal(body, &want))
		require.NoError(t, json.Unmarshal(append(rebuilt, '}'), &got))
		require.Equal(t, want, got)
	})
}

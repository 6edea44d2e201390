package endpoint_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"
	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/internal/schema/schematest"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
)

func TestEveryTypeThatEncodesIsRegisteredAndCalled(t *testing.T) {
	t.Parallel()
	types := schematest.Types()
	for what, define := range map[string]func(t *testing.T, service string, typ schematest.Type) restate.ServiceDefinition{
		"struct": func(t *testing.T, service string, typ schematest.Type) restate.ServiceDefinition {
			d, err := handler.Spec{Type: reflect.TypeOf(typ.Receiver), Name: service}.Describe()
			require.NoError(t, err, typ.Name)
			return endpoint.Definition(d, typ.Receiver)
		},
		"foreign": func(t *testing.T, service string, typ schematest.Type) restate.ServiceDefinition {
			def, err := endpoint.DefineForeign(pipeline.Pipeline{}, typ.Foreign(service))
			require.NoError(t, err, typ.Name)
			return def
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			service := func(i int) string { return fmt.Sprintf("schemas-%s-%d", what, i) }
			definitions := make([]restate.ServiceDefinition, len(types))
			for i, typ := range types {
				definitions[i] = define(t, service(i), typ)
			}
			e, lines := start(t, endpoint.Config{}, definitions...)
			require.Len(t, register(t, url(e)).Services, len(types))
			requireWarnings(t, lines, types)
			called := 0
			for i, typ := range types {
				t.Run(typ.Name, func(t *testing.T) {
					requireLinkedOpenAPI(t, service(i))
					for _, value := range typ.Values {
						body, comesBack := decodable(t, typ.Type, value)
						if !comesBack {
							continue
						}
						called++
						a := testkit.Post(t, "/"+service(i)+"/Echo", json.RawMessage(body))
						require.Equal(t, http.StatusOK, a.Status, a.Text())
						require.JSONEq(t, body, a.Text())
					}
				})
			}
			require.Greater(t, called, len(types))
		})
	}
}

// decodable returns what encoding/json writes for a value, and whether it writes the
// same for what it reads of that.
func decodable(t *testing.T, typ reflect.Type, value any) (body string, ok bool) {
	t.Helper()
	written, err := json.Marshal(value)
	require.NoError(t, err)
	back := reflect.New(typ)
	if json.Unmarshal(written, back.Interface()) != nil {
		return "", false
	}
	again, err := json.Marshal(back.Elem().Interface())
	require.NoError(t, err)
	return string(written), string(written) == string(again)
}

// requireWarnings looks for what the endpoint logs of types whose own schemas cannot
// be used, and for nothing else.
func requireWarnings(t *testing.T, lines *observer.ObservedLogs, types []schematest.Type) {
	t.Helper()
	want := 0
	for _, typ := range types {
		if typ.LeftOut {
			want += 2 // the input and the result
		}
	}
	for _, line := range lines.Filter(func(e observer.LoggedEntry) bool { return e.Level >= zapcore.WarnLevel }).All() {
		if strings.HasPrefix(line.Message, "left out what a type, a tag or a codec says about a JSON schema") {
			require.Contains(t, line.ContextMap()["method"], "/Echo")
			want--
		} else {
			require.Contains(t, line.Message, "Accepting requests without validating request signatures")
		}
	}
	require.Zero(t, want)
}

// requireLinkedOpenAPI checks that each reference of the document that the server
// makes of a service leads somewhere.
func requireLinkedOpenAPI(t *testing.T, service string) {
	t.Helper()
	res, err := testkit.HTTPClient().Get(testkit.Server().AdminURL() + "/services/" + service + "/openapi")
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	var doc any
	require.NoError(t, json.NewDecoder(res.Body).Decode(&doc))
	walkRefs(doc, func(ref string) {
		at := doc
		for _, token := range strings.Split(ref, "/")[1:] {
			m, ok := at.(map[string]any)
			require.True(t, ok, ref)
			at, ok = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]
			require.True(t, ok, ref)
		}
	})
}

func walkRefs(v any, see func(ref string)) {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			see(ref)
		}
		for _, child := range v {
			walkRefs(child, see)
		}
	case []any:
		for _, child := range v {
			walkRefs(child, see)
		}
	}
}

// reflecting is a codec of the user's with the schemas of the library, as it makes
// them when it is asked for nothing else.
func reflecting() encoding.Codec {
	return encoding.JSONCodecWithCustomSchemaGenerator(func(v any) any { return jsonschema.Reflect(v) })
}

func generic[T any](service string, codec encoding.Codec) restate.ServiceDefinition {
	return restate.NewService(service).Handler("Echo", restate.NewServiceHandler(schematest.Echo[T]{}.Echo, restate.WithCodec(codec)))
}

func TestSchemasOfOtherCodecsTakeNoRegistrationDown(t *testing.T) {
	t.Parallel()
	written := func(schema string) encoding.Codec {
		return withSchema(func() any { return json.RawMessage(schema) })
	}
	for what, tt := range map[string]struct {
		definition restate.ServiceDefinition
		want       string // in the manifest
		leftOut    bool
	}{
		"names of generic types are escaped": {
			generic[schematest.Pair[schematest.Opt[int], schematest.Opt[string]]]("codecs-generic", reflecting()), `"$ref":"#/$defs/Opt%5Bint%5D"`, false,
		},
		"names of generic types with a path are": {
			generic[schematest.Page[schematest.Page[schematest.Item]]]("codecs-path", reflecting()), `~1schema~1schematest.Item%5D`, false,
		},
		"a name beyond ASCII is":        {generic[[]schematest.Größe]("codecs-ascii", reflecting()), `"$ref":"#/$defs/Gr%C3%B6%C3%9Fe"`, false},
		"an identifier beyond ASCII is": {generic[schematest.Größe]("codecs-id", reflecting()), `/gr%C3%B6%C3%9Fe"`, false},
		"a reference that leads away":   {text("codecs-away", written(`{"$ref":"https://example.com/schema"}`)), `"jsonSchema":{}`, true},
		"a reference that is none":      {text("codecs-none", written(`{"$ref":"#/$defs/a"}`)), `"jsonSchema":{}`, true},
		"a type that is none":           {text("codecs-type", written(`{"type":"strin"}`)), `"jsonSchema":{}`, true},
		"an unknown draft":              {text("codecs-draft", written(`{"$schema":"https://example.com"}`)), `"jsonSchema":{}`, true},
		"a pattern that is none":        {text("codecs-pattern", written(`{"properties":{"a":{"pattern":"("}}}`)), `"jsonSchema":{}`, true},
		"an empty choice":               {text("codecs-choice", written(`{"anyOf":[]}`)), `"jsonSchema":{}`, true},
		"what is no schema":             {text("codecs-text", written(`"text"`)), `"jsonSchema":{}`, true},
		"one of an older draft stays":   {text("codecs-old", written(`{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"$ref":"#/definitions/a"}],"definitions":{"a":true}}`)), `{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"$ref":"#/definitions/a"}],"definitions":{"a":true}}`, false},
		"an anchor and a list do too":   {text("codecs-list", written(`{"$defs":{"a":{"$anchor":"x","prefixItems":[true]}},"allOf":[{"$ref":"#/$defs/a/prefixItems/0"},{"$ref":"#x"}]}`)), `{"$ref":"#/$defs/a/prefixItems/0"}`, false},
		"escapes of its own stay also":  {text("codecs-escaped", written(`{"$ref":"#/$defs/a%20~1b","$defs":{"a /b":{}}}`)), `"$ref":"#/$defs/a%20~1b"`, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			e, lines := start(t, endpoint.Config{}, endpoint.Foreign(tt.definition))
			_, manifest := discover(t, e, discoveryV4)
			require.Contains(t, manifest, tt.want)
			register(t, url(e))
			warnings := lines.FilterMessageSnippet("left out").Len()
			require.Equal(t, tt.leftOut, warnings > 0)
		})
	}
}

func text(service string, codec encoding.Codec) restate.ServiceDefinition {
	return generic[string](service, codec)
}

// TestDescribingPrintsNothing is not parallel: it looks at what the process prints.
func TestDescribingPrintsNothing(t *testing.T) {
	stderr, logger := os.Stderr, slog.Default()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	os.Stderr = w
	slog.SetDefault(slog.New(slog.NewTextHandler(w, nil)))
	defer func() { os.Stderr = stderr; slog.SetDefault(logger) }()

	d, err := handler.Spec{Type: reflect.TypeFor[schematest.Echo[any]](), Name: "quiet"}.Describe()
	require.NoError(t, err)
	for _, def := range []restate.ServiceDefinition{
		endpoint.Definition(d, schematest.Echo[any]{}), endpoint.Foreign(generic[any]("quiet", encoding.JSONCodec)),
	} {
		for _, h := range def.Handlers() {
			require.Equal(t, "{}", string(h.InputPayload().JsonSchema.(json.RawMessage)))
			require.Equal(t, "{}", string(h.OutputPayload().JsonSchema.(json.RawMessage)))
		}
	}
	require.NoError(t, w.Close())
	printed, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Empty(t, string(printed))
}

package deployment_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/deployment"
)

// oneHandler is a manifest with a handler.
func oneHandler(fields string) []byte {
	return []byte(`{"services":[{"name":"shop","ty":"SERVICE","handlers":[{"name":"Buy"` + fields + `}]}]}`)
}

func TestCompareSaysWhatBreaksCallers(t *testing.T) {
	t.Parallel()
	const (
		two      = `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["a"],"additionalProperties":false}`
		one      = `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}`
		required = `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["a","b"],"additionalProperties":false}`
		other    = `{"type":"object","properties":{"a":{"type":"boolean"},"b":{"type":"integer"}},"required":["a"],"additionalProperties":false}`
		labelled = `{"title":"Two","description":"It has two.","type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["a"],"additionalProperties":false}`
		open     = `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`
		ref      = `{"$ref":"#/$defs/T","$defs":{"T":{"type":"object","properties":{"a":{"type":"string"},"next":{"$ref":"#/$defs/T"}}}}}`
		refTwo   = `{"$ref":"#/$defs/T","$defs":{"T":{"type":"object","properties":{"a":{"type":"integer"},"next":{"$ref":"#/$defs/T"}}}}}`
		circle   = `{"$ref":"#/$defs/T","$defs":{"T":{"$ref":"#/$defs/T"}}}`
		list     = `{"type":"array","items":{"type":"string"}}`
		numbers  = `{"type":"array","items":{"type":"number"}}`
		integers = `{"type":"array","items":{"type":"integer"}}`
		byName   = `{"type":"object","additionalProperties":{"type":"string"}}`
		byCount  = `{"type":"object","additionalProperties":{"type":"integer"}}`
		short    = `{"type":"string","maxLength":3}`
		nullable = `{"type":["string","null"]}`
		text     = `{"type":"string"}`
	)
	for name, test := range map[string]struct{ old, current, input, output string }{
		"the same":                       {two, two, "", ""},
		"other labels":                   {two, labelled, "", ""},
		"an optional field more":         {one, two, "", ""},
		"a field less":                   {two, one, "b is gone", "b is gone"},
		"a field less, where others may": {two, open, "", "b is gone"},
		"a required field more":          {one, required, "b is required", ""},
		"a field becomes required":       {two, required, "b is required", ""},
		"a field becomes optional":       {required, two, "", "b may be missing"},
		"a field of another type":        {two, other, "a: boolean, was string", "a: boolean, was string"},
		"behind a reference":             {ref, refTwo, "a: integer, was string", "a: integer, was string"},
		"the same behind a reference":    {ref, ref, "", ""},
		"a reference to itself":          {circle, circle, "", ""},
		"elements of another type":       {list, numbers, "[]: number, was string", "[]: number, was string"},
		"integers become numbers":        {integers, numbers, "", "[]: number, was integer"},
		"numbers become integers":        {numbers, integers, "[]: integer, was number", ""},
		"values of another type":         {byName, byCount, "{}: integer, was string", "{}: integer, was string"},
		"a rule that we do not read":     {text, short, "another maxLength", "another maxLength"},
		"may be null":                    {text, nullable, "", "null or string, was string"},
		"may not be null any more":       {nullable, text, "string, was null or string", ""},
		"anything":                       {text, `{}`, "", "it may be anything"},
		"no longer anything":             {`true`, text, "it does not take everything any more", ""},
	} {
		for side, want := range map[string]string{"input": test.input, "output": test.output} {
			t.Run(name+", "+side, func(t *testing.T) {
				t.Parallel()
				with := func(schema string) []byte { return oneHandler(fmt.Sprintf(`,%q:{"jsonSchema":%s}`, side, schema)) }
				changes, err := deployment.Compare(with(test.old), with(test.current))
				require.NoError(t, err)
				if want == "" {
					require.Empty(t, deployment.Breaking(changes))
					return
				}
				require.Equal(t, []string{"shop/Buy: its " + side + ": " + want}, deployment.Breaking(changes))
			})
		}
	}
}

func TestCompareOfServicesAndHandlers(t *testing.T) {
	t.Parallel()
	none := []byte(`{"services":[]}`)
	for name, test := range map[string]struct {
		old, current []byte
		lines        string
		breaking     []string
	}{
		"a new service":     {none, oneHandler(""), "added shop", nil},
		"a service is gone": {oneHandler(""), none, "removed shop", []string{"shop: it is gone"}},
		"a handler is gone": {
			oneHandler(`},{"name":"Sell"`), oneHandler(""), "removed shop/Sell", []string{"shop/Sell: it is gone"},
		},
		"a handler becomes private": {
			oneHandler(""), oneHandler(`,"ingressPrivate":true`), "changed shop/Buy: public: false, was true", []string{"shop/Buy: it is private now"},
		},
		"another timeout": {
			oneHandler(`,"abortTimeout":1000`), oneHandler(`,"abortTimeout":90000`), `changed shop/Buy: abort_timeout: "1m30s", was "1s"`, nil,
		},
		"another kind": {
			oneHandler(`,"ty":"SHARED"`), oneHandler(`,"ty":"EXCLUSIVE"`), `changed shop/Buy: ty: "Exclusive", was "Shared"`,
			[]string{"shop/Buy: it is Exclusive, was Shared"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changes, err := deployment.Compare(test.old, test.current)
			require.NoError(t, err)
			require.Equal(t, []string{test.lines}, deployment.Plan{Services: changes}.Lines())
			require.Equal(t, test.breaking, deployment.Breaking(changes))
		})
	}
}

func TestCompareOfNoManifestIsAnError(t *testing.T) {
	t.Parallel()
	_, err := deployment.Compare([]byte("no"), oneHandler(""))
	require.ErrorContains(t, err, "deployment: manifest: ")
}

func FuzzCompare(f *testing.F) {
	f.Add(`{"$ref":"#/$defs/T","$defs":{"T":{"$ref":"#"}}}`, `{"items":{"$ref":"#"}}`)
	f.Add(`{"properties":{"a":{"$ref":"#"}},"required":[1]}`, `{"properties":{"a":{"$ref":"#"}},"type":["x",2]}`)
	f.Fuzz(func(_ *testing.T, old, current string) {
		for _, side := range []string{"input", "output"} {
			_, _ = deployment.Compare(oneHandler(`,"`+side+`":{"jsonSchema":`+old+`}`), oneHandler(`,"`+side+`":{"jsonSchema":`+current+`}`))
		}
	})
}

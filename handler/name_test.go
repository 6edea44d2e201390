package handler_test

import (
	"go/token"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
)

// The responses of restate-server 1.7.12 to a deployment with a service of that name.
func TestServiceNamesAreThoseThatTheServerTakes(t *testing.T) {
	t.Parallel()
	taken := []string{
		"Plain", "lower", "UPPER", "a", "A", "_a", "_1", "_A9", "a1", "a-", "a.", "a_", "a-b", "a.b", "a_b", "a--b", "a..b",
		"pkg.sub.Svc", "pkg.v1.Svc-2", "arestate", "_restate", "dev.restate", "dev.restate.internal.X",
		"openapis", "openapi.x", "openapi-x", "openapiFoo", "OpenApiFoo", "health", "Health", "invocations", "query",
		"deployments", "services", "send", "call", "attach", "output", "metrics", "internal",
		strings.Repeat("a", 64), strings.Repeat("b", 256), strings.Repeat("c", 4096),
	}
	refused := []string{
		"_", "__", "___", "__a", "_-", "_.", "-", "-a", ".", ".a", "1", "1a", "9_a", "a b", " a", "a ", "a/b", "a?b", "a%b", "a+b",
		"a~b", "a:b", "a@b", "a$b", "a,b", "a\nb", "a\n", "é", "Café", "日本", "a日", "Repo[int]", "nul\x00l",
		"restate", "Restate", "RESTATE", "restates", "restate.x", "restate-x", "restate_x", "restateX", "RestateX",
		"openapi", "OpenAPI", "OPENAPI",
	}
	check(t, taken, refused, func(name string) error {
		_, err := handler.Spec{Type: reflect.TypeFor[*Tariff](), Name: name}.Describe()
		return err
	})
}

// The responses of restate-server 1.7.12 to a deployment with a handler of that name.
func TestHandlerNamesAreThoseThatTheServerTakes(t *testing.T) {
	t.Parallel()
	taken := []string{
		"Plain", "lower", "a", "_a", "_1", "a_", "a_b", "a1", "restate", "openapi", "health", "send", "call", "attach",
		"output", "invocation", "workflow", "Send", "Output", "Attach", "state", strings.Repeat("a", 64), strings.Repeat("c", 1024),
	}
	refused := []string{
		"_", "__", "__a", "_-", "a-", "a.", "a-b", "a.b", "-a", ".a", "1", "1a", "a b", "a/b", "a?b", "é", "Café", "日本", "a日",
	}
	check(t, taken, refused, func(name string) error {
		_, err := handler.Spec{
			Type: reflect.TypeFor[*Tariff](), Handlers: []handler.HandlerSpec{{Method: (*Tariff).Rate, Name: name}},
		}.Describe()
		return err
	})

	_, err := handler.Spec{Type: reflect.TypeFor[*Tariff](), Naming: func(string) string { return "" }}.Describe()
	require.ErrorContains(t, err, `"" cannot name a handler`)
}

func check(t *testing.T, taken, refused []string, describe func(name string) error) {
	t.Helper()
	for _, name := range taken {
		require.NoError(t, describe(name), "%q", name)
	}
	for _, name := range refused {
		require.Error(t, describe(name), "%q", name)
	}
}

func TestLowerCamel(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{
		"":           "",
		"A":          "a",
		"Run":        "run",
		"AddItem":    "addItem",
		"ID":         "id",
		"IDOf":       "idOf",
		"URLOf":      "urlOf",
		"URL":        "url",
		"GetURL":     "getURL",
		"HTTP2Get":   "http2Get",
		"X1":         "x1",
		"AB":         "ab",
		"ABc":        "aBc",
		"URL_Of":     "url_Of",
		"OAuth":      "oAuth",
		"addItem":    "addItem",
		"_Private":   "_Private",
		"ÄndereName": "ändereName",
		"ÄÖÜber":     "äöÜber",
	} {
		t.Run(method, func(t *testing.T) {
			require.Equal(t, want, handler.LowerCamel(method), method)
		})
	}
}

func FuzzLowerCamel(f *testing.F) {
	for _, seed := range []string{"AddItem", "URLOf", "ID", "A", "HTTP2Get", "Größe", "ϒAb", "İd", "ǅa", "\xff", "A\xffB", "𝐀𝐁Cd", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, method string) {
		once := handler.LowerCamel(method)
		if twice := handler.LowerCamel(once); twice != once {
			t.Fatalf("%q becomes %q, which becomes %q", method, once, twice)
		}
		if (method == "") != (once == "") {
			t.Fatalf("%q becomes %q", method, once)
		}
		if utf8.RuneCountInString(method) != utf8.RuneCountInString(once) {
			t.Fatalf("%q becomes %q: letters came or went", method, once)
		}
		if !token.IsExported(method) || !token.IsIdentifier(method) {
			return
		}
		if !token.IsIdentifier(once) && !token.IsKeyword(once) {
			t.Fatalf("%q becomes %q, which is no identifier", method, once)
		}
		if first := once[0]; first < utf8.RuneSelf && (first < 'a' || first > 'z') && method[0] < utf8.RuneSelf {
			t.Fatalf("%q becomes %q, which does not begin with a small letter", method, once)
		}
	})
}

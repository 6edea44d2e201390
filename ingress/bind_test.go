package ingress_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// Search has an input that comes from all parts of a request. Its handler is
// served under the name of another that returns what it gets.
type Search struct{}

type Page struct {
	Limit int    `query:"limit"`
	After *uint8 `query:"after" json:",omitempty"`
}

type SearchRequest struct {
	Page
	Category string     `path:"category"`
	Number   int16      `path:"number"`
	Tags     []string   `query:"tag"`
	Sizes    []int      `query:"size"`
	Since    *time.Time `query:"since"`
	Ratio    float32    `query:"ratio"`
	Exact    bool       `query:"exact"`
	Text     string
}

func (*Search) Find(_ restate.Context, in SearchRequest) (SearchRequest, error) { return in, nil }

func (*Search) FindPtr(_ restate.Context, in *SearchRequest) (*SearchRequest, error) { return in, nil }

func searchAPI(t testing.TB) http.Handler {
	stop, err := serveAll(testkit.Server(), restate.Reflect(new(Search)))
	require.NoError(t, err)
	t.Cleanup(stop)
	search := ingress.NewService[*Search](newClient(t, ingress.Config{}))
	r := chi.NewRouter()
	r.HandleFunc("/find/{category}/{number}", ingress.Handler(search, (*Search).Find, nil))
	r.HandleFunc("/findptr/{category}/{number}", ingress.Handler(search, (*Search).FindPtr, nil))
	return r
}

func TestTheInputComesFromAllPartsOfARequest(t *testing.T) {
	t.Parallel()
	api := searchAPI(t)
	empty := `"Tags":null,"Sizes":null,"Since":null,"Ratio":0,"Exact":false,"Text":""}`
	for name, test := range map[string]struct{ target, body, want string }{
		"path alone": {
			"/tea/7", "", `{"Limit":0,"Category":"tea","Number":7,` + empty,
		},
		"path and null": {
			"/tea/7", "null", `{"Limit":0,"Category":"tea","Number":7,` + empty,
		},
		"path and query": {
			"/green%20tea/-7?limit=10&after=255&tag=a&tag=b%26c&size=1&size=2&since=2026-01-02T03:04:05Z&ratio=0.5&exact=true&other=x", "",
			`{"Limit":10,"After":255,"Category":"green tea","Number":-7,"Tags":["a","b\u0026c"],"Sizes":[1,2],"Since":"2026-01-02T03:04:05Z","Ratio":0.5,"Exact":true,"Text":""}`,
		},
		"path and body": {
			"/a%2Fb/7", `{"Text":"x"}`, `{"Limit":0,"Category":"a/b","Number":7,` + strings.Replace(empty, `""`, `"x"`, 1),
		},
		"a body that pretends to be the URL": {
			"/tea/7", `{"Category":"coffee","Number":8,"Limit":99,"Tags":["x"],"Exact":true}`,
			`{"Limit":0,"Category":"tea","Number":7,` + empty,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, route := range []string{"/find", "/findptr"} {
				t.Run(route, func(t *testing.T) {
					w := request(t, api, http.MethodPost, route+test.target, test.body)
					require.Equal(t, http.StatusOK, w.Code, w.Body)
					require.JSONEq(t, test.want, w.Body.String())
				})
			}
		})
	}
	for name, test := range map[string]struct{ target, body, detail string }{
		"a path value of another type":  {"/tea/x", "", `path value "number": is not a whole number, or is too large`},
		"a path value too large":        {"/tea/99999", "", `path value "number": is not a whole number, or is too large`},
		"a query value of another type": {"/tea/7?limit=ten", "", `query parameter "limit": is not a whole number, or is too large`},
		"a query value too large":       {"/tea/7?after=256", "", `query parameter "after": is not a whole number from 0 on, or is too large`},
		"a query value twice":           {"/tea/7?limit=1&limit=2", "", `query parameter "limit" is there 2 times`},
		"one of many of another type":   {"/tea/7?size=1&size=x", "", `query parameter "size": is not a whole number, or is too large`},
		"no bool":                       {"/tea/7?exact=perhaps", "", `query parameter "exact": is not true or false`},
		"no time":                       {"/tea/7?since=yesterday", "", `query parameter "since": is not valid`},
		"no number":                     {"/tea/7?ratio=NaN", "", `query parameter "ratio": is not a number, or is too large`},
		"an endless number":             {"/tea/7?ratio=-Inf", "", `query parameter "ratio": is not a number, or is too large`},
		"no text in the path":           {"/%ff/7", "", `path value "category" is not valid UTF-8`},
		"no text in the query":          {"/tea/7?tag=%ff", "", `query parameter "tag" is not valid UTF-8`},
		"a malformed query":             {"/tea/7?a=%zz", "", "the query is malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, route := range []string{"/find", "/findptr"} {
				t.Run(route, func(t *testing.T) {
					p := problemOf(t, request(t, api, http.MethodPost, route+test.target, test.body))
					require.Equal(t, http.StatusBadRequest, p.Status)
					require.Equal(t, test.detail, p.Detail)
				})
			}
		})
	}
}

// FuzzRoute checks that no request makes a route fail on its own account.
func FuzzRoute(f *testing.F) {
	f.Add("/find/tea/7", "limit=10&after=3&tag=x", `{"Text":"x"}`, "application/json")
	f.Add("/find/%2F/7", "since=2026-01-02T03:04:05Z", "", "")
	f.Add("/findptr/%ff/x", "%zz", "null", "text/plain")
	f.Add("/findptr/a/1", ";", "[]", "application/json; charset=\"")
	client := newClient(f, ingress.Config{URL: "http://localhost:8080", HTTPClient: &http.Client{Transport: new(captured)}, Logger: newLogger(new(logged))})
	search := ingress.NewService[*Search](client)
	r := chi.NewRouter()
	r.HandleFunc("/find/{category}/{number}", ingress.Handler(search, (*Search).Find, nil))
	r.HandleFunc("/findptr/{category}/{number}", ingress.Handler(search, (*Search).FindPtr, nil))
	f.Fuzz(func(t *testing.T, path, query, body, contentType string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Host != "" {
			return
		}
		u.RawQuery = query
		req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		req.URL = u
		req.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		switch w.Code {
		case 400, 404, 413, 415:
		case 502: // the request got as far as the wire
		default:
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	})
}

package ingress_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
)

// Shelf has an input from the path.
type Shelf struct{}

type Place struct {
	Row string `path:"row"`
	Box string `path:"box"`
}

func (*Shelf) Find(_ restate.Context, in Place) (string, error) { return in.Row + "|" + in.Box, nil }

// shelfAPI mounts a route for a key and one for two parts of an input, as they are told
// what stands in the path. No server answers.
func shelfAPI(t testing.TB, r chi.Router) http.Handler {
	client := newClient(t, ingress.Config{URL: "http://127.0.0.1:1", Logger: newLogger(new(logged)), Retry: ingress.Retry{MaxAttempts: 1}})
	carts := ingress.NewObject[*Cart](client)
	r.Get("/carts/{key}", ingress.Handler0(carts, (*Cart).Key, nil))
	r.Get("/own/{key}", ingress.Handler0(carts, (*Cart).Key, &ingress.Route{
		Key: func(r *http.Request) (string, error) { return ingress.PathValue(r, "key"), nil },
	}))
	r.Get("/shelves/{row}/{box}", ingress.Handler(ingress.NewService[*Shelf](client), (*Shelf).Find, nil))
	r.Get("/invocations/{id}", ingress.StatusHandler(client))
	return r
}

func TestWhatTheRouterChangedIsRefusedAndAddressesNothingElse(t *testing.T) {
	t.Parallel()
	const changed = "was changed on its way from the path to the route"
	with := func(middlewares ...func(http.Handler) http.Handler) http.Handler {
		r := chi.NewRouter()
		r.Use(middlewares...)
		return shelfAPI(t, r)
	}
	within := chi.NewRouter()
	within.Use(middleware.StripSlashes)
	within.Route("/v1", func(r chi.Router) { shelfAPI(t, r) })
	mux := http.NewServeMux()
	client := newClient(t, ingress.Config{URL: "http://127.0.0.1:1", Logger: newLogger(new(logged))})
	mux.Handle("GET /carts/{key}", ingress.Handler0(ingress.NewObject[*Cart](client), (*Cart).Key, nil))

	for name, test := range map[string]struct {
		http.Handler
		target string
		status int // 0: 400
		detail string
	}{
		"a slash at the end of a key":                {with(middleware.StripSlashes), "/carts/a%2F", 0, `path value "key" ` + changed},
		"two slashes at the end of a key":            {with(middleware.StripSlashes), "/carts/a%2F/", 404, ""}, // of the router's
		"a slash in lower case":                      {with(middleware.StripSlashes), "/carts/a%2f", 0, `path value "key" ` + changed},
		"a slash in the middle, taken for a segment": {with(middleware.StripSlashes), "/shelves/p%2Fq/", 0, `path value "row" ` + changed},
		"a slash before the values":                  {within, "/v1%2Fshelves/p/q/", 0, `path value "row" ` + changed},
		"in a subrouter":                             {within, "/v1/carts/a%2F", 0, `path value "key" ` + changed},
		"in a key that the user's function takes":    {with(middleware.StripSlashes), "/own/a%2F", 0, "the key is empty"},
		"in the id of an invocation":                 {with(middleware.StripSlashes), "/invocations/inv_1a%2F", 404, "no such invocation"},
		"an extension that is taken off":             {with(middleware.URLFormat), "/carts/order.1", 0, `path value "key" ` + changed},
		"an extension behind a slash":                {with(middleware.URLFormat), "/shelves/a%2Fb.json", 0, `path value "row" ` + changed},
		"a slash after CleanPath":                    {with(middleware.CleanPath, middleware.StripSlashes), "/carts/a%2F", 503, ""}, // as it was written
		"StripSlashes around a ServeMux":             {middleware.StripSlashes(mux), "/carts/a%2F", 0, `path value "key" ` + changed},
		"nothing":                                    {with(middleware.StripSlashes), "/carts/a/", 503, ""},
		"nothing but letters that need no escape":    {with(middleware.StripSlashes), "/carts/%61%2Eb/", 503, ""},
		"nothing before an extension":                {with(middleware.URLFormat), "/carts/a", 503, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := request(t, test, http.MethodGet, test.target, "")
			if test.status == 0 {
				test.status = http.StatusBadRequest
			}
			require.Equal(t, test.status, w.Code, w.Body)
			if test.detail != "" {
				require.Equal(t, test.detail, problemOf(t, w).Detail)
			}
		})
	}
}

// The check knows the path that the router took only from the route's pattern and the
// values in it: no way of putting routers together may look like a change.
func TestNoRouterThatChangesNothingIsTakenForOneThatDoes(t *testing.T) {
	t.Parallel()
	got := make(map[string]string)
	reach := func(names ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			clear(got)
			for _, name := range names {
				got[name] = ingress.PathValue(r, name)
			}
		}
	}
	inner := func(pattern string, names ...string) chi.Router {
		r := chi.NewRouter()
		r.Get(pattern, reach(names...))
		return r
	}
	routers := map[string]http.Handler{
		"one":                inner("/x/{a}/y/{b}", "a", "b"),
		"a slash at the end": inner("/x/{a}/y/{b}/", "a", "b"),
		"parts of a segment": inner("/x/{a}/y/pre-{b}.post", "a", "b"),
		"expressions":        inner("/x/{a:[^/]+}/y/{b:[^/]{1,40}}", "a", "b"),
		"a name twice": func() http.Handler {
			r := chi.NewRouter()
			r.Route("/x/{b}", func(r chi.Router) { r.Get("/y/{b}", reach("b")) })
			return r
		}(),
		"a wildcard": inner("/x/{a}/y/*", "a", "*"),
		"with": func() http.Handler {
			r := chi.NewRouter()
			r.With(middleware.NoCache).Get("/x/{a}/y/{b}", reach("a", "b"))
			return r
		}(),
		"group": func() http.Handler {
			r := chi.NewRouter()
			r.Group(func(r chi.Router) { r.Get("/x/{a}/y/{b}", reach("a", "b")) })
			return r
		}(),
		"route": func() http.Handler {
			r := chi.NewRouter()
			r.Route("/x/{a}", func(r chi.Router) { r.Get("/y/{b}", reach("a", "b")) })
			return r
		}(),
		"mounted":             func() http.Handler { r := chi.NewRouter(); r.Mount("/x/{a}", inner("/y/{b}", "a", "b")); return r }(),
		"mounted at the root": func() http.Handler { r := chi.NewRouter(); r.Mount("/", inner("/x/{a}/y/{b}", "a", "b")); return r }(),
		"mounted twice": func() http.Handler {
			r, s := chi.NewRouter(), chi.NewRouter()
			s.Mount("/{a}", inner("/y/{b}", "a", "b"))
			r.Mount("/x", s)
			return r
		}(),
		"handled, stripped": func() http.Handler {
			r := chi.NewRouter()
			r.Handle("/x/*", http.StripPrefix("/x", inner("/{a}/y/{b}", "a", "b")))
			return r
		}(),
		"mounted, stripped": func() http.Handler {
			r := chi.NewRouter()
			r.Mount("/x", http.StripPrefix("/x", inner("/{a}/y/{b}", "a", "b")))
			return r
		}(),
		"stripped before": http.StripPrefix("/api", inner("/x/{a}/y/{b}", "a", "b")),
		"an own prefix": func() http.Handler {
			r := chi.NewRouter()
			r.Use(cutPrefix("/api"))
			r.Get("/x/{a}/y/{b}", reach("a", "b"))
			return r
		}(),
		"ServeMux": func() http.Handler { m := http.NewServeMux(); m.HandleFunc("/x/{a}/y/{b}", reach("a", "b")); return m }(),
		"chi in ServeMux": func() http.Handler {
			m := http.NewServeMux()
			m.Handle("/x/", inner("/x/{a}/y/{b}", "a", "b"))
			return m
		}(),
		"chi in mux, stripped": func() http.Handler {
			m := http.NewServeMux()
			m.Handle("/x/", http.StripPrefix("/x", inner("/{a}/y/{b}", "a", "b")))
			return m
		}(),
	}
	for name, router := range routers {
		t.Run(name, func(t *testing.T) {
			for written, want := range map[string]string{"k": "k", "a%20b": "a b", "a%2Fb": "a/b", "%2Fk": "/k", "a.b": "a.b", "100%25": "100%", "a%252Fb": "a%2Fb", "%C3%BC": "ü", "..": "..", "%2E%2E": ".."} {
				t.Run(written, func(t *testing.T) {
					if written == ".." && strings.Contains(strings.ToLower(name), "mux") {
						return // which it resolves as a directory
					}
					if name == "parts of a segment" && strings.Contains(written, ".") {
						return // where chi takes the value to end
					}
					target := "/x/a%2Ca/y/" + written
					switch name {
					case "a slash at the end":
						target += "/"
					case "parts of a segment":
						target = "/x/a%2Ca/y/pre-" + written + ".post"
					case "stripped before", "an own prefix":
						target = "/api" + target
					}
					w := request(t, router, http.MethodGet, target, "")
					require.Equal(t, http.StatusOK, w.Code, target)
					require.Equal(t, want, got["b"]+got["*"], target)
					if _, ok := got["a"]; ok {
						require.Equal(t, "a,a", got["a"], target)
					}
				})
			}
		})
	}
}

// cutPrefix makes chi route by the path without a prefix, as the user's middleware may.
func cutPrefix(prefix string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path := r.URL.RawPath
			if path == "" {
				path = r.URL.Path
			}
			chi.RouteContext(r.Context()).RoutePath = path[len(prefix):]
			next.ServeHTTP(w, r)
		})
	}
}

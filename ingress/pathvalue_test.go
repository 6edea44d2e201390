package ingress_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
)

func TestARouteKeepsTheKeyOfThePath(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	handler := ingress.Handler0(ingress.NewObject[*Cart](client), (*Cart).Key, nil)
	newMux := func() *http.ServeMux {
		mux := http.NewServeMux()
		mux.Handle("GET /carts/{key}/key", handler)
		mux.Handle("GET /shops/{shop}/carts/{key}/key", handler)
		mux.Handle("GET /index/{key}/{$}", handler)
		return mux
	}
	// newChi has one router in another, in the middle and at the end of a path.
	newChi := func(middlewares ...func(http.Handler) http.Handler) chi.Router {
		r := chi.NewRouter()
		r.Use(middlewares...)
		r.Get("/carts/{key}/key", handler)
		r.Route("/shops/{shop:[^/]{1,9}}", func(r chi.Router) { r.Get("/carts/{key}/key", handler) })
		r.Route("/index/{key}", func(r chi.Router) { r.Get("/", handler) })
		return r
	}
	mounted, handled := chi.NewRouter(), chi.NewRouter()
	mounted.Mount("/", newMux())
	handled.Handle("/carts/{key}/key", newMux())
	handled.Handle("/shops/{key}/carts/{shop}/key", newMux()) // another key than that of the mux
	handled.Handle("/index/{key}/", newMux())
	inMux := http.NewServeMux()
	inMux.Handle("/", newChi())

	for name, router := range map[string]struct {
		http.Handler
		before, after string
		strips        bool // and then it routes by the decoded path
	}{
		"chi":                              {Handler: newChi()},
		"ServeMux":                         {Handler: newMux()},
		"chi inside ServeMux":              {Handler: inMux},
		"ServeMux mounted in chi":          {Handler: mounted},
		"ServeMux behind patterns of chi":  {Handler: handled},
		"chi with StripSlashes":            {Handler: newChi(middleware.StripSlashes), after: "/", strips: true},
		"chi with StripSlashes and none":   {Handler: newChi(middleware.StripSlashes), strips: true},
		"chi with CleanPath":               {Handler: newChi(middleware.CleanPath), before: "/"},
		"chi with GetHead and StripPrefix": {Handler: http.StripPrefix("/api", newChi(middleware.GetHead)), before: "/api"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The path as it is written differs from the decoded one by the key, by
			// another segment, or by both.
			for _, around := range [][2]string{{"/carts/", "/key"}, {"/shops/%41/carts/", "/key"}, {"/shops/50%25/carts/", "/key"}, {"/shops/a%2Cb/carts/", "/key"}, {"/index/", "/"}} {
				get := func(escaped string) *httptest.ResponseRecorder {
					target := router.before + around[0] + escaped + strings.TrimSuffix(around[1], router.after) + router.after
					return request(t, router, http.MethodGet, target, "")
				}
				for escaped, key := range map[string]string{
					"plain":           "plain",
					"a%20b":           "a b",
					"a+b":             "a+b",
					"100%25":          "100%",
					"50%2525":         "50%25",
					"%252F":           "%2F",
					"%2541":           "%41",
					"a%3Fb%23c":       "a?b#c",
					"%C3%BC":          "ü",
					"ü":               "ü",
					"a%2Fb":           "a/b",
					"a%2fb":           "a/b",
					"%2Fa%2520b":      "/a%20b",
					"..%2Frestate":    "../restate",
					"a%2FOther%3F":    "a/Other?",
					"%E2%82%AC%2F%25": "€/%",
				} {
					t.Run(escaped, func(t *testing.T) {
						if router.strips && router.after+around[1] != "/key" && strings.Contains(strings.ToLower(escaped), "%2f") {
							// The router sees another path: no key is the right one.
							require.Contains(t, []int{http.StatusBadRequest, http.StatusNotFound}, get(escaped).Code)
							return
						}
						w := get(escaped)
						require.Equal(t, http.StatusOK, w.Code, "%s: %s", escaped, w.Body)
						var got string
						require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
						require.Equal(t, key, got, "%s%s%s", around[0], escaped, around[1])
					})
				}
				require.Equal(t, "the key is not valid UTF-8", problemOf(t, get("%FF")).Detail)
			}
		})
	}
}

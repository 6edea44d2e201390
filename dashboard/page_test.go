package dashboard_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/dashboard"
	"github.com/fxrestate/go/internal/testkit"
)

func TestThePageShowsWhatTheProcessAndTheServerKnow(t *testing.T) {
	t.Parallel()
	s := openShop(t, "no paper")
	page := load(t, s.page, "").html(t)

	overview := page.section(t, "overview").text()
	for _, want := range []string{
		"In flight here 1 of", "1 backing-off 1 paused 1 running", "2 services, 6 handlers",
		"Deployment " + testkit.ServiceOf(t, s.orders).DeploymentID, "Listens on " + s.Endpoint.Addr().String(), testkit.Server().AdminURL(),
	} {
		require.Contains(t, overview, want)
	}
	stuck := page.section(t, "stuck").rows()
	require.Len(t, stuck, 3)
	require.Equal(t, "Invocation Status Last failure Way out", stuck[0])
	require.Regexp(t, `^`+s.orders+`/Print `+s.paused+` paused since .* no paper RT0007 mend the cause, then: fxrestate invocations resume `+s.paused+`$`, stuck[1])
	require.Regexp(t, `^`+s.orders+`/Pack `+s.failing+` backing-off since .* , 1 attempt, next in .* panic: no paper RT0007 mend the cause, or: fxrestate invocations cancel `+s.failing+`$`, stuck[2])
	flight := page.section(t, "flight").rows()
	require.Len(t, flight, 2)
	require.Regexp(t, `^`+s.orders+`/Ship `+s.inFlight+` \S+ (ms|s|min).* 1$`, flight[1])
	failures := strings.Join(page.section(t, "failures").rows(), "\n")
	for kind, times := range map[string]int{"retryable no paper": 3, "terminal no paper": 1, "panic panic: no paper": 1} {
		require.Equal(t, times, strings.Count(failures, kind), failures)
	}
	require.Contains(t, page.section(t, "drift").text(), "None. The server routes to what this process serves.")

	services := page.section(t, "services")
	require.Len(t, services.all("article"), 2)
	require.Equal(t, s.carts+" virtual object", services.all("h3")[0].text())
	require.Equal(t, s.orders+" service", services.all("h3")[1].text())
	require.Contains(t, services.all("article")[1].text(), "journal retention 36h first retry after 1ms most attempts 3")
	handlers := services.all("details")
	require.Len(t, handlers, 6)
	add, pack, printing := handlers[0], handlers[2], handlers[3]
	require.Equal(t, "Add exclusive 2 members", add.all("summary")[0].text())
	require.Contains(t, add.all("pre")[0].text(), `"description": "What is bought"`)
	require.Contains(t, add.all("pre")[1].text(), `"cents"`)
	require.Contains(t, pack.text(), "first retry after 1h")
	require.Regexp(t, `observer pipeline\.panicLog global guard auth\.Tenant global guard no paper handler filter .* handler`, printing.all("ol")[0].text())
}

func TestThePageNeedsNothingButItself(t *testing.T) {
	t.Parallel()
	page := load(t, openShop(t, "no paper").page, "").html(t)
	ids := map[string]bool{}
	for n := range page.root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		require.NotContains(t, []string{"script", "iframe", "object", "embed", "img", "base"}, n.Data)
		for _, a := range n.Attr {
			require.NotEqual(t, "style", a.Key, "the policy forbids it")
			require.False(t, strings.HasPrefix(a.Key, "on"), a.Key)
			switch a.Key {
			case "href", "src", "action":
				require.Regexp(t, `^(\?|#|data:,$)`, a.Val)
			case "id":
				require.False(t, ids[a.Val], "two elements are %s", a.Val)
				ids[a.Val] = true
			}
		}
	}
	for _, head := range page.all("th") {
		require.NotEmpty(t, head.attr("scope"), head.text())
	}
	for _, section := range page.all("section") {
		require.True(t, ids[section.attr("aria-labelledby")])
	}
	require.Equal(t, "en", page.all("html")[0].attr("lang"))
	require.Len(t, page.all("h1"), 1)
	require.NotContains(t, page.all("style")[0].root.FirstChild.Data, "url(")
}

func TestTextsOfOthersAreSeenAndNothingElse(t *testing.T) {
	t.Parallel()
	s := openShop(t, hostile)
	shown := load(t, s.page, "?find=%22%3E%3Cscript%3E%1b")
	page := shown.html(t)
	require.Empty(t, page.all("script"))
	require.NotContains(t, shown.Body.String(), "\x1b")
	require.NotContains(t, shown.Body.String(), "\u202e")
	for _, section := range []string{"stuck", "failures"} {
		require.Contains(t, page.section(t, section).text(), seenAs)
	}
	require.Contains(t, load(t, s.page, "").html(t).section(t, "services").text(), "guard "+seenAs+" handler")
	seen := load(t, s.page, "?format=json")
	require.NotContains(t, seen.Body.String(), `\u001b`)
	require.NotContains(t, seen.Body.String(), "\u202e")
	stuck := seen.json(t)["stuck"].(map[string]any)["items"].([]any)
	require.Equal(t, seenAs, stuck[0].(map[string]any)["last_failure"])
}

func TestThePageIsJSONToo(t *testing.T) {
	t.Parallel()
	s := openShop(t, "no paper")
	for name, tt := range map[string]struct {
		query, accept string
		json          bool
	}{
		"of a browser":                    {"", "text/html,application/xhtml+xml,application/json;q=0.1", false},
		"of who takes anything":           {"", "*/*", false},
		"of who takes JSON":               {"", "application/json", true},
		"of who asks for JSON in the URL": {"?format=json", "text/html", true},
		"of who asks for HTML in the URL": {"?format=html", "application/json", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shown := load(t, s.page, tt.query, "Accept", tt.accept)
			if !tt.json {
				shown.html(t)
				return
			}
			seen := shown.json(t)
			require.Len(t, seen["services"].(map[string]any)["items"], 2)
			require.InDelta(t, 6, seen["services"].(map[string]any)["handlers"], 0)
			stuck := seen["stuck"].(map[string]any)["items"].([]any)[0].(map[string]any)
			require.Equal(t, s.paused, stuck["id"])
			require.Equal(t, "mend the cause, then: fxrestate invocations resume "+s.paused, stuck["way_out"])
			attempt := seen["process"].(map[string]any)["attempts"].(map[string]any)["items"].([]any)[0].(map[string]any)
			require.Equal(t, s.inFlight, attempt["id"])
		})
	}
}

func TestThePageIsServedUnderAnyPrefix(t *testing.T) {
	t.Parallel()
	page := dashboard.New(dashboard.Config{Title: "Shop"})
	mux := http.NewServeMux()
	mux.Handle("/restate/", page)
	mux.Handle("/stripped/", http.StripPrefix("/stripped", page))
	mux.Handle("GET /exactly", page)
	router := chi.NewRouter()
	router.Mount("/deep/restate", page)
	guarded := chi.NewRouter()
	guarded.With(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, password, _ := r.BasicAuth(); password != "secret" {
				http.Error(w, "who are you?", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}).Mount("/restate", page)
	for path, handler := range map[string]http.Handler{
		"/restate/": mux, "/restate/more": mux, "/stripped/": mux, "/exactly": mux, "/deep/restate": router, "/deep/restate/": router, "/": page,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, "Shop", load(t, handler, path).html(t).all("h1")[0].text())
		})
	}
	require.Equal(t, http.StatusUnauthorized, load(t, guarded, "/restate").Code)
	require.Equal(t, http.StatusOK, load(t, guarded, "/restate", "Authorization", "Basic OnNlY3JldA==").Code)
}

func TestAnswersHaveTheHeadersThatKeepThePageToItself(t *testing.T) {
	t.Parallel()
	page := dashboard.New(dashboard.Config{})
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "odd"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			shown := request(t, page, method, "/restate/")
			policy := shown.Header().Get("Content-Security-Policy")
			require.Contains(t, policy, "default-src 'none';")
			require.Contains(t, policy, "frame-ancestors 'none'")
			require.NotContains(t, policy, "script-src")
			require.NotContains(t, policy, "unsafe")
			require.Equal(t, "nosniff", shown.Header().Get("X-Content-Type-Options"))
			require.Equal(t, "no-store", shown.Header().Get("Cache-Control"))
			if method == "GET" || method == "HEAD" {
				require.Equal(t, http.StatusOK, shown.Code)
				return
			}
			require.Equal(t, http.StatusMethodNotAllowed, shown.Code)
			require.Equal(t, "GET, HEAD", shown.Header().Get("Allow"))
		})
	}
}

func TestThePageLoadsItselfAgainWhereThatIsAsked(t *testing.T) {
	t.Parallel()
	page := dashboard.New(dashboard.Config{})
	for query, want := range map[string]string{
		"": "", "?refresh=5": "5", "?refresh=3600": "3600", "?refresh=0": "", "?refresh=-1": "", "?refresh=3601": "",
		"?refresh=5;url=//evil": "", "?refresh=now": "", "?refresh=5%3Burl%3D//evil": "",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			refresh := ""
			for _, meta := range load(t, page, query).html(t).all("meta") {
				if meta.attr("http-equiv") == "refresh" {
					refresh = meta.attr("content")
				}
			}
			require.Equal(t, want, refresh)
		})
	}
}

// A server that does not answer costs the page what only the server knows.
func TestAPageOfAServerThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the end of the connection is seen after it
		<-r.Context().Done()
	}))
	t.Cleanup(hangs.Close)
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	gateway := testkit.NewProxy(t, testkit.Server().AdminURL())
	gateway.Token = "right"
	s := openShop(t, "no paper")
	for name, tt := range map[string]struct {
		cfg  admin.Config
		want string
	}{
		"hangs":              {admin.Config{URL: hangs.URL}, context.DeadlineExceeded.Error()},
		"is away":            {admin.Config{URL: away.URL}, "does a restate-server run there"},
		"knows no token":     {admin.Config{URL: gateway.URL, AuthToken: "wrong-token"}, "check the admin API's auth token"},
		"knows no password":  {admin.Config{URL: strings.Replace(gateway.URL, "://", "://me:wrong-token@", 1)}, "check the admin API's auth token"},
		"is somebody else's": {admin.Config{URL: testkit.Server().IngressURL()}, "this is the ingress of a server"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := admin.New(tt.cfg)
			require.NoError(t, err)
			t.Cleanup(client.CloseIdleConnections)
			page := dashboard.New(dashboard.Config{Admin: client, Endpoint: s.Endpoint, Timeout: dashboard.DefaultTimeout / 10})
			shown := load(t, page, "")
			text := shown.html(t).text()
			require.Contains(t, text, "server does not answer")
			require.Contains(t, text, "The server was not asked in full.")
			require.Contains(t, text, tt.want)
			require.NotContains(t, shown.Body.String(), "wrong-token")
			require.Contains(t, shown.html(t).section(t, "overview").text(), "On the server not known")
			require.Equal(t, "Paused and backing off Not known: the server did not answer.", shown.html(t).section(t, "stuck").text())
			require.Contains(t, shown.html(t).section(t, "drift").text(), "Not known: ")
			require.Len(t, shown.html(t).section(t, "services").all("details"), 6)
			require.Contains(t, shown.html(t).section(t, "flight").text(), s.inFlight)
		})
	}
	client, err := admin.New(admin.Config{URL: gateway.URL, AuthToken: "right"})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	shown := load(t, dashboard.New(dashboard.Config{Admin: client, Endpoint: s.Endpoint}), "")
	require.Len(t, shown.html(t).section(t, "stuck").rows(), 3)
	require.NotContains(t, shown.Body.String(), "right\"")
}

func TestAPageOfAServerAloneHasItsServices(t *testing.T) {
	t.Parallel()
	s := openShop(t, "no paper")
	page := dashboard.New(dashboard.Config{Admin: testkit.Admin()})
	for query, handlers := range map[string]int{"?find=" + s.carts: 2, "?find=" + strings.ToUpper(s.orders) + "/PR": 1, "?find=%20" + s.carts + "/view%20": 1} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			shown := load(t, page, query).html(t)
			services := shown.section(t, "services")
			require.Len(t, services.all("article"), 1)
			require.Len(t, services.all("details"), handlers)
			require.Contains(t, services.all("h3")[0].text(), "on "+testkit.ServiceOf(t, s.carts).DeploymentID)
			for _, section := range []string{"flight", "failures", "drift"} {
				for _, other := range shown.all("section") {
					require.NotEqual(t, section, other.attr("aria-labelledby"), "only a process knows that")
				}
			}
		})
	}
	seen := load(t, page, "?format=json&find="+s.carts+"/add").json(t)
	one := seen["services"].(map[string]any)["items"].([]any)[0].(map[string]any)
	require.Equal(t, "virtual object", one["kind"])
	add := one["handlers"].(map[string]any)["items"].([]any)[0].(map[string]any)
	require.Contains(t, fmt.Sprint(add["input"]), "What is bought")
	require.Contains(t, load(t, page, "?find=nothing-of-it").html(t).section(t, "services").text(), "No handler has “nothing-of-it” in its name.")
}

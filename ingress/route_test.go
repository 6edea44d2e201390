package ingress_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/testkit"
)

// newAPI serves the routes of an application.
func newAPI(t testing.TB, client *ingress.Client) http.Handler {
	greeter, carts, signups := ingress.NewService[*Greeter](client), ingress.NewObject[*Cart](client), ingress.NewWorkflow[*Signup](client)
	r := chi.NewRouter()
	r.Post("/greetings", ingress.Handler(greeter, (*Greeter).Greet, nil))
	r.Post("/notifications", ingress.HandlerVoid(greeter, (*Greeter).Notify, nil))
	r.Get("/ping", ingress.Handler0(greeter, (*Greeter).Ping, nil))
	r.Post("/touch", ingress.Handler0Void(greeter, (*Greeter).Touch, nil))
	r.Post("/failures", ingress.Handler(greeter, (*Greeter).Fail, nil))
	r.Post("/waits", ingress.Handler(greeter, (*Greeter).Wait, nil))
	r.Post("/waits/later", ingress.Handler(greeter, (*Greeter).Wait, &ingress.Route{Send: true, StatusPath: "/invocations/{id}"}))
	r.Post("/small", ingress.Handler(greeter, (*Greeter).Greet, &ingress.Route{MaxBody: 10}))
	r.Post("/failures/later", ingress.Handler(greeter, (*Greeter).Fail, &ingress.Route{Send: true}))
	r.Post("/touch/later", ingress.Handler0Void(greeter, (*Greeter).Touch, &ingress.Route{Send: true}))
	r.Route("/carts/{key}", func(r chi.Router) {
		r.Post("/items", ingress.Handler(carts, (*Cart).AddItem, nil))
		r.Get("/total", ingress.Handler0(carts, (*Cart).Total, nil))
		r.Get("/key", ingress.Handler0(carts, (*Cart).Key, nil))
	})
	r.Get("/fixed/key", ingress.Handler0(carts.Key("fixed"), (*Cart).Key, nil))
	r.Get("/tenants/{tenant}/cart", ingress.Handler0(carts, (*Cart).Key, &ingress.Route{Key: func(r *http.Request) (string, error) {
		switch tenant := ingress.PathValue(r, "tenant"); tenant {
		case "bad":
			return "", errors.New("there is no such tenant")
		case "foreign":
			return "", &ingress.RequestError{Status: http.StatusForbidden, Detail: "not yours"}
		default:
			return tenant + "/cart", nil
		}
	}}))
	r.Post("/signups/{id}", ingress.Handler(signups, (*Signup).Run, &ingress.Route{Send: true, StatusPath: "/invocations/{id}"}))
	r.Post("/signups/{id}/confirm", ingress.HandlerVoid(signups, (*Signup).Confirm, nil))
	r.Get("/invocations/{id}", ingress.StatusHandler(client))
	return r
}

// request is served without a network.
func request(t testing.TB, h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(testkit.Context(t), method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func problemOf(t testing.TB, w *httptest.ResponseRecorder) ingress.Problem {
	t.Helper()
	require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"), w.Body)
	var p ingress.Problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	require.Equal(t, w.Code, p.Status)
	require.NotEmpty(t, p.Title)
	return p
}

func TestARouteCallsAHandler(t *testing.T) {
	t.Parallel()
	api, key := newAPI(t, newClient(t, ingress.Config{})), url.PathEscape(testkit.NameOf(t))
	for name, test := range map[string]struct {
		method, target, body string
		status               int
		answer               string
	}{
		"with input and result":    {"POST", "/greetings", `"Ada"`, 200, `"hello Ada"`},
		"with input alone":         {"POST", "/notifications", `"Ada"`, 204, ""},
		"with a result alone":      {"GET", "/ping", "", 200, `"pong"`},
		"with nothing":             {"POST", "/touch", "", 204, ""},
		"of an object":             {"POST", "/carts/" + key + "/items", `{"sku":"tea","quantity":3}`, 200, "3"},
		"of an object with a key":  {"GET", "/carts/some-key/key", "", 200, `"some-key"`},
		"of an object that is set": {"GET", "/fixed/key", "", 200, `"fixed"`},
		"with a key of its own":    {"GET", "/tenants/a%2Fb/cart", "", 200, `"a/b/cart"`},
		"of a workflow":            {"POST", "/signups/" + key + "/confirm", `"1234"`, 204, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := request(t, api, test.method, test.target, test.body)
			require.Equal(t, test.status, w.Code, w.Body)
			require.Equal(t, test.answer, w.Body.String())
			require.Regexp(t, "^inv_", w.Header().Get("X-Restate-Id"))
			if test.answer != "" {
				require.Equal(t, "application/json", w.Header().Get("Content-Type"))
			}
		})
	}
}

func TestBadRequestsDoNotReachTheServer(t *testing.T) {
	t.Parallel()
	recorder := newRecorder(t, testkit.Server().IngressURL())
	log := new(logged)
	api := newAPI(t, newClient(t, ingress.Config{URL: recorder.url, Logger: newLogger(log)}))
	for name, test := range map[string]struct {
		target, body string
		header       []string
		status       int
		detail       string
	}{
		"no body":                  {"/greetings", "", nil, 400, "the request has no body"},
		"no JSON":                  {"/greetings", "{x", nil, 400, "the body is not valid JSON, at byte 2"},
		"half a JSON":              {"/greetings", `"x`, nil, 400, "the body is not valid JSON, at byte 2"},
		"more than JSON":           {"/greetings", `"x" "y"`, nil, 400, "the body is not valid JSON, at byte 5"},
		"another type":             {"/greetings", "7", nil, 400, "the body is a number, which does not fit"},
		"a number without an end":  {"/carts/k/items", `{"quantity":` + strings.Repeat("9", 100_000) + `}`, nil, 400, "the body has a number in quantity, which does not fit"},
		"another type in a field":  {"/carts/k/items", `{"quantity":"x"}`, nil, 400, "the body has a string in quantity, which does not fit"},
		"a body for nobody":        {"/touch", "{}", nil, 400, "the request has a body, and none is expected"},
		"a form":                   {"/greetings", "x=y", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "the Content-Type of the body is not application/json"},
		"no content type":          {"/greetings", `"x"`, []string{"Content-Type", ""}, 415, "the Content-Type of the body is not application/json"},
		"too much":                 {"/small", `"0123456789"`, nil, 413, "the body is larger than 10 bytes"},
		"far too much":             {"/greetings", strings.Repeat("x", 2<<20), nil, 413, "the body is larger than 1048576 bytes"},
		"a bad idempotency key":    {"/greetings", `"x"`, []string{"Idempotency-Key", "grüße"}, 400, "the idempotency key has characters other than printable ASCII; hash or encode it"},
		"a key that is no text":    {"/carts/%ff/items", `{}`, nil, 400, "the key is not valid UTF-8"},
		"a workflow without an id": {"/signups/%00", "", nil, 400, "the request has no body"},
	} {
		t.Run(name, func(t *testing.T) {
			w := request(t, api, http.MethodPost, test.target, test.body, test.header...)
			p := problemOf(t, w)
			require.Equal(t, test.status, p.Status)
			require.Equal(t, test.detail, p.Detail)
		})
	}
	for target, detail := range map[string]string{
		"/tenants/bad/cart": "there is no such tenant", "/tenants/foreign/cart": "not yours",
	} {
		t.Run(target, func(t *testing.T) {
			w := request(t, api, http.MethodGet, target, "")
			require.Equal(t, detail, problemOf(t, w).Detail)
		})
	}
	require.Equal(t, http.StatusForbidden, request(t, api, http.MethodGet, "/tenants/foreign/cart", "").Code)
	require.Empty(t, recorder.all(), "requests made")
	require.Empty(t, log.all(), "the mistakes of clients")
}

func TestJSONByAnotherNameIsTaken(t *testing.T) {
	t.Parallel()
	api := newAPI(t, newClient(t, ingress.Config{}))
	for _, contentType := range []string{"application/json; charset=utf-8", "Application/JSON", "application/cloudevents+json"} {
		t.Run(contentType, func(t *testing.T) {
			w := request(t, api, http.MethodPost, "/greetings", `"Ada"`, "Content-Type", contentType)
			require.Equal(t, http.StatusOK, w.Code, contentType)
		})
	}
}

func TestFailuresAreProblemDetails(t *testing.T) {
	t.Parallel()
	log := new(logged)
	api := newAPI(t, newClient(t, ingress.Config{Logger: newLogger(log)}))
	fail := func(code int) *httptest.ResponseRecorder {
		return request(t, api, http.MethodPost, "/failures", fmt.Sprintf(`{"Code":%d,"Message":"the inside story"}`, code))
	}
	for code, want := range map[int]ingress.Problem{
		404:  {Status: 404, Title: "Not Found", Detail: "the inside story", Code: 404, Metadata: map[string]string{"reason": "tested"}},
		470:  {Status: 470, Title: "Error", Detail: "the inside story", Code: 470, Metadata: map[string]string{"reason": "tested"}},
		500:  {Status: 500, Title: "Internal Server Error", Code: 500},
		503:  {Status: 503, Title: "Service Unavailable", Code: 503},
		200:  {Status: 500, Title: "Internal Server Error", Code: 200},
		1000: {Status: 500, Title: "Internal Server Error", Code: 1000},
	} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			w := fail(code)
			p := problemOf(t, w)
			require.Regexp(t, "^inv_", p.InvocationID)
			require.Equal(t, p.InvocationID, w.Header().Get("X-Restate-Id"))
			p.InvocationID = ""
			require.Equal(t, want, p)
			require.Equal(t, want.Detail != "", strings.Contains(w.Body.String(), "inside story"))
		})
	}
	require.Empty(t, log.all(), "the service logs its failures itself")
}

func TestTheIdempotencyKeyIsForwarded(t *testing.T) {
	t.Parallel()
	api, name := newAPI(t, newClient(t, ingress.Config{})), testkit.NameOf(t)
	var ids []string
	for range 2 {
		w := request(t, api, http.MethodPost, "/greetings", `"`+name+`"`, "Idempotency-Key", name)
		require.Equal(t, http.StatusOK, w.Code)
		ids = append(ids, w.Header().Get("X-Restate-Id"))
	}
	require.Equal(t, ids[0], ids[1])
	require.Equal(t, 1, executions.of("Greet "+name))

	t.Run("but not to the main handler of a workflow", func(t *testing.T) {
		w := request(t, api, http.MethodPost, "/signups/"+url.PathEscape(testkit.NameOf(t)), `"ada@example.com"`, "Idempotency-Key", name)
		require.Equal(t, http.StatusAccepted, w.Code, w.Body)
	})
}

func TestASendAnswersAtOnceAndTheStatusFollows(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	api, name := newAPI(t, client), testkit.NameOf(t)
	w := request(t, api, http.MethodPost, "/waits/later", `"`+name+`"`, "Idempotency-Key", name)
	require.Equal(t, http.StatusAccepted, w.Code, w.Body)
	id := w.Header().Get("X-Restate-Id")
	require.Equal(t, "/invocations/"+id, w.Header().Get("Location"))
	require.JSONEq(t, `{"invocationId":"`+id+`","status":"Accepted","statusUrl":"/invocations/`+id+`"}`, w.Body.String())
	again := request(t, api, http.MethodPost, "/waits/later", `"`+name+`"`, "Idempotency-Key", name)
	require.JSONEq(t, `{"invocationId":"`+id+`","status":"PreviouslyAccepted","statusUrl":"/invocations/`+id+`"}`, again.Body.String())

	location := w.Header().Get("Location")
	w = request(t, api, http.MethodGet, location, "")
	require.Equal(t, http.StatusAccepted, w.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	require.JSONEq(t, `{"invocationId":"`+id+`","ready":false}`, w.Body.String())

	open(t, client, name)
	testkit.Until(t, func() bool {
		w = request(t, api, http.MethodGet, location, "")
		return w.Code != http.StatusAccepted
	}, "it has no result")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, `"opened `+name+`"`, w.Body.String())
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	require.Equal(t, id, w.Header().Get("X-Restate-Id"))
}

func TestTheStatusOfWhatFailedIsGoneOrNeverWas(t *testing.T) {
	t.Parallel()
	client := newClient(t, ingress.Config{})
	api := newAPI(t, client)
	finished := func(target, body string) *httptest.ResponseRecorder {
		w := request(t, api, http.MethodPost, target, body)
		require.Equal(t, http.StatusAccepted, w.Code)
		require.Empty(t, w.Header().Get("Location"), "no StatusPath")
		id := w.Header().Get("X-Restate-Id")
		_, _ = ingress.HandleOf[restate.Void](client, id).Attach(testkit.Context(t))
		return request(t, api, http.MethodGet, "/invocations/"+id, "")
	}
	failed := problemOf(t, finished("/failures/later", `{"Code":404,"Message":"no such order"}`))
	require.Equal(t, "no such order", failed.Detail)
	require.NotEmpty(t, failed.InvocationID)
	require.Equal(t, http.StatusNoContent, finished("/touch/later", "").Code)

	for _, id := range []string{"inv_141xP4V6kryF6QlU9u93f785racpmNuz85", "inv_nonsense", "x", "inv_1%2F..", "inv_" + strings.Repeat("1", 200)} {
		t.Run(id, func(t *testing.T) {
			p := problemOf(t, request(t, api, http.MethodGet, "/invocations/"+id, ""))
			require.Equal(t, ingress.Problem{Status: 404, Title: "Not Found", Detail: "no such invocation"}, p, id)
		})
	}
}

func TestWhenTheClientGoesAwayTheInvocationGoesOn(t *testing.T) {
	t.Parallel()
	log := new(logged)
	client := newClient(t, ingress.Config{Logger: newLogger(log)})
	name := testkit.NameOf(t)
	returned := make(chan struct{})
	api := newAPI(t, client)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(returned)
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithCancel(testkit.Context(t))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+"/waits", strings.NewReader(`"`+name+`"`))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", name)
	go func() {
		if res, err := srv.Client().Do(req); err == nil {
			_ = res.Body.Close()
		}
	}()
	gateID(t, client, name)
	cancel()
	<-returned // the route does not wait for the result
	require.Empty(t, log.all())

	open(t, client, name)
	text, err := ingress.Lookup(ingress.NewService[*Greeter](client), (*Greeter).Wait, restate.WithIdempotencyKey(name)).Attach(testkit.Context(t))
	require.NoError(t, err)
	require.Equal(t, "opened "+name, text)
}

func TestTroubleBehindARouteIsLoggedAndNotShown(t *testing.T) {
	t.Parallel()
	answer := func(code int, header ...string) string {
		return gateway(t, testkit.Server().IngressURL(), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, "the inside story")
		})
	}
	broken := gateway(t, testkit.Server().IngressURL(), func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) })
	slow := gateway(t, testkit.Server().IngressURL(), func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	for name, test := range map[string]struct {
		url        string
		status     int
		retryAfter string
	}{
		"overloaded":           {answer(429, "Retry-After", "7"), 503, "7"},
		"unavailable":          {answer(503), 503, ""},
		"unknown to a gateway": {answer(404), 502, ""},
		"bad to a gateway":     {answer(400), 502, ""},
		"a path too many":      {testkit.Server().IngressURL() + "/prefix", 502, ""},
		"the admin API":        {testkit.Server().AdminURL(), 502, ""},
		"unauthorized":         {answer(401), 502, ""},
		"too large":            {answer(413), 413, ""},
		"a broken connection":  {broken, 502, ""},
		"nobody there":         {"http://127.0.0.1:1", 503, ""},
		"a deadline that ends": {slow, 504, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := new(logged)
			client := newClient(t, ingress.Config{URL: test.url, Logger: newLogger(log), Retry: ingress.Retry{MaxAttempts: 1}})
			var api http.Handler = newAPI(t, client)
			if test.status == 504 {
				api = middleware.Timeout(30 * time.Millisecond)(api)
			}
			w := request(t, api, http.MethodPost, "/greetings", `"Ada"`)
			require.Equal(t, test.status, w.Code, w.Body)
			require.Equal(t, test.retryAfter, w.Header().Get("Retry-After"))
			require.NotContains(t, w.Body.String(), "inside story")
			if test.status >= 500 {
				require.Len(t, log.all(), 1)
				require.Contains(t, log.all()[0], "target=Greeter/Greet")
			}
			if test.status != 504 { // which the middleware writes
				problemOf(t, w)
			}

			w = request(t, api, http.MethodGet, "/invocations/inv_141xP4V6kryF6QlU9u93f785racpmNuz85", "")
			require.Equal(t, test.status, w.Code, w.Body)
			if test.status >= 500 {
				require.Len(t, log.all(), 2)
				require.Contains(t, log.all()[1], `target="output inv_141xP4V6kryF6QlU9u93f785racpmNuz85"`)
			}
		})
	}
}

func TestTheErrorWriterCanBeReplaced(t *testing.T) {
	t.Parallel()
	route := &ingress.Route{Error: func(w http.ResponseWriter, _ *http.Request, err error) {
		w.WriteHeader(ingress.ProblemOf(err).Status)
		_, _ = io.WriteString(w, err.Error())
	}}
	h := ingress.Handler(ingress.NewService[*Greeter](newClient(t, ingress.Config{})), (*Greeter).Greet, route)
	w := request(t, h, http.MethodPost, "/", "{")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, "ingress: 400 the body is not valid JSON, at byte 1", w.Body.String())
}

// Broken has inputs that no route can bind.
type Broken struct{}

type (
	noName struct {
		A string `query:""`
	}
	twoTags struct {
		A string `query:"a" path:"a"`
	}
	noText struct {
		A map[string]int `query:"a"`
	}
	noExport struct {
		a string `query:"a"`
	}
	Embedded struct {
		A string `query:"a"`
	}
	viaPtr struct{ *Embedded }
	lost   struct {
		A string `query:"a" json:"-"`
	}
)

func (*Broken) NoName(restate.Context, noName) error     { return nil }
func (*Broken) TwoTags(restate.Context, twoTags) error   { return nil }
func (*Broken) NoText(restate.Context, noText) error     { return nil }
func (*Broken) NoExport(restate.Context, noExport) error { return nil }
func (*Broken) Lost(restate.Context, lost) error         { return nil }
func (*Broken) ViaPtr(restate.Context, viaPtr) error     { return nil }

func TestARouteThatCannotWorkSaysSo(t *testing.T) {
	t.Parallel()
	log := new(logged)
	client := newClient(t, ingress.Config{Logger: newLogger(log)})
	broken, greeter := ingress.NewService[*Broken](client), ingress.NewService[*Greeter](client)
	_ = noExport{a: ""}
	for want, h := range map[string]http.HandlerFunc{
		"write a method expression":                                                     ingress.Handler0(ingress.NewService[*Greeter](client), func(*Greeter, restate.Context) (string, error) { return "", nil }, nil),
		"Cart is a virtual object, and the client is for a service":                     ingress.Handler0(ingress.NewService[*Cart](client), (*Cart).Key, nil),
		"field A of ingress_test.noName: has a path or query tag":                       ingress.HandlerVoid(broken, (*Broken).NoName, nil),
		"field A of ingress_test.twoTags: has a path and a query tag":                   ingress.HandlerVoid(broken, (*Broken).TwoTags, nil),
		"field A of ingress_test.noText: is a map[string]int":                           ingress.HandlerVoid(broken, (*Broken).NoText, nil),
		"field a of ingress_test.noExport: has a path or query tag and is not exported": ingress.HandlerVoid(broken, (*Broken).NoExport, nil),
		"field A of ingress_test.viaPtr: is reached through an embedded pointer":        ingress.HandlerVoid(broken, (*Broken).ViaPtr, nil),
		"field A of ingress_test.lost: has json:":                                       ingress.HandlerVoid(broken, (*Broken).Lost, nil),
		`Greeter/Greet: StatusPath \"/invocations\" has no {id}`:                        ingress.Handler(greeter, (*Greeter).Greet, &ingress.Route{Send: true, StatusPath: "/invocations"}),
		`Greeter/Greet: StatusPath \"/invocations/{id}\" is for a route with Send`:      ingress.Handler(greeter, (*Greeter).Greet, &ingress.Route{StatusPath: "/invocations/{id}"}),
		"Greeter/Greet: Key is for virtual objects and workflows":                       ingress.Handler(greeter, (*Greeter).Greet, &ingress.Route{Key: func(*http.Request) (string, error) { return "x", nil }}),
	} {
		t.Run(want, func(t *testing.T) {
			require.Contains(t, strings.Join(log.all(), ""), want)
			p := problemOf(t, request(t, h, http.MethodPost, "/", ""))
			require.Equal(t, http.StatusInternalServerError, p.Status)
			require.Empty(t, p.Detail)
		})
	}
	require.Len(t, log.all(), 11, "logged when mounted, and not for each request")
	for name, h := range map[string]http.HandlerFunc{
		"to nothing":            ingress.Handler0(ingress.Mountable[*Cart](nil), (*Cart).Key, nil),
		"without a client":      ingress.Handler0(ingress.Object[*Cart]{}, (*Cart).Key, nil),
		"to a status of nobody": ingress.StatusHandler(nil),
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, http.StatusInternalServerError, problemOf(t, request(t, h, http.MethodPost, "/", "")).Status)
		})
	}
}

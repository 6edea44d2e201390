package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// shopAPI is the shop's API on a restate-server.
func shopAPI(t *testing.T) (base string, client *ingress.Client) {
	t.Helper()
	var api *API
	env := restatetest.Start(t, shop, fx.Supply(flags{packing: 10 * time.Millisecond}), fx.Populate(&api))
	return api.URL(), env.Ingress()
}

func ask(t *testing.T, method, url, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl -d does
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(out)
}

func TestTheAPI(t *testing.T) {
	t.Parallel()
	base, client := shopAPI(t)
	carts, orders := ingress.NewObject[*Cart](client), ingress.NewWorkflow[*Order](client)

	for escaped, key := range map[string]string{
		"plain":     "plain",
		"a%2Fb":     "a/b",
		"a%252Fb":   "a%2Fb",
		"a%3Fb%23c": "a?b#c",
		"z%C3%BC":   "zü",
		"%2FEmpty":  "/Empty",
	} {
		t.Run("takes a key and an id as they are meant, "+key, func(t *testing.T) {
			t.Parallel()
			res, body := ask(t, http.MethodPost, base+"/carts/"+escaped+"/items", `{"sku":"pin","quantity":1,"price":90}`)
			require.Equal(t, http.StatusOK, res.StatusCode, body)
			cart, err := ingress.Call0(t.Context(), carts.Key(key), (*Cart).View)
			require.NoError(t, err)
			require.Equal(t, 90, cart.Total)

			customer, err := json.Marshal(PlaceOrder{Customer: key})
			require.NoError(t, err)
			res, body = ask(t, http.MethodPut, base+"/orders/"+escaped, string(customer))
			require.Equal(t, http.StatusAccepted, res.StatusCode, body)
			require.Equal(t, "/orders/"+url.PathEscape(key), res.Header.Get("Location"))
			status, err := ingress.Lookup(orders.ID(key), (*Order).Run).Attach(t.Context())
			require.NoError(t, err)
			require.Equal(t, "shipped", status.Step)

			res, body = ask(t, http.MethodGet, base+res.Header.Get("Location"), "")
			require.Equal(t, http.StatusOK, res.StatusCode, body)
			require.Contains(t, body, `"total":90`)

			res, body = ask(t, http.MethodGet, base+res.Request.URL.EscapedPath()+"/events", "")
			require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
			require.Equal(t, "data: shipped\n\n", body)
		})
	}

	t.Run("tells that it is ready", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{"/readyz", "/livez"} {
			t.Run(path, func(t *testing.T) {
				res, body := ask(t, http.MethodGet, base+path, "")
				require.Equal(t, http.StatusOK, res.StatusCode, body)
			})
		}
	})

	for name, test := range map[string]struct {
		method, target, body string
		status               int
		detail               string
	}{
		"an item that is invalid": {"POST", "/carts/ada/items", `{"sku":"pin"}`, 422, "an item needs a sku, a positive quantity and a price"},
		"a body that is not JSON": {"POST", "/carts/ada/items", `{`, 400, "the body is not valid JSON, at byte 1"},
		"a key that is not text":  {"POST", "/carts/%FF/items", `{}`, 400, "the key is not valid UTF-8"},
		"an id that is not text":  {"PUT", "/orders/%FF", `{}`, 400, "the key is not valid UTF-8"},
		"an order that is not":    {"GET", "/orders/none", "", 404, "there is no such order"},
		"events of no order":      {"GET", "/orders/none/events", "", 404, "there is no such order"},
		"an order without a body": {"PUT", "/orders/none", "", 400, "the request has no body"},
	} {
		t.Run("responds with problem details to "+name, func(t *testing.T) {
			t.Parallel()
			res, body := ask(t, test.method, base+test.target, test.body)
			require.Equal(t, "application/problem+json", res.Header.Get("Content-Type"), body)
			var problem ingress.Problem
			require.NoError(t, json.Unmarshal([]byte(body), &problem))
			require.Equal(t, test.status, res.StatusCode)
			require.Equal(t, test.status, problem.Status)
			require.Equal(t, test.detail, problem.Detail)
		})
	}
}

package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheAPI(t *testing.T) {
	t.Parallel()
	w := start(t, modes["on a server with its defaults"])

	t.Run("charges a card once for an idempotency key", func(t *testing.T) {
		w := w.in(t)
		charge := request{method: "POST", url: w.api.URL() + "/charge", body: encode(Charge{"Ada", 250}), idempotencyKey: "charge-1"}
		var first, again Receipt
		w.do(charge).as(&first)
		w.do(charge).as(&again)
		require.Equal(t, first, again)
		require.Equal(t, map[string]int{first.ID: 250}, w.bank.Paid())
	})

	for _, key := range []string{"plain", "a/b", "a%2Fb", "a?b#c", "zü", "/Checkout", "../cart/Ada"} {
		t.Run("takes a key and an id as they are meant, "+key, func(t *testing.T) {
			w := w.in(t)
			escaped := url.PathEscape(key)
			require.Equal(t, http.StatusOK, w.post("/cart/"+escaped+"/add", Line{"Assam", 50, 400}).status)
			require.Equal(t, "400", string(w.get("/cart/"+escaped+"/total").body))
			w.post("/orders/"+escaped, Order{key})
			require.Equal(t, 400, w.comesTo(escaped, "shipped").Cents)
			w.mailed(key, "thank you for order "+key)
		})
	}

	for name, test := range map[string]struct {
		method, path string
		in           any
		status       int
		detail       string
	}{
		"a charge above the limit":         {"POST", "/charge", Charge{"Ada", maxCharge + 1}, 403, "Forbidden"},
		"a card without money":             {"POST", "/charge", Charge{"Broke", 1}, 402, "the card is declined"},
		"a line that is invalid":           {"POST", "/cart/Ada/add", Line{Tea: "Assam"}, 422, "a line needs a tea, its grams and its price"},
		"a body that does not fit":         {"POST", "/cart/Ada/add", "Assam", 400, "the body is a string, which does not fit"},
		"an order that is not there":       {"GET", "/orders/none", nil, 404, "there is no such order"},
		"an invocation that is not there":  {"GET", "/invocations/inv_1", nil, 404, "no such invocation"},
		"a page that is not there":         {"GET", "/teapot", nil, 404, "there is no such page"},
		"a webhook that nobody has signed": {"POST", "/webhooks/carrier", Delivery{Event: "1", Order: "1"}, 401, ""},
	} {
		t.Run("responds with problem details to "+name, func(t *testing.T) {
			w := w.in(t)
			r := request{method: test.method, url: w.api.URL() + test.path}
			if test.in != nil {
				r.body = encode(test.in)
			}
			w.do(r).problem(test.status, test.detail)
		})
	}

	t.Run("names the field that is wrong", func(t *testing.T) {
		w := w.in(t)
		p := w.post("/charge", Charge{Cents: 1}).problem(400, "invalid input: customer: required")
		require.Equal(t, map[string]string{"customer": "required"}, p.Metadata)
	})

	t.Run("refuses a signed webhook without an event", func(t *testing.T) {
		w := w.in(t)
		w.do(w.webhook(Delivery{Order: "1"})).problem(400, "the delivery has no event id")
	})

	t.Run("prints requests that curl can make", func(t *testing.T) {
		w := w.in(t)
		for _, r := range w.api.Requests("order-1") {
			require.True(t, strings.HasPrefix(r.curl(), "curl "+w.api.URL()), r.curl())
		}
	})
}

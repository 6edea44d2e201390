package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// request is a request to try.
type request struct {
	title, method, url string

	body           []byte // JSON; nil: none
	idempotencyKey string
	signature      string // of the carrier, if it is a webhook
}

// response is the response to a request.
type response struct {
	status int
	header http.Header
	body   []byte
}

func newOrderID() string { return "order-" + rand.Text()[:6] }

// Requests returns requests to try, in order.
func (a *API) Requests(order string) []request {
	customer := "Ada, " + order
	at := func(parts ...string) string {
		u, _ := url.JoinPath(a.URL(), parts...) // the URL is valid
		return u
	}
	cart := url.PathEscape(customer)
	parcel := encode(Delivery{Event: "parcel of " + order, Order: order, Door: "number 7"})
	return []request{
		{title: "charge a card, without a cart", method: "POST", url: at("charge"), body: encode(Charge{"Ada", 250}), idempotencyKey: order},
		{title: "a charge above the limit is rejected", method: "POST", url: at("charge"), body: encode(Charge{"Ada", 1_000_000})},
		{title: "put a tea into the cart", method: "POST", url: at("cart", cart, "add"), body: encode(Line{"Oolong", 100, 1450})},
		{title: "the price of the cart", method: "GET", url: at("cart", cart, "total")},
		{title: "order what is in the cart", method: "POST", url: at("orders", order), body: encode(Order{customer})},
		{title: "the progress of the order", method: "GET", url: at("orders", order)},
		{title: "the carrier's webhook", method: "POST", url: at("webhooks", "carrier"), body: parcel, signature: a.carrier.Sign(parcel)},
	}
}

func encode(v any) []byte {
	b, _ := json.Marshal(v) // cannot fail for these types
	return b
}

func (r request) curl() string {
	line := "curl " + r.url
	header := r.header()
	for _, name := range slices.Sorted(maps.Keys(header)) {
		line += fmt.Sprintf(" -H '%s: %s'", name, header.Get(name))
	}
	if r.body != nil {
		line += fmt.Sprintf(" -d '%s'", r.body)
	}
	return line
}

func (r request) header() http.Header {
	h := http.Header{}
	for name, value := range map[string]string{"Idempotency-Key": r.idempotencyKey, signatureHeader: r.signature} {
		if value != "" {
			h.Set(name, value)
		}
	}
	if r.body != nil {
		h.Set("Content-Type", "application/json")
	}
	return h
}

func (r request) do(ctx context.Context) (response, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return response{}, err
	}
	req.Header = r.header()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return response{res.StatusCode, res.Header, bytes.TrimSpace(body)}, err
}

// demo sends the requests, shows the responses, and waits for the last mail.
func demo(ctx context.Context, api *API, postbox *Postbox, askAfter time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, askAfter+5*time.Minute)
	defer cancel()
	order := newOrderID()
	for _, r := range api.Requests(order) {
		res, err := r.do(ctx)
		for err == nil && res.status == http.StatusNotFound { // the order has not started yet
			if err = pause(ctx); err == nil {
				res, err = r.do(ctx)
			}
		}
		if err != nil {
			return err
		}
		fmt.Printf("# %s\n%s %s\n  %d %s\n\n", r.title, r.method, r.url, res.status, res.body)
		if res.status >= http.StatusInternalServerError {
			return fmt.Errorf("%s: status %d", r.title, res.status)
		}
	}
	for len(postbox.For("Ada, "+order)) < 2 {
		if err := pause(ctx); err != nil {
			return fmt.Errorf("the mails to the customer: %w", err)
		}
	}
	return nil
}

// pause is the polling interval.
func pause(ctx context.Context) error {
	select {
	case <-time.After(100 * time.Millisecond):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

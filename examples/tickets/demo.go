package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/fxrestate/go/ingress"
)

// request is a request to try, with its body as JSON.
type request struct{ title, path, body string }

// requests have one for each thing that can happen to a seat, but for the expiry.
var requests = []request{
	{"Ada puts two seats into her cart", "/cart/Ada/Add", `"A1"`},
	{"and a second one", "/cart/Ada/Add", `"A2"`},
	{"Broke wants one of them too", "/cart/Broke/Add", `"A1"`},
	{"Ada gives it back", "/cart/Ada/Remove", `"A1"`},
	{"now Broke gets it", "/cart/Broke/Add", `"A1"`},
	{"but the card is declined", "/cart/Broke/Checkout", ""},
	{"Ada pays", "/cart/Ada/Checkout", ""},
	{"her seat is sold soon", "/ticket/A2/Status", ""},
	{"Broke's seat is held until it expires", "/ticket/A1/Status", ""},
	{"Unlucky takes a seat", "/cart/Unlucky/Add", `"B7"`},
	{"and pays once, although the bank loses a response", "/cart/Unlucky/Checkout", ""},
}

func (r request) curl(ingressURL string) string {
	if r.body == "" {
		return fmt.Sprintf("curl -X POST %s%s", ingressURL, r.path)
	}
	return fmt.Sprintf("curl %s%s -H 'content-type: application/json' -d '%s'", ingressURL, r.path, r.body)
}

// send does what the line of curl does, and shows the response.
func (r request) send(ctx context.Context, ingressURL string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, ingressURL+r.path, strings.NewReader(r.body))
	if err != nil {
		return err
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	fmt.Printf("# %s\n%s\n  %s\n", r.title, r.curl(ingressURL), cmp.Or(string(body), res.Status))
	if res.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("%s: %s", r.path, res.Status)
	}
	return nil
}

// demo sends the requests and shows the responses.
func demo(ctx context.Context, client *ingress.Client) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	defer http.DefaultClient.CloseIdleConnections()
	for _, r := range requests {
		if err := r.send(ctx, client.URL()); err != nil {
			return err
		}
	}
	return nil
}

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

// requests are the stations of the tour.
var requests = []request{
	{"two subscriptions", "/subscriptions/Add", `{"user":"ada","card":"4111","services":["Hulu","Prime"]}`},
	{"Netflix is down at first: the step is retried", "/subscriptions/Add", `{"user":"ada","card":"4111","services":["Netflix"]}`},
	{"no card: refused at once", "/subscriptions/Add", `{"user":"ada","services":["Hulu"]}`},
	{"the payment is given up after three attempts", "/subscriptions/Add", `{"user":"ada","card":"0000","services":["Hulu"]}`},
	{"Disney refuses: all is undone", "/saga/Add", `{"user":"bob","card":"4112","services":["Hulu","Prime","Disney"]}`},
	{"four at once, and what came of each", "/parallel/Add", `{"user":"eve","card":"4113","services":["Hulu","Prime","YouTube","Disney"]}`},
	{"a user's library", "/library/ada/Add", `"Hulu"`},
	{"is that user's alone", "/library/ada/List", ""},
	{"money for Ada", "/account/ada/Deposit", `10000`},
	{"a ticket, and a mail on the day before", "/concerts/Buy", `{"customer":"ada","cents":8000,"starts":"2040-10-01T20:00:00Z"}`},
	{"a second one is too much", "/concerts/Buy", `{"customer":"ada","cents":8000,"starts":"2040-10-01T20:00:00Z"}`},
	{"which left the balance as it was", "/account/ada/Balance", ""},
	{"a payment that waits for its confirmation, which the log tells", "/payments/Process/send", `{"order":"77","cents":4200}`},
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
	if res.StatusCode > http.StatusInternalServerError {
		return fmt.Errorf("%s: %s", r.path, res.Status)
	}
	return nil
}

// demo sends the requests and shows the responses. Then it confirms the payment, as its
// provider would do.
func demo(ctx context.Context, client *ingress.Client, provider *Provider) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	defer http.DefaultClient.CloseIdleConnections()
	for _, r := range requests {
		if err := r.send(ctx, client.URL()); err != nil {
			return err
		}
	}
	for provider.Waits("77") == "" {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	body := fmt.Sprintf(`{"id":%q,"transaction":"t-1"}`, provider.Waits("77"))
	return request{"the provider confirms it", "/payments/Confirm", body}.send(ctx, client.URL())
}

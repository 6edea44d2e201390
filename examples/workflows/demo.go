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
	{"a signup", "/signup/carl/Run", `{"name":"Carl","email":"carl@mail.com"}`},
	{"what came of it", "/signup/carl/Status", ""},
	{"who waits for the user hears of it", "/signup/carl/Created", ""},
	{"a second time is refused", "/signup/carl/Run", `{"name":"Carl","email":"carl@mail.com"}`},
	{"the address is taken", "/signup/dora/Run", `{"name":"Dora","email":"taken@mail.com"}`},
	{"the welcome is given up after three attempts", "/signup/alice/Run", `{"name":"Alice","email":"alice@mail.com"}`},
	{"Alice cannot have the plan: all is undone", "/paid-signup/alice/Run", `{"name":"Alice","email":"alice@mail.com"}`},
	{"others can", "/paid-signup/bob/Run", `{"name":"Bob","email":"bob@mail.com"}`},
	{"a user who has to verify the address: the log has the mail", "/verification/jane/Run/send", `{"name":"Jane","email":"jane@mail.com"}`},
	{"with the secret that is in it", "/verification/jane/Verify", `"a guess"`},
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

// demo sends the requests and shows the responses. Then it clicks the link that is in
// Jane's mail.
func demo(ctx context.Context, client *ingress.Client, mailbox *Mailbox) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	defer http.DefaultClient.CloseIdleConnections()
	for _, r := range requests {
		if err := r.send(ctx, client.URL()); err != nil {
			return err
		}
	}
	for mailbox.Secret("jane") == "" {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	link := request{"the link in the mail", "/verification/jane/Verify", fmt.Sprintf("%q", mailbox.Secret("jane"))}
	return link.send(ctx, client.URL())
}

// Package requests prints the requests that an example invites to try, and sends them
// for the example's flag -demo.
package requests

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Request is a request to try.
type Request struct {
	Title string
	// Method is POST by default.
	Method string
	// Path begins with a slash.
	Path string
	// Body is JSON. Empty means none.
	Body string
	// Header has lines as "Idempotency-Key: 7".
	Header []string
}

// Curl returns the line that sends the request from a shell.
func (r Request) Curl(base string) string {
	args := []string{"curl"}
	if r.Method != "" || r.Body == "" {
		args = append(args, "-X", r.method())
	}
	args = append(args, quoted(base+r.Path))
	for _, line := range r.header() {
		args = append(args, "-H", quoted(line))
	}
	if r.Body != "" {
		args = append(args, "-d", quoted(r.Body))
	}
	return strings.Join(args, " ")
}

// Print writes the requests' titles and lines to w.
func Print(w io.Writer, base string, all []Request) {
	for _, r := range all {
		fmt.Fprintf(w, "  # %s\n  %s\n", r.Title, r.Curl(base))
	}
}

// Send sends the requests one after another, and writes their titles, their lines and the
// responses to w. A status above 500 ends it with an error. A 500 does not: with it the ingress says
// that a handler failed, which an example wants to show.
func Send(ctx context.Context, w io.Writer, base string, all []Request) error {
	defer http.DefaultClient.CloseIdleConnections()
	for _, r := range all {
		status, body, err := r.send(ctx, base)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Title, err)
		}
		fmt.Fprintf(w, "# %s\n%s\n  %s\n", r.Title, r.Curl(base), cmp.Or(body, http.StatusText(status)))
		if status > http.StatusInternalServerError {
			return fmt.Errorf("%s: status %d", r.Title, status)
		}
	}
	return nil
}

// send returns the response's status and body.
func (r Request) send(ctx context.Context, base string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, r.method(), base+r.Path, strings.NewReader(r.Body))
	if err != nil {
		return 0, "", err
	}
	for _, line := range r.header() {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	read, err := io.ReadAll(res.Body)
	return res.StatusCode, string(bytes.TrimSpace(read)), err
}

func (r Request) method() string { return cmp.Or(r.Method, http.MethodPost) }

func (r Request) header() []string {
	if r.Body == "" {
		return r.Header
	}
	return append([]string{"content-type: application/json"}, r.Header...)
}

// quoted writes a word as a shell reads it.
func quoted(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%,+"
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

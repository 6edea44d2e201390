package application

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/description"
	"github.com/fxrestate/go/internal/manifest"
)

// ask asks the endpoint at a URL for its manifest, as a server does.
func (r *reader) ask(ctx context.Context, raw string) (subject, error) {
	u, err := url.Parse(raw)
	shown := terminal.Escape(admin.RedactURL(raw))
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return subject{}, terminal.Usagef("%s is no URL of an endpoint, such as http://localhost:9080", shown)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.timeout, fmt.Errorf("it has not answered within %s", r.timeout))
	defer cancel()
	defer r.terminal.Progress("asking " + shown + " what it serves")()
	raw = strings.TrimRight(raw, "/")
	answer, err := manifest.At(ctx, raw, r.headers)
	var status *manifest.StatusError
	switch {
	case errors.As(err, &status) && status.Status == http.StatusUnauthorized:
		return subject{}, fmt.Errorf("%s answers only what a server has signed (identity keys); name the program instead, with --url", shown)
	case err != nil && ctx.Err() != nil:
		return subject{}, fmt.Errorf("%s: %w", shown, context.Cause(ctx))
	case err != nil:
		return subject{}, fmt.Errorf("%s is no endpoint, or nobody serves there: %w", shown, err)
	}
	doc, err := description.FromManifest(answer)
	if err != nil {
		return subject{}, fmt.Errorf("%s: %w", shown, err)
	}
	return subject{Document: doc, name: shown, url: raw}, nil
}

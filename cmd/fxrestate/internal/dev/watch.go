package dev

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/backoff"
	"github.com/fxrestate/go/internal/manifest"
)

const (
	// lookPause is between two looks at an application.
	lookPause = time.Second
	// lookTimeout bounds one look, and registerTimeout a registration.
	lookTimeout     = 5 * time.Second
	registerTimeout = time.Minute
)

// app is an application that may appear.
type app struct {
	url *url.URL

	hash    string // what was served at the last look, or empty
	settled string // the hash that is registered
	trouble string // what was said last
}

// appsAt reads the URLs of applications.
func appsAt(urls []string) ([]*app, error) {
	apps := make([]*app, len(urls))
	for i, raw := range urls {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
			return nil, terminal.Usagef("--app is %q; it must be a URL such as %s", admin.RedactURL(raw), defaultApp)
		}
		apps[i] = &app{url: u}
	}
	return apps, nil
}

// watcher registers applications.
type watcher struct {
	client *admin.Client
	host   string // under which the server reaches this machine
	say    func(format string, args ...any)
}

// watch looks at an application until ctx ends. It is registered once two looks have seen the
// same: an application that registers itself has done so by then.
func (w *watcher) watch(ctx context.Context, a *app) {
	for ; ctx.Err() == nil; backoff.Sleep(ctx, lookPause) {
		raw, hash, err := look(ctx, a.url.String())
		if ctx.Err() != nil {
			return
		}
		before := a.hash
		a.hash = hash
		switch {
		case err != nil:
			w.away(a, before, err)
		case hash == a.settled:
			if before == "" {
				w.say("%s is back", a.url)
			}
			a.trouble = ""
		case hash == before:
			w.settle(ctx, a, raw)
		}
	}
}

// look asks an application what it serves.
func look(ctx context.Context, at string) (raw []byte, hash string, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	if raw, err = manifest.At(ctx, strings.TrimRight(at, "/"), nil); err != nil {
		return nil, "", err
	}
	m, err := manifest.Parse(raw)
	if err != nil {
		return nil, "", err
	}
	return raw, m.InterfaceHash(), nil
}

// away says once that an application has gone, or that something else is there.
func (w *watcher) away(a *app, before string, err error) {
	var refused *manifest.StatusError
	what := "there is no application at " + a.url.String() + ", which was there"
	switch {
	case errors.As(err, &refused):
		what = a.url.String() + " is not registered: " + err.Error()
	case before == "":
		return
	}
	if what != a.trouble {
		a.trouble = what
		w.say("%s", what)
	}
}

// settle registers what an application serves, if nobody has.
func (w *watcher) settle(ctx context.Context, a *app, raw []byte) {
	known, err := w.known(ctx, a)
	switch {
	case ctx.Err() != nil:
		return
	case err == nil && known != "":
		w.say("%s is registered already, as %s", a.url, known)
	case err == nil:
		var registered deployment.Registration
		if registered, err = w.register(ctx, a, raw); err == nil {
			w.say("registered %s as %s: %s", a.url, registered.DeploymentID, strings.Join(slices.Sorted(maps.Keys(registered.Revisions)), ", "))
		}
	}
	if err != nil {
		if a.trouble != err.Error() && ctx.Err() == nil {
			a.trouble = err.Error()
			w.say("%s is not registered: %v", a.url, err)
		}
		return
	}
	a.settled, a.trouble = a.hash, ""
}

// known returns the deployment that has registered what an application serves.
func (w *watcher) known(ctx context.Context, a *app) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	list, err := w.client.Deployments(ctx)
	if err != nil {
		return "", err
	}
	for _, d := range list {
		at, err := url.Parse(d.URI)
		if err == nil && d.Metadata[deployment.InterfaceHashKey] == a.hash && sameAddress(at, a.url) {
			return d.ID, nil
		}
	}
	return "", nil
}

// sameAddress reports whether two URLs lead to the same port. The names of this machine are
// the same.
func sameAddress(a, b *url.URL) bool {
	return a.Port() == b.Port() && (a.Hostname() == b.Hostname() || local(a.Hostname()) && local(b.Hostname())) &&
		strings.Trim(a.Path, "/") == strings.Trim(b.Path, "/")
}

// inDocker is how a container names this machine.
const inDocker = "host.docker.internal"

// local reports whether a host is this machine, also as a container names it.
func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || host == inDocker || ip != nil && ip.IsLoopback()
}

func (w *watcher) register(ctx context.Context, a *app, raw []byte) (deployment.Registration, error) {
	ctx, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	at := *a.url
	if local(at.Hostname()) && w.host == inDocker {
		at.Host = strings.TrimSuffix(net.JoinHostPort(w.host, at.Port()), ":")
	}
	r, err := deployment.NewRegistrar(w.client, deployment.Config{URL: at.String()}, nil)
	if err != nil {
		return deployment.Registration{}, err
	}
	return r.Register(ctx, deployment.Endpoint{Manifest: raw, Program: &deployment.Program{}})
}

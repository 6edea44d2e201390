package application

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/server"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/description"
)

// policies are the flags that say how an endpoint is registered. What is not given is what
// the program says of itself, or else the default of deployment.Config in production.
type policies struct {
	server      server.Flags
	url         string
	mode        string
	inPlace     string
	superseded  string
	drainLimit  time.Duration
	replace     bool
	breaking    bool
	http11      bool
	metadata    map[string]string
	application string
	given       func(flag string) bool
}

func (p *policies) add(cmd *cobra.Command) {
	p.server.Add(cmd)
	f := cmd.Flags()
	p.given = func(flag string) bool { return f.Changed(flag) }
	f.StringVar(&p.url, "url", "", "`URL` of the endpoint as the server reaches it, where the application is a program or a file")
	f.StringVar(&p.mode, "mode", "", "development or production")
	f.StringVar(&p.inPlace, "in-place", "", "what happens to invocations in flight whose handlers change: proceed, wait-drained, refuse or pause-and-list")
	f.DurationVar(&p.drainLimit, "drain-limit", 0, "how long --in-place=wait-drained waits")
	f.StringVar(&p.superseded, "superseded", "", "what happens if new invocations go elsewhere: take-over, refuse or serve-pinned")
	f.BoolVar(&p.replace, "replace-other", false, "replace a deployment of another application")
	f.BoolVar(&p.breaking, "breaking", false, "allow a new URL to change the kind of a service")
	f.BoolVar(&p.http11, "use-http11", false, "let the server speak HTTP/1.1 to the endpoint")
	f.StringToStringVar(&p.metadata, "metadata", nil, "`key=value` that is kept with the deployment")
	f.StringVar(&p.application, "application", "", "`name` that is kept with the deployment, which tells it from others")
}

// target is an endpoint at the server that it is registered with.
type target struct {
	client    *admin.Client
	config    deployment.Config
	endpoint  deployment.Endpoint
	registrar *deployment.Registrar
}

func (t *target) close() { t.client.CloseIdleConnections() }

// target brings together the flags and what the application says of itself.
func (p *policies) target(ctx context.Context, s subject, headers map[string]string, out *terminal.Terminal) (*target, error) {
	cfg, err := p.config(s, headers)
	if err != nil {
		return nil, err
	}
	client, err := p.server.Client()
	if err != nil {
		return nil, err
	}
	t := &target{client: client, config: cfg, endpoint: deployment.Endpoint{
		Port: s.Endpoint.Port, Manifest: s.Manifest, Program: &deployment.Program{Application: cfg.Application},
		Subscriptions: s.subscriptions(),
	}}
	if !strings.HasSuffix(strings.TrimRight(cfg.URL, "/"), s.Endpoint.Path) {
		t.endpoint.Path = s.Endpoint.Path
	}
	t.endpoint.Program.Built, _ = time.Parse(time.RFC3339, s.Build.Time)
	if cfg.Application == "" {
		done := out.Progress("asking " + terminal.Escape(client.URL()))
		t.endpoint.Program.Application, err = knownApplication(ctx, client, s)
		done()
	}
	if err == nil {
		t.registrar, err = deployment.NewRegistrar(client, cfg, logger(out))
	}
	if err != nil {
		t.close()
		return nil, usage(err)
	}
	return t, nil
}

func (p *policies) config(s subject, headers map[string]string) (deployment.Config, error) {
	var cfg deployment.Config
	cfg.Mode = deployment.Production
	cfg.WithoutSubscriptions = !s.program() // an endpoint does not tell of them
	var names []string
	if r := s.Registration; r != nil {
		cfg.WithoutSubscriptions = cfg.WithoutSubscriptions || r.WithoutSubscriptions
		cfg.URL, cfg.Application, cfg.Metadata = r.URL, r.Application, r.Metadata
		cfg.ReplaceOther, cfg.Breaking, cfg.UseHTTP11 = r.ReplaceOther, r.Breaking, r.UseHTTP11
		cfg.InPlace, cfg.Superseded = deployment.InPlace(r.InPlace), deployment.Superseded(r.Superseded)
		if cfg.InPlace == deployment.WaitDrained {
			cfg.DrainLimit, _ = time.ParseDuration(r.DrainLimit)
		}
		if r.Mode == string(deployment.Development) {
			cfg.Mode = deployment.Development
		}
		names = r.HeaderNames
	} else if s.program() {
		cfg.Application = s.Build.Package
	}
	if s.url != "" {
		if p.url != "" {
			return cfg, terminal.Usagef("--url is for a program or a file; %s is a URL already", s.name)
		}
		cfg.URL = s.url
	}
	set := func(flag string, to func()) {
		if p.given(flag) {
			to()
		}
	}
	set("url", func() { cfg.URL = p.url })
	set("mode", func() {
		if mode := deployment.Mode(p.mode); mode != cfg.Mode { // the policies have other defaults
			cfg.Mode, cfg.InPlace, cfg.Superseded, cfg.DrainLimit = mode, "", "", 0
		}
	})
	set("in-place", func() { cfg.InPlace, cfg.DrainLimit = deployment.InPlace(p.inPlace), 0 })
	set("drain-limit", func() { cfg.DrainLimit = p.drainLimit })
	set("superseded", func() { cfg.Superseded = deployment.Superseded(p.superseded) })
	set("replace-other", func() { cfg.ReplaceOther = p.replace })
	set("breaking", func() { cfg.Breaking = p.breaking })
	set("use-http11", func() { cfg.UseHTTP11 = p.http11 })
	set("metadata", func() { cfg.Metadata = p.metadata })
	set("application", func() { cfg.Application = p.application })
	cfg.AdditionalHeaders = headers
	for _, name := range names {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(headers)), func(given string) bool { return strings.EqualFold(given, name) }) {
			return cfg, terminal.Usagef("the application has the server send the header %q, whose value it does not tell: give it with --header", name)
		}
	}
	switch {
	case cfg.Mode != deployment.Development && cfg.Mode != deployment.Production:
		return cfg, terminal.Usagef("--mode is development or production, not %q", p.mode)
	case cfg.URL == "":
		return cfg, terminal.Usagef("the application does not say where it is registered; give its URL with --url")
	case strings.Contains(cfg.URL, deployment.PortPlaceholder) && s.Endpoint.Port == 0:
		return cfg, terminal.Usagef("the application is registered at %s, and its port is chosen when it starts; give its URL with --url", cfg.URL)
	}
	return cfg, nil
}

// usage makes the mistakes of flags that deployment finds those of the command line.
func usage(err error) error {
	if strings.HasPrefix(err.Error(), "deployment: ") {
		return &terminal.Exit{Code: terminal.CodeUsage, Err: err}
	}
	return err
}

// knownApplication returns the name that the server keeps with the deployments of the
// services, if it is one. So an endpoint without a name does not take services away from
// the application that has them.
func knownApplication(ctx context.Context, client *admin.Client, s subject) (string, error) {
	list, err := client.Deployments(ctx)
	if err != nil {
		return "", err
	}
	name, latest := "", map[string]int{}
	for _, d := range list {
		for _, served := range d.Services {
			latest[served.Name] = max(latest[served.Name], served.Revision)
		}
	}
	for _, d := range list {
		for _, served := range d.Services {
			if served.Revision != latest[served.Name] || !slices.ContainsFunc(s.Services, func(own description.Service) bool { return own.Name == served.Name }) {
				continue
			}
			switch owner := d.Metadata[deployment.ApplicationKey]; {
			case owner == "" || owner == name:
			case name == "":
				name = owner
			default:
				return "", fmt.Errorf("its services belong to the applications %q and %q; say with --application whose endpoint it is", name, owner)
			}
		}
	}
	return name, nil
}

// refused reports whether a policy or another application stands in the way.
func refused(plan deployment.Plan, err error) bool {
	return plan.Refused != "" && err != nil && !errors.Is(err, context.Canceled)
}

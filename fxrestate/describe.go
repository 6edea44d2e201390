package fxrestate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"

	restate "github.com/restatedev/sdk-go"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/description"
)

// ErrDescribed is the error of fx.New in a program that the fxrestate command runs to learn
// what it serves. The command sets FXRESTATE_DESCRIBE to the name of a file. [Module] writes
// a description of the application there, in place of a start: nothing listens, nothing is
// registered, and no hook runs. [Run] ends with exit code 0 then. A program that calls fx.New
// ends with its own message, which the command does not show.
//
// It is an environment variable and not a flag, since the flags of the program would refuse
// it before they reach fx.New. It is read when the program begins.
//
// The constructors that the plan needs run as ever: those of the Config and of what it is
// made of, of members of the pipeline, and of definitions. Those of services do not, so that
// no database is needed. What is missing for them is reported nevertheless.
var ErrDescribed = errors.New("fxrestate: described itself for the fxrestate command, and is not started")

// describing provides a describer where the process was started to describe itself. Other
// processes do not even draw the graph.
func describing(path string) fx.Option {
	if path == "" {
		return fx.Options()
	}
	return fx.Provide(func(graph fx.DotGraph) *describer { return &describer{path: path, graph: string(graph)} })
}

// describer writes the description of an application.
type describer struct {
	path  string
	graph string
}

// describe returns [ErrDescribed], or what is wrong with the application.
func (d *describer) describe(p planParams, pl *plan) error {
	doc, err := d.document(p, pl)
	if err != nil {
		return err
	}
	if err := description.Write(d.path, doc); err != nil {
		return fmt.Errorf("fxrestate: %s: %w", description.Variable, err)
	}
	return ErrDescribed
}

func (d *describer) document(p planParams, pl *plan) (description.Document, error) {
	calls, err := newCallGraph(d.graph, pl.catalog)
	if err != nil {
		return description.Document{}, err
	}
	served := p.served()
	if err := calls.missing(served); err != nil {
		return description.Document{}, err
	}
	definitions, err := pl.uninstantiated(served)
	if err != nil {
		return description.Document{}, err
	}
	cfg := p.Settings.endpoint()
	mode := cfg.WithDefaults().Mode
	if mode == endpoint.Lambda { // which answers discovery in the function only
		cfg.Mode, cfg.RequestResponse = endpoint.Mounted, true
	}
	e, err := endpoint.New(cfg, slog.DiscardHandler, definitions...)
	if err != nil {
		return description.Document{}, err
	}
	ctx := context.Background() // nothing of it waits
	if err := e.Describe(ctx); err != nil {
		return description.Document{}, err
	}
	manifest, err := e.Manifest(ctx)
	if err != nil {
		return description.Document{}, err
	}
	doc, err := description.FromManifest(manifest)
	if err != nil {
		return doc, err
	}
	info, _ := debug.ReadBuildInfo()
	doc.Build = description.BuildOf(info)
	doc.Endpoint = description.Endpoint{Mode: string(mode), Path: e.VersionPath(), Signed: len(cfg.IdentityKeys) > 0}
	if mode == endpoint.Listen {
		doc.Endpoint.Port = portOf(cfg.WithDefaults().Addr)
	}
	doc.Registration = p.Settings.describeRegistration()
	admins, err := admin.New(p.Settings.Admin)
	if err != nil {
		return doc, err
	}
	doc.AdminURL, doc.IngressURL = admins.URL(), admin.RedactURL(cmp.Or(p.Settings.Ingress.URL, ingress.DefaultURL))
	d.services(&doc, pl, served, e, calls)
	for _, placed := range pl.catalog.placements {
		if desc := pl.catalog.descriptors[placed.declaration]; !placed.served && desc != nil {
			doc.Remote = append(doc.Remote, description.Remote{Name: desc.Name, Kind: desc.Kind.String(), Type: desc.Type.String(), Position: desc.Position})
		}
	}
	doc.Outside = calls.outside()
	return doc, nil
}

// services fills in what the manifest does not tell.
func (d *describer) services(doc *description.Document, pl *plan, served []placement, e *endpoint.Endpoint, calls *callGraph) {
	declared := map[string]*handler.Descriptor{}
	from := map[string]reflect.Type{} // the types that fx constructs
	for _, placed := range served {
		desc := pl.catalog.descriptors[placed.declaration]
		declared[desc.Name] = desc
		if placed.served {
			from[desc.Name] = desc.Type
		}
	}
	members := map[string][]description.Member{}
	for _, chain := range e.Chains() {
		for _, m := range chain.Members() {
			members[chain.Target().String()] = append(members[chain.Target().String()], description.Member(m))
		}
	}
	for i := range doc.Services {
		s := &doc.Services[i]
		desc := declared[s.Name]
		if desc != nil {
			s.Type, s.Position = desc.Type.String(), desc.Position
		}
		if t, ok := from[s.Name]; ok {
			s.Calls = calls.of(t)
		}
		for j := range s.Handlers {
			h := &s.Handlers[j]
			for _, sub := range pl.subscriptions {
				if sub.Service == s.Name && sub.Handler == h.Name {
					h.Subscriptions = append(h.Subscriptions, description.Subscription{Source: sub.Source, Options: sub.Options})
				}
			}
			h.Pipeline = append(h.Pipeline, members[s.Name+"/"+h.Name]...)
			for _, m := range h.Pipeline {
				if m.Stage == "dead letter" {
					s.AddLetters(m.Name)
				}
			}
			if desc == nil {
				continue
			}
			if m, ok := desc.Method(h.Name); ok {
				h.Method, h.Position = "("+desc.Type.String()+")."+m.GoName, doc.Build.Place(structOf(desc.Type).PkgPath(), m.Position)
				h.Input.Type, h.Output.Type = typeOrNone(m.Input), typeOrNone(m.Output)
			}
		}
	}
}

func typeOrNone(t reflect.Type) string {
	if t == nil {
		return ""
	}
	return t.String()
}

// uninstantiated returns the definitions of the plan without the instances of services: no
// method of theirs is called.
func (p *plan) uninstantiated(served []placement) ([]restate.ServiceDefinition, error) {
	definitions, errs := slices.Clone(p.foreign), []error(nil)
	for _, d := range served {
		desc := p.catalog.descriptors[d.declaration]
		def, err := endpoint.Define(p.pipelines[d.declaration], desc, reflect.Zero(desc.Type).Interface())
		definitions, errs = append(definitions, def), append(errs, err)
	}
	return definitions, errors.Join(errs...)
}

// describeRegistration returns nil if the application is not registered.
func (s *settings) describeRegistration() *description.Registration {
	if s.Register == nil {
		return nil
	}
	c := s.Register.WithDefaults()
	return &description.Registration{
		URL: admin.RedactURL(c.URL), Mode: string(c.Mode), InPlace: string(c.InPlace), DrainLimit: c.DrainLimit.String(), Superseded: string(c.Superseded),
		MoveStranded: c.MoveStranded, DeleteDrained: c.DeleteDrained, Application: c.Application, ReplaceOther: c.ReplaceOther, WithoutSubscriptions: c.WithoutSubscriptions,
		Breaking: c.Breaking, Required: c.Required, UseHTTP11: c.UseHTTP11, Metadata: c.Metadata, HeaderNames: slices.Sorted(maps.Keys(c.AdditionalHeaders)),
	}
}

// portOf returns the port of an address, or 0.
func portOf(addr string) int {
	_, port, _ := net.SplitHostPort(addr)
	n, _ := strconv.Atoi(port)
	return n
}

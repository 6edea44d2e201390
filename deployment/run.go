package deployment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/internal/manifest"
)

// run is one registration. An attempt of it goes through these states, of which each can
// fail and end it:
//
//	look      what does the server know?
//	move      deployments that this application left at other ports
//	decide    what is to be done, if anything
//	compare   with what is registered, where the interface differs
//	tell      the hook, if metadata of services differs
//	admit     policy for invocations in flight, where the interface is replaced
//	act       register
//	read back what the server discovered, and where it sends new invocations
type run struct {
	*Registrar
	url      string // as the server lists it
	written  string // as it is configured
	manifest *manifest.Manifest
	metadata map[string]string // to be kept with the deployment
	told     []MetadataChange  // what the hook has been told of
	drain    drain             // the wait of the policy WaitDrained
	said     map[string]bool   // lines that a further attempt does not repeat
}

func (r *Registrar) newRun(endpoint Endpoint) (*run, error) {
	url, err := resolveURL(r.config.URL, endpoint.Port)
	if err != nil {
		return nil, err
	}
	if endpoint.Path != "" {
		url = strings.TrimRight(url, "/") + endpoint.Path
	}
	m, err := manifest.Parse(endpoint.Manifest)
	if err != nil {
		return nil, err
	}
	metadata, err := r.metadata(m)
	if err != nil {
		return nil, err
	}
	return &run{Registrar: r, url: listedURL(url), written: url, manifest: m, metadata: metadata, said: map[string]bool{}}, nil
}

// once reports whether a line is the first of its kind in this registration.
func (r *run) once(line string) bool {
	first := !r.said[line]
	r.said[line] = true
	return first
}

func (r *run) attempt(ctx context.Context) (Registration, error) {
	list, err := r.look(ctx)
	if r.config.InPlace == Proceed && r.config.Superseded == TakeOver && r.notCompared(ctx, err) {
		plan := Plan{Action: Create, URL: r.url, Reason: "what is registered cannot be read", InterfaceHash: r.metadata[InterfaceHashKey]}
		registered, err := r.post(ctx, plan)
		return r.registration(registered, revisionsOf(registered), plan), err
	}
	if err != nil {
		return Registration{}, err
	}
	plan, err := r.plan(ctx, list)
	if err != nil {
		return Registration{}, err
	}
	if r.config.Mode == DryRun {
		return Registration{Plan: plan}, nil
	}
	if moved, err := r.move(ctx, plan.Stranded); err != nil {
		return Registration{}, err
	} else if moved {
		stranded := plan.Stranded
		if list, err = r.look(ctx); err != nil {
			return Registration{}, err
		}
		if plan, err = r.plan(ctx, list); err != nil {
			return Registration{}, err
		}
		plan.Stranded = stranded
	}
	if plan.Action == None {
		return r.unchanged(ctx, plan, list), nil
	}
	if err := r.tell(ctx, plan.Metadata); err != nil {
		return Registration{}, err
	}
	if plan.Action == Replace {
		if err := r.admit(ctx, plan); err != nil {
			return Registration{}, err
		}
	}
	return r.act(ctx, plan)
}

// look lists the deployments that the server knows.
func (r *run) look(ctx context.Context) ([]admin.DeploymentSummary, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	return r.client.Deployments(ctx)
}

// notCompared reports whether a registration goes on without a comparison that has failed:
// in development that is no reason not to register.
func (r *run) notCompared(ctx context.Context, err error) bool {
	if !unreadable(err) || r.config.Mode != Development {
		return false
	}
	if r.once("not compared") {
		r.log.WarnContext(ctx, "cannot read what is registered, so nothing is compared", "error", err)
	}
	return true
}

// unreadable reports whether the admin API is there and cannot tell what it knows. An
// overload passes, and is none. An error with a code is about the endpoint.
func unreadable(err error) bool {
	var failed *admin.Error
	var unreachable *admin.ConnectionError
	switch {
	case err == nil || errors.As(err, &unreachable):
		return false
	case errors.As(err, &failed):
		return failed.Code == "" && (failed.Status == http.StatusInternalServerError || failed.Status >= 500 && !admin.Retryable(err))
	default:
		return true
	}
}

// plan decides what to do, and says what it changes.
func (r *run) plan(ctx context.Context, list []admin.DeploymentSummary) (Plan, error) {
	plan, err := r.decide(list)
	if err != nil {
		return plan, err
	}
	if plan.Stranded, err = r.stranded(ctx, list); err != nil && r.once("other ports") {
		level := slog.LevelDebug
		if r.config.MoveStranded {
			level = slog.LevelWarn
		}
		r.log.Log(ctx, level, "did not look for invocations at other ports", "error", err)
	}
	before := r.serving(list, latestOf(list))
	switch {
	case plan.Action == Replace:
		before = []admin.DeploymentSummary{*r.known(list)}
	case plan.Action != Create:
		return plan, nil
	}
	if len(before) == 0 || allHave(before, plan.InterfaceHash) {
		return plan, nil
	}
	if plan.Services, err = r.compareWith(ctx, before); r.notCompared(ctx, err) {
		err = nil
	}
	return plan, err
}

func allHave(list []admin.DeploymentSummary, hash string) bool {
	return !slices.ContainsFunc(list, func(d admin.DeploymentSummary) bool { return d.Metadata[InterfaceHashKey] != hash })
}

// compareWith asks the server what it would register, and compares that with what the
// deployments serve now. Of other applications only services that this one has, too, are
// compared.
func (r *run) compareWith(ctx context.Context, before []admin.DeploymentSummary) ([]ServiceChange, error) {
	request := r.request(Replace)
	ctx, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	planned, err := r.client.DryRun(ctx, request)
	if err != nil {
		return nil, err
	}
	own := r.manifest.Names()
	var old []admin.Service
	for _, d := range before {
		registered, err := r.client.Deployment(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		for _, s := range registered.Services {
			if d.URI == r.url || slices.Contains(own, s.Name) {
				old = append(old, s)
			}
		}
	}
	return compare(old, planned.Services), nil
}

func (r *run) request(action Action) admin.RegisterDeploymentRequest {
	return admin.RegisterDeploymentRequest{
		URI:               r.url,
		Force:             action != Create || r.config.Mode == Development,
		Metadata:          r.metadata,
		AdditionalHeaders: r.config.AdditionalHeaders,
		UseHTTP11:         r.config.UseHTTP11,
	}
}

// act registers, and reads back what has become of it.
func (r *run) act(ctx context.Context, plan Plan) (Registration, error) {
	if lines := plan.Lines(); len(lines) > 0 && r.once(fmt.Sprint(lines)) {
		r.log.LogAttrs(ctx, slog.LevelInfo, "registering changes", slog.String("url", r.url),
			slog.String("action", string(plan.Action)), slog.Any("changes", lines))
	}
	registered, err := r.post(ctx, plan)
	if err != nil {
		return Registration{}, err
	}
	revisions, err := r.readBack(ctx, registered.ID)
	if err != nil {
		return Registration{}, err
	}
	return r.registration(registered, revisions, plan), nil
}

// post registers, and checks what the server found.
func (r *run) post(ctx context.Context, plan Plan) (admin.RegisteredDeployment, error) {
	ctx, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	registered, err := r.client.RegisterDeployment(ctx, r.request(plan.Action))
	if err != nil {
		return registered, err
	}
	return registered, checkHandlers(registered, r.url, r.manifest)
}

func (r *run) registration(d admin.RegisteredDeployment, revisions map[string]int, plan Plan) Registration {
	return Registration{DeploymentID: d.ID, URL: r.url, Created: d.Created, Revisions: revisions, Plan: plan}
}

func revisionsOf(d admin.RegisteredDeployment) map[string]int {
	revisions := map[string]int{}
	for _, s := range d.Services {
		revisions[s.Name] = s.Revision
	}
	return revisions
}

// unchanged is the registration of an endpoint that the server knows as it is.
func (r *run) unchanged(ctx context.Context, plan Plan, list []admin.DeploymentSummary) Registration {
	if len(plan.Elsewhere) > 0 {
		r.log.LogAttrs(ctx, slog.LevelWarn, "the deployment has been superseded; serving only the invocations that began here",
			slog.String("deployment", plan.DeploymentID), slog.String("url", r.url), slog.String("services", notServedText(plan.Elsewhere)))
	}
	revisions := map[string]int{}
	for _, s := range r.known(list).Services {
		revisions[s.Name] = s.Revision
	}
	for _, s := range plan.Elsewhere {
		delete(revisions, s.Name)
	}
	return Registration{DeploymentID: plan.DeploymentID, URL: r.url, Revisions: revisions, Plan: plan}
}

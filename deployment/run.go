package deployment

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
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
//	ask       the server what it finds at the URL, and compare that with what is registered
//	tell      the hook, if metadata of services differs
//	admit     policy for invocations in flight, where their handlers change or go
//	forget    subscriptions of handlers that go
//	act       register
//	read back what the server discovered, and where it sends new invocations
//	subscribe handlers to topics of Kafka
type run struct {
	*Registrar
	url      string // as the server lists it
	written  string // as it is configured
	manifest *manifest.Manifest
	program  Program
	metadata map[string]string // to be kept with the deployment
	freePort bool
	unread   int // looks that were not answered
	// takesOver is true after a move: the deployments of earlier processes are not newer.
	takesOver bool
	// unverified is the deployment that was registered, if it could not be read since.
	unverified string

	subscriptions []Subscription
	subscribes    bool                      // or did once
	deployments   []admin.DeploymentSummary // as before the registration
	registered    *Registration             // when only the subscriptions are left to do
}

// maxUnread is how often development asks what is registered before it goes on without.
const maxUnread = 3

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
	own := &run{Registrar: r, url: listedURL(url), written: url, manifest: m, freePort: endpoint.FreePort}
	own.program = Program{Application: r.config.Application, Built: r.built}
	if endpoint.Program != nil {
		own.program = *endpoint.Program
	}
	if own.metadata, err = own.keep(m); err != nil {
		return nil, err
	}
	own.subscriptions = endpoint.Subscriptions
	if err := own.checkSubscriptions(); err != nil {
		return nil, err
	}
	own.noteSubscriptions(nil)
	return own, nil
}

// once reports whether a line is the first of its kind in this process.
func (r *Registrar) once(line string) bool {
	first := !r.said[line]
	r.said[line] = true
	return first
}

// register makes an attempt, and then subscribes. Where only that fails, the next call does
// not register again.
func (r *run) register(ctx context.Context) (Registration, error) {
	if r.registered == nil {
		registration, err := r.attempt(ctx)
		if err != nil {
			return Registration{}, err
		}
		r.registered = &registration
	}
	return *r.registered, r.subscribe(ctx, *r.registered)
}

func (r *run) attempt(ctx context.Context) (Registration, error) {
	list, err := r.look(ctx)
	if r.config.InPlace == Proceed && r.config.Superseded == TakeOver && r.unreadAgain(err) && r.notCompared(ctx, err) {
		plan := Plan{Action: Create, URL: r.url, Reason: "what is registered cannot be read", InterfaceHash: r.metadata[InterfaceHashKey]}
		registered, err := r.post(ctx, plan)
		return r.registration(registered, revisionsOf(registered), plan), err
	}
	if err != nil {
		return Registration{}, err
	}
	if r.config.Mode == DryRun {
		plan, err := r.planned(ctx, list)
		if plan.Refused != "" && !r.config.Required {
			err = nil
		}
		return Registration{Plan: plan}, err
	}
	plan, err := r.plan(ctx, list)
	if err != nil {
		return Registration{}, err
	}
	if moved, err := r.move(ctx, plan.Stranded); err != nil {
		return Registration{}, err
	} else if moved {
		// What was moved makes this URL a known one, to which its successor, the last of
		// the earlier processes, has not been moved.
		r.takesOver = true
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
		if r.unverified != "" && r.unverified == plan.DeploymentID {
			err := r.verify(ctx, plan.DeploymentID)
			if err != nil && r.unverified == "" {
				r.disown(ctx)
			}
			if err != nil {
				return Registration{}, err
			}
		}
		return r.unchanged(ctx, plan, list), nil
	}
	if err := r.tell(ctx, plan.Metadata); err != nil {
		return Registration{}, err
	}
	if err := r.admit(ctx, &plan, list); err != nil {
		return Registration{}, err
	}
	if err := r.unsubscribeGone(ctx); err != nil {
		return Registration{}, err
	}
	return r.act(ctx, plan)
}

// planned returns the plan with the invocations in flight. What would be refused is the
// error, and noted in the plan.
func (r *run) planned(ctx context.Context, list []admin.DeploymentSummary) (Plan, error) {
	plan, err := r.plan(ctx, list)
	if err == nil {
		r.planSubscriptions(ctx, &plan)
		plan.InFlight, err = r.endangered(ctx, plan, list)
	}
	if err == nil && len(plan.InFlight) > 0 && r.config.InPlace == Refuse {
		err = &InFlightError{DeploymentID: plan.DeploymentID, URL: plan.URL, InFlight: plan.InFlight}
	}
	var superseded *SupersededError
	var other *OtherApplicationError
	var inFlight *InFlightError
	if errors.As(err, &superseded) || errors.As(err, &other) || errors.As(err, &inFlight) {
		plan.Refused = err.Error()
	}
	return plan, err
}

// unreadAgain reports whether a look has failed too often to be tried once more.
func (r *run) unreadAgain(err error) bool {
	r.unread++
	return !admin.Retryable(err) || r.unread >= maxUnread
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
	switch plan.Action {
	case None:
		return plan, nil
	case Create:
		before := r.serving(list, latestOf(list))
		if len(before) == 0 || allHave(before, plan.InterfaceHash) {
			return plan, nil
		}
		plan.Services, err = r.ask(ctx, before)
	case Replace:
		plan.Services, err = r.ask(ctx, []admin.DeploymentSummary{*r.known(list)})
	default:
		if r.config.Mode == Development {
			return plan, nil // nothing of it is lost if another process answers
		}
		_, err = r.ask(ctx, nil)
	}
	if r.notCompared(ctx, err) {
		err = nil
	}
	return plan, err
}

func allHave(list []admin.DeploymentSummary, hash string) bool {
	return !slices.ContainsFunc(list, func(d admin.DeploymentSummary) bool { return d.Metadata[InterfaceHashKey] != hash })
}

// ask asks the server what it would register, and compares that with what deployments
// serve now. Of other applications only services that this one has, too, are compared.
// A process of another version that answers in place of this one is an error: its
// interface must not be stored with the hash of ours.
func (r *run) ask(ctx context.Context, before []admin.DeploymentSummary) ([]ServiceChange, error) {
	ctx, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	planned, err := r.client.DryRun(ctx, r.request(Replace))
	if err != nil {
		return nil, err
	}
	if err := checkAll(planned, r.url, r.manifest); err != nil {
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
	if len(before) == 0 {
		return nil, nil
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
		Breaking:          r.config.Breaking,
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

// post registers, and checks what the server found: in production all of it.
func (r *run) post(ctx context.Context, plan Plan) (admin.RegisteredDeployment, error) {
	ctx, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	request := r.request(plan.Action)
	registered, err := r.client.RegisterDeployment(ctx, request)
	if err != nil {
		return registered, err
	}
	err = checkNames(registered, r.url, r.manifest)
	if err == nil && r.config.Mode != Development {
		if err = r.verify(ctx, registered.ID); r.unverified != "" {
			return registered, err
		}
	}
	// Without force, a URL that another process has registered since stays as it is.
	if err != nil && (registered.Created || request.Force) {
		r.disown(ctx)
	}
	return registered, err
}

// verify compares what the server has stored with what is served here.
func (r *run) verify(ctx context.Context, id string) error {
	r.unverified = id
	stored, err := r.client.Deployment(ctx, id)
	if err != nil {
		return err
	}
	r.unverified = ""
	return checkAll(stored, r.url, r.manifest)
}

// disown registers once more without the hash, after the server found another version at
// the URL: the next start would take that for registered.
func (r *run) disown(ctx context.Context) {
	request := r.request(Replace)
	request.Metadata = maps.Clone(request.Metadata)
	delete(request.Metadata, InterfaceHashKey)
	delete(request.Metadata, ManifestHashKey)
	if _, err := r.client.RegisterDeployment(ctx, request); err != nil {
		r.log.ErrorContext(ctx, "the deployment is kept with an interface hash that is not its own; register it again", "url", r.url, "error", err)
	}
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

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
	"github.com/fxrestate/go/event"
	"github.com/fxrestate/go/internal/manifest"
)

// maxPasses bounds how often subscriptions are looked at again after a change. Processes
// that start at the same time may each have created one: the second look finds that.
const maxPasses = 4

// newerSubscriptions is the reason of a plan that leaves the subscriptions of a newer build.
const newerSubscriptions = "a newer build with other subscriptions is registered"

// noteSubscriptions adds to the metadata of the deployment what is subscribed to. An
// application that has never had a subscription is spared the look at them.
func (r *run) noteSubscriptions(list []admin.DeploymentSummary) {
	if r.config.WithoutSubscriptions {
		return
	}
	r.deployments = list
	r.subscribes = len(r.subscriptions) > 0 || slices.ContainsFunc(list, func(d admin.DeploymentSummary) bool {
		return d.Metadata[ApplicationKey] == r.program.Application && d.Metadata[SubscriptionsKey] != ""
	})
	if r.subscribes {
		r.metadata[SubscriptionsKey] = hashOfSubscriptions(r.subscriptions)
	}
}

// owner is this application. What another program of the same Application subscribes to
// stays: its services are not those of an earlier version of this one.
func (r *run) owner() owner {
	own, latest := r.manifest.Names(), latestOf(r.deployments)
	return owner{mark(r.program.Application), func(service string) bool {
		at := latest[service]
		if at == nil || at.URI == r.url {
			return false
		}
		return !slices.ContainsFunc(at.Services, func(s admin.ServiceRevision) bool { return slices.Contains(own, s.Name) })
	}}
}

// subscribe makes the subscriptions those that are declared.
func (r *run) subscribe(ctx context.Context, registration Registration) error {
	switch plan := registration.Plan; {
	case !r.subscribes || r.config.Mode == DryRun:
		return nil
	case plan.Reason == newerSubscriptions:
		if r.once("newer subscriptions") {
			r.log.WarnContext(ctx, "left the subscriptions to Kafka to a newer build; to roll back, set Superseded: TakeOver", "url", r.url)
		}
		return nil
	case len(registration.Revisions) < len(r.manifest.Services):
		return nil // new invocations go to another deployment, whose processes see to it
	}
	for range maxPasses {
		changes, err := r.subscriptionChanges(ctx)
		if err != nil || len(changes) == 0 {
			return err
		}
		if err := r.apply(ctx, registration.DeploymentID, changes); err != nil {
			return err
		}
	}
	return nil
}

// subscriptionChanges compares what is declared with what there is.
func (r *run) subscriptionChanges(ctx context.Context) ([]SubscriptionChange, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	there, err := r.client.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	changes, others := compareSubscriptions(r.owner(), r.subscriptions, there)
	for _, s := range others {
		if r.once("subscribed by others: " + s.ID) {
			r.log.WarnContext(ctx, "somebody else has subscribed a handler to its topic, so nothing is created; to have the declared options, delete that subscription and start again",
				"subscription", s.ID, "source", s.Source, "sink", s.Sink)
		}
	}
	return changes, nil
}

// apply makes changes. It goes on after one that is refused, to report all at once.
func (r *run) apply(ctx context.Context, deployment string, changes []SubscriptionChange) error {
	ctx, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	var refused []error
	stays := map[string]bool{} // what a refused subscription was to take the place of
	for _, c := range changes {
		if stays[c.Source+c.Handler] {
			continue
		}
		err := r.change(ctx, deployment, c)
		if err != nil && (ctx.Err() != nil || admin.Retryable(err)) {
			return err
		}
		stays[c.Source+c.Handler] = err != nil
		refused = append(refused, err)
	}
	return errors.Join(refused...)
}

func (r *run) change(ctx context.Context, deployment string, c SubscriptionChange) error {
	if c.Change == Removed {
		return r.unsubscribe(ctx, c)
	}
	options := maps.Clone(c.create.Options)
	if options == nil {
		options = map[string]string{}
	}
	options[clientID] = mark(r.program.Application)
	if options[groupID] == "" {
		options[groupID] = c.group
	}
	if options[groupID] == "" {
		options[groupID] = defaultGroup(deployment, c.create)
	}
	made, err := r.client.CreateSubscription(ctx, admin.CreateSubscriptionRequest{Source: c.Source, Sink: c.create.sink(), Options: options})
	if err != nil {
		return fmt.Errorf("subscribe %s to %s: %w%s", c.Handler, c.Source, err, wayOut(err))
	}
	event.Log(ctx, r.log, event.SubscriptionCreated{ID: made.ID, Source: c.Source, Handler: c.Handler, Reason: c.Reason})
	return nil
}

// defaultGroup is the consumer group of a subscription that names none. It is the same for
// processes that subscribe at the same time, and differs from server to server: two of them
// that use one cluster of Kafka must not share the records.
func defaultGroup(deployment string, s Subscription) string {
	topic := s.Source[strings.LastIndex(s.Source, "/")+1:]
	return strings.Join([]string{"fxrestate", deployment, topic, s.Service, s.Handler}, ".")
}

// wayOut says what to do about a subscription that the server refuses, beyond what the
// error says.
func wayOut(err error) string {
	var failed *admin.Error
	if errors.As(err, &failed) && failed.Status == http.StatusBadRequest && strings.Contains(failed.Message, "Kafka cluster") {
		return ": configure the cluster in the server, as [[ingress.kafka-clusters]] in its file or in RESTATE_INGRESS__KAFKA_CLUSTERS"
	}
	return ""
}

func (r *run) unsubscribe(ctx context.Context, c SubscriptionChange) error {
	switch err := r.client.DeleteSubscription(ctx, c.ID); {
	case gone(err): // another process was faster
		return nil
	case err != nil:
		return fmt.Errorf("remove the subscription %s of %s to %s: %w", c.ID, c.Handler, c.Source, err)
	}
	event.Log(ctx, r.log, event.SubscriptionRemoved{ID: c.ID, Source: c.Source, Handler: c.Handler, Reason: c.Reason})
	return nil
}

// unsubscribeGone removes the subscriptions of handlers that the registration takes away:
// the server would try for ever to call them, and log each try.
func (r *run) unsubscribeGone(ctx context.Context) error {
	if !r.subscribes {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	there, err := r.client.Subscriptions(ctx)
	if err != nil {
		return err
	}
	o, known := r.owner(), r.known(r.deployments)
	for _, s := range there {
		service, handler := serviceOf(s.Sink)
		if !o.owns(s) || r.handles(service, handler) {
			continue
		}
		replaced := known != nil && slices.ContainsFunc(known.Services, func(s admin.ServiceRevision) bool { return s.Name == service })
		if !slices.Contains(r.manifest.Names(), service) && !replaced {
			continue
		}
		if err := r.unsubscribe(ctx, SubscriptionChange{ID: s.ID, Source: s.Source, Handler: service + "/" + handler, Reason: handlerGone}); err != nil {
			return err
		}
	}
	return nil
}

// handles reports whether the endpoint has a handler.
func (r *run) handles(service, handler string) bool {
	return slices.ContainsFunc(r.manifest.Services, func(s manifest.Service) bool {
		return s.Name == service && slices.ContainsFunc(s.Handlers, func(h manifest.Handler) bool { return h.Name == handler })
	})
}

// planSubscriptions adds to a plan what would change. What cannot be read is left out.
func (r *run) planSubscriptions(ctx context.Context, plan *Plan) {
	if !r.subscribes || plan.Reason == newerSubscriptions || plan.Action == None && len(plan.Elsewhere) > 0 {
		return
	}
	changes, err := r.subscriptionChanges(ctx)
	if err != nil {
		r.log.LogAttrs(ctx, slog.LevelDebug, "did not compare the subscriptions to Kafka", slog.String("error", err.Error()))
		return
	}
	plan.Subscriptions = changes
}

// checkSubscriptions returns what is wrong with the declaration, handlers that the endpoint
// does not have included.
func (r *run) checkSubscriptions() error {
	errs := []error{CheckSubscriptions(r.subscriptions)}
	for _, s := range r.subscriptions {
		if !r.handles(s.Service, s.Handler) {
			errs = append(errs, fmt.Errorf("deployment: the endpoint has no handler %s, to which %s is subscribed", s.handler(), s.Source))
		}
	}
	return errors.Join(errs...)
}

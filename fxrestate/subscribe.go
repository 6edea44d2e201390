package fxrestate

import (
	"fmt"
	"maps"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/kafka"
)

// Subscribe subscribes a handler to a topic of Kafka. Restate calls it with each record, whose
// value is the input. It is an option of [Service], [Object] and [Workflow]. The handler is
// given as a method expression, and the source as "kafka://CLUSTER/TOPIC", where the
// configuration of the server names the cluster:
//
//	fxrestate.Service[*Feed](NewFeed,
//		fxrestate.Subscribe((*Feed).Post, "kafka://main/posts", kafka.Options{"auto.offset.reset": "earliest"}),
//	)
//
// Of several [kafka.Options] the last that has a name counts. In [Definition] the handler is
// given by its name on the wire, as a string. A handler may have any number of subscriptions.
//
// Subscriptions are created, replaced and removed once the endpoint is registered, before the
// application is ready. Those that were made otherwise or by other applications stay: see
// package deployment. A cluster that the server does not know is refused like a registration.
// Where the application does not register itself, nothing is created.
//
// A method that is no handler, a source of another form, an option that is not the user's and
// the same subscription twice are errors of fx.New. What [kafka.MetadataFrom] tells in the
// handler is where the record was.
func Subscribe(method any, source string, options ...kafka.Options) restate.ServiceDefinitionOption {
	s := subscribing{method: method, source: source, position: caller()}
	for _, o := range options {
		if s.options == nil && len(o) > 0 {
			s.options = map[string]string{}
		}
		maps.Copy(s.options, o)
	}
	return newOption(s.position, func(d *declaration) { d.subscriptions = append(d.subscriptions, s) })
}

// subscribing is a call of [Subscribe].
type subscribing struct {
	method   any // a method expression, or the handler's name in a definition
	source   string
	options  map[string]string
	position string
}

// subscriptions collects those of an application, and the mistakes in them.
type subscriptions struct {
	list []deployment.Subscription
	at   map[string]string // positions
	errs []error
}

// of adds the subscriptions of a service. name finds the handler of one, or is nil if the
// service has mistakes of its own.
func (s *subscriptions) of(d *declaration, service string, name func(subscribing) (string, error)) {
	for _, one := range d.subscriptions {
		sub := deployment.Subscription{Source: one.source, Service: service, Options: one.options}
		mistakes := joined(sub.Validate())
		if name != nil {
			var err error
			if sub.Handler, err = name(one); err != nil {
				mistakes = append(mistakes, err)
			}
		}
		for _, err := range mistakes {
			s.errs = append(s.errs, fmt.Errorf("fxrestate: Subscribe (%s): %w", one.position, err))
		}
		if name != nil && len(mistakes) == 0 {
			s.add(sub, one.position)
		}
	}
}

// add reports what a subscription and one before it cannot be together.
func (s *subscriptions) add(sub deployment.Subscription, position string) {
	for i, other := range s.list {
		if err := deployment.CheckSubscriptions([]deployment.Subscription{other, sub}); err != nil {
			s.errs = append(s.errs, fmt.Errorf("fxrestate: Subscribe (%s, and %s): %w", position, s.at[s.list[i].String()], err))
			return
		}
	}
	s.list = append(s.list, sub)
	s.at[sub.String()] = position
}

// handlerOf finds a handler of a struct.
func handlerOf(desc *handler.Descriptor) func(subscribing) (string, error) {
	return func(s subscribing) (string, error) {
		m, err := desc.Resolve(s.method)
		if err != nil {
			return "", err
		}
		return m.Name, nil
	}
}

// handlerIn finds a handler of a definition.
func handlerIn(def restate.ServiceDefinition) func(subscribing) (string, error) {
	return func(s subscribing) (string, error) { return handlerAttachments{method: s.method}.in(def) }
}

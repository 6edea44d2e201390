package deployment

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/fxrestate/go/admin"
)

// The options of a subscription that a registration sets.
const (
	// clientID has the mark of the application. The server keeps it and gives it to Kafka,
	// which knows clients by it in logs and quotas.
	clientID = "client.id"
	// groupID has the consumer group, to which Kafka keeps the position in the topic.
	groupID = "group.id"
)

const (
	sourceScheme = "kafka://"
	sinkScheme   = "service://"
)

// sourceForm is a source with a topic that Kafka allows, and that librdkafka does not take
// for a pattern.
var sourceForm = regexp.MustCompile(`^kafka://[A-Za-z0-9][A-Za-z0-9._-]*/([A-Za-z0-9._-]{1,249})$`)

// Subscription has the server call a handler of the endpoint with each record of a topic of
// Kafka.
type Subscription struct {
	// Source is kafka://CLUSTER/TOPIC. The cluster is one that the server's configuration
	// names.
	Source string
	// Service and Handler are the names of the handler.
	Service, Handler string
	// Options for the consumer, by their names in librdkafka. The server does not check
	// them. Everybody who can read the admin API sees them. Default: those of librdkafka,
	// and a group.id that stays when other options change. The option client.id is ours: it
	// says whose subscription it is.
	Options map[string]string
}

// Validate returns an error that names each mistake.
func (s Subscription) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("deployment: "+format, args...)) }
	topic := sourceForm.FindStringSubmatch(s.Source)
	switch {
	case topic == nil:
		bad(`the source %q is not "kafka://CLUSTER/TOPIC" with the name of a cluster and a topic of at most 249 letters, digits, ".", "_" and "-"`, admin.RedactURL(s.Source))
	case topic[1] == "." || topic[1] == "..":
		bad("the source %q has the topic %q, which Kafka does not allow", s.Source, topic[1])
	}
	for _, name := range slices.Sorted(maps.Keys(s.Options)) {
		switch {
		case strings.TrimSpace(name) == "":
			bad(`the name of an option is %q, want one of librdkafka, such as "auto.offset.reset"`, name)
		case name == clientID:
			bad("the option %q says whose subscription it is; leave it out", clientID)
		case name == groupID && s.Options[name] == "":
			bad("the option %q is empty; name a group, or leave it out", groupID)
		}
	}
	return errors.Join(errs...)
}

// String returns "kafka://CLUSTER/TOPIC to SERVICE/HANDLER".
func (s Subscription) String() string { return s.Source + " to " + s.handler() }

func (s Subscription) handler() string { return s.Service + "/" + s.Handler }

func (s Subscription) sink() string { return sinkScheme + s.handler() }

// sameOptions reports whether a subscription of this application has the options of this
// one. The group that the registration chose is not among them.
func (s Subscription) sameOptions(there admin.Subscription) bool {
	options := maps.Clone(there.Options)
	delete(options, clientID)
	if s.Options[groupID] == "" {
		delete(options, groupID)
	}
	return maps.Equal(options, s.Options)
}

// CheckSubscriptions returns an error that names each mistake in a list: those of
// [Subscription.Validate], one that is there twice, and two handlers that share the records
// of a topic because they have the same group.id.
func CheckSubscriptions(list []Subscription) error {
	var errs []error
	seen, groups := map[string]bool{}, map[string]Subscription{}
	for _, s := range list {
		if err := s.Validate(); err != nil {
			errs = append(errs, err)
			continue
		}
		if seen[s.String()] {
			errs = append(errs, fmt.Errorf("deployment: the subscription of %s is there twice; leave one of them out", s))
			continue
		}
		seen[s.String()] = true
		group := s.Options[groupID]
		if group == "" {
			continue
		}
		key := s.Source + " " + group
		if other, ok := groups[key]; ok {
			errs = append(errs, fmt.Errorf("deployment: %s and %s have the same group.id %q for %s, so each record goes to one of them only; give them different groups", other.handler(), s.handler(), group, s.Source))
		}
		groups[key] = s
	}
	return errors.Join(errs...)
}

// hashOfSubscriptions returns what tells one list from another, whatever their order.
func hashOfSubscriptions(list []Subscription) string {
	texts := make([]string, len(list))
	for i, s := range list {
		text, _ := json.Marshal(s) // of strings
		texts[i] = string(text)
	}
	slices.Sort(texts)
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// serviceOf returns the service and the handler of a sink, or empty names.
func serviceOf(sink string) (service, handler string) {
	path, ok := strings.CutPrefix(sink, sinkScheme)
	service, handler, named := strings.Cut(path, "/")
	if !ok || !named {
		return "", ""
	}
	return service, handler
}

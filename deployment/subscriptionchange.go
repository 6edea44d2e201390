package deployment

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fxrestate/go/admin"
)

// SubscriptionChange is a subscription that changes.
type SubscriptionChange struct {
	// Change is Added or Removed. A subscription whose options change is both.
	Change Change `json:"change"`
	// ID of the subscription that goes.
	ID string `json:"id,omitempty"`
	// Source is kafka://CLUSTER/TOPIC, and Handler is SERVICE/HANDLER.
	Source  string `json:"source"`
	Handler string `json:"handler"`
	// Reason in a few words.
	Reason string `json:"reason"`

	create Subscription // with Added
	group  string       // of the subscription that it takes the place of, or empty
}

// String shows the change on one line.
func (c SubscriptionChange) String() string {
	return string(c.Change) + " subscription of " + c.Handler + " to " + c.Source + ": " + c.Reason
}

// Reasons for changes of subscriptions.
const (
	isDeclared   = "it is declared"
	otherOptions = "its options have changed"
	isTwice      = "it is there twice"
	notDeclared  = "it is no longer declared"
	handlerGone  = "its handler is gone"
)

// owner is an application in the eyes of the server.
type owner struct {
	mark string // the client.id of its subscriptions
	// leaves reports whether an undeclared subscription to a service stays.
	leaves func(service string) bool
}

func mark(application string) string { return "fxrestate/" + application }

func (o owner) owns(s admin.Subscription) bool { return s.Options[clientID] == o.mark }

// compareSubscriptions returns what makes the subscriptions of an owner those that are
// wanted, additions first, and the wanted ones that others have made already.
func compareSubscriptions(o owner, wanted []Subscription, there []admin.Subscription) (changes []SubscriptionChange, others []admin.Subscription) {
	// Of two that are the same, all processes keep the same one.
	there = slices.SortedFunc(slices.Values(there), func(a, b admin.Subscription) int { return cmp.Compare(a.ID, b.ID) })
	declared := map[string]bool{}
	var gone []SubscriptionChange
	remove := func(s admin.Subscription, why string) {
		gone = append(gone, SubscriptionChange{Change: Removed, ID: s.ID, Source: s.Source, Handler: strings.TrimPrefix(s.Sink, sinkScheme), Reason: why})
	}
	for _, w := range wanted {
		var own []admin.Subscription
		var theirs *admin.Subscription
		for i, s := range there {
			switch {
			case s.Source != w.Source || s.Sink != w.sink():
			case o.owns(s):
				own = append(own, s)
				declared[s.ID] = true
			case theirs == nil:
				theirs = &there[i]
			}
		}
		kept := slices.IndexFunc(own, w.sameOptions)
		if kept < 0 && theirs != nil && len(own) == 0 {
			others = append(others, *theirs)
			continue
		}
		if kept < 0 {
			add := SubscriptionChange{Change: Added, Source: w.Source, Handler: w.handler(), Reason: isDeclared, create: w}
			if len(own) > 0 {
				add.Reason, add.group = otherOptions, own[0].Options[groupID]
			}
			changes = append(changes, add)
		}
		for i, s := range own {
			switch {
			case i == kept:
			case w.sameOptions(s):
				remove(s, isTwice)
			default:
				remove(s, otherOptions)
			}
		}
	}
	for _, s := range there {
		if service, _ := serviceOf(s.Sink); o.owns(s) && !declared[s.ID] && !o.leaves(service) {
			remove(s, notDeclared)
		}
	}
	return append(changes, gone...), others
}

package doctor

import (
	"context"
	"strings"
)

// sinkScheme is what the URL of a handler begins with.
const sinkScheme = "service://"

// subscriptions looks for those to topics of Kafka whose handler is gone: their records are
// not delivered.
func (e *examination) subscriptions(ctx context.Context) Check {
	found, err := e.client.Subscriptions(ctx)
	if err != nil {
		return unchecked(err)
	}
	if err := e.facts.services.err; err != nil {
		return unchecked(err)
	}
	if len(found) == 0 {
		return ok("none")
	}
	served := handlersOf(e.facts.services.is)
	c := Check{Status: OK, Summary: counted(len(found), "is there", "are there")}
	for _, s := range found {
		if sink := strings.TrimPrefix(s.Sink, sinkScheme); !served[sink] {
			c.add(Finding{
				Status: Bad, ID: s.ID, What: s.Source + " goes to " + sink + ", which no deployment serves",
				Next: []string{"register the version that has it", e.next("subscriptions", "delete", s.ID)},
			})
		}
	}
	return c
}

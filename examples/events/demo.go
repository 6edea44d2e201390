package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/ingress"
)

// station is a part of the tour: events, and what comes of them.
type station struct {
	events []requests.Request
	result requests.Request
	// has is in the result when the events were handled.
	has string
}

// tour has the stations.
var tour = []station{
	{
		events: []requests.Request{
			event("Ada posts", topicPosts, "ada", `{"id":"1","text":"hello"}`),
			event("what the network refuses holds up nobody", topicPosts, "ada", `{"id":"2","text":"spam"}`),
			event("nor does what is no post", topicPosts, "ada", `"hello?"`),
			event("Ada posts again", topicPosts, "ada", `{"id":"3","text":"how are you?"}`),
			event("an event that comes twice is handled once", topicPosts, "ada", `{"id":"1","text":"hello"}`),
		},
		result: requests.Request{Title: "her feed, in her order", Path: "/user-feed/ada/Posts"},
		has:    "how are you?",
	},
	{
		events: []requests.Request{
			event("a parcel is somewhere", topicLocations, "p-7", `{"at":"2026-03-01T08:00:00Z","place":"warehouse"}`),
			event("and it is Bob's", topicParcels, "p-7", `{"to":"Bob"}`),
			event("it moves", topicLocations, "p-7", `{"at":"2026-03-01T09:30:00Z","place":"Elm Street 12"}`),
		},
		result: requests.Request{Title: "both topics in one object", Path: "/delivery-tracker/p-7/Track"},
		has:    `"Bob"},"locations":[{"at":"2026-03-01T08:00:00Z","place":"warehouse"},{`,
	},
	{
		events: []requests.Request{
			event("somebody is hungry", topicOrders, "o-1", `{"dish":"ramen","driver":"ann","restaurant":{"x":2,"y":1},"customer":{"x":4,"y":3}}`),
		},
		result: requests.Request{Title: "a driver has the order", Path: "/driver/ann/Jobs"},
		has:    "o-1",
	},
	{
		events: []requests.Request{
			event("the driver is at the restaurant", topicDrivers, "ann", `{"x":2,"y":1}`),
			event("on the road", topicDrivers, "ann", `{"x":3,"y":2}`),
		},
		result: requests.Request{Title: "the order is on its way", Path: "/order/o-1/Status"},
		has:    strconv.Quote(OnItsWay),
	},
	{
		events: []requests.Request{event("at the customer's", topicDrivers, "ann", `{"x":4,"y":3}`)},
		result: requests.Request{Title: "the order is delivered", Path: "/order/o-1/Status"},
		has:    strconv.Quote(Delivered),
	},
}

// event is a request to publish an event.
func event(title, topic, key, value string) requests.Request {
	return requests.Request{
		Title: title, Path: "/events/Publish",
		Body: fmt.Sprintf(`{"topic":%q,"key":%q,"value":%s}`, topic, key, value),
	}
}

// all returns the requests of the tour.
func all() (list []requests.Request) {
	for _, s := range tour {
		list = append(append(list, s.events...), s.result)
	}
	return list
}

// demo publishes the events of each station and shows what comes of them. Then it shows
// the topics that the handlers have written to.
func demo(ctx context.Context, client *ingress.Client, broker *Broker) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for _, s := range tour {
		if err := requests.Send(ctx, os.Stdout, client.URL(), s.events); err != nil {
			return err
		}
		if err := s.await(ctx, client.URL()); err != nil {
			return err
		}
	}
	for _, topic := range []struct {
		name string
		has  int
	}{{topicOrderStatus, 3}, {topicRejected, 2}} {
		records, err := broker.Read(ctx, topic.name, topic.has)
		if err != nil {
			return err
		}
		fmt.Printf("# topic %s\n", topic.name)
		for _, r := range records {
			fmt.Printf("  %s: %s", r.Key, r.Value)
			for _, h := range r.Headers {
				fmt.Printf(", %s=%s", h.Key, h.Value)
			}
			fmt.Println()
		}
	}
	return nil
}

// await asks for the result until the events were handled, and shows it.
func (s station) await(ctx context.Context, base string) error {
	for {
		var shown bytes.Buffer
		if err := requests.Send(ctx, &shown, base, []requests.Request{s.result}); err != nil {
			return err
		}
		if strings.Contains(shown.String(), s.has) {
			_, err := shown.WriteTo(os.Stdout)
			return err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%w; now: %s", context.Cause(ctx), shown.String())
		}
	}
}

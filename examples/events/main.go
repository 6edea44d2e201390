// Command events handles events from Kafka: posts of users, parcels on their way, and the
// drivers of a restaurant. It needs only Go and npm (or docker, or a restate-server on
// PATH):
//
//	go run ./examples/events
//
// It starts a broker in its own memory, finds or installs a restate-server, runs it with
// its data in a temporary directory, serves the handlers to it, subscribes them to topics,
// and prints requests to try. With -demo it sends them itself and exits. With
// -brokers localhost:9092 the topics are on that Kafka in place of its own.
//
// It shows:
//   - handlers that are subscribed to topics, without a client of Kafka and a loop of a
//     consumer: the events of a user are handled in their order, those of different users
//     at the same time ([UserFeed.ProcessPost]);
//   - a handler that waits between two steps, with a timer that survives restarts, while
//     the next event of its user waits behind it;
//   - events of two topics that are joined in the state of one object ([DeliveryTracker]);
//   - a workflow that an event starts and others move on: where a driver is tells how far
//     an order is ([Order], [Driver]);
//   - events that handlers publish, in a step ([Order.Run], [Events.Publish]);
//   - events that no handler can use: they are put into a topic of their own, and hold up
//     no other ([Rejects]).
//
// Worth a try: stop the program while a post is pending, and start it again on a server
// and a broker that keep their data: nothing is lost, and nothing is posted twice.
// docker-compose.yml has both:
//
//	docker compose --profile kafka up --wait restate kafka
//	export RESTATE_INGRESS_URL=http://127.0.0.1:8080 RESTATE_ADMIN_URL=http://127.0.0.1:9070
//	export RESTATE_DEPLOYMENT_URL=http://host.docker.internal:9080
//	go run ./examples/events -brokers localhost:9092
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"go.uber.org/fx"

	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/examples/internal/requests"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/kafka"
)

//go:generate go run github.com/fxrestate/go/cmd/fxrestate gen

func main() {
	runDemo := flag.Bool("demo", false, "send the requests, show the responses, and exit")
	brokers := flag.String("brokers", "", "the `addresses` of a Kafka, such as localhost:9092; without any, a broker in memory")
	poll := flag.Duration("poll", time.Second, "how long a pending post is left alone at first")
	flag.Parse()
	if err := run(*runDemo, *brokers, Poll(*poll)); err != nil {
		fmt.Fprintln(os.Stderr, "events:", err)
		os.Exit(1)
	}
}

// fromTheStart is for subscriptions whose topic may have records before they are made.
var fromTheStart = kafka.Options{"auto.offset.reset": "earliest"}

// consumers is the application without its server, its broker and its log.
func consumers(poll Poll) fx.Option {
	toRejects := fxrestate.DeadLetter((*Rejects).Keep)
	return fx.Options(
		fxrestate.Module,
		fx.Supply(poll),
		fx.Provide(NewNetwork),
		fxrestate.Object[*UserFeed](NewUserFeed, fxrestate.Name("user-feed"), toRejects,
			fxrestate.Subscribe((*UserFeed).ProcessPost, source(topicPosts), fromTheStart)),
		fxrestate.Object[*DeliveryTracker](NewDeliveryTracker, fxrestate.Name("delivery-tracker"), toRejects,
			fxrestate.Subscribe((*DeliveryTracker).Register, source(topicParcels), fromTheStart),
			fxrestate.Subscribe((*DeliveryTracker).SetLocation, source(topicLocations), fromTheStart)),
		fxrestate.Workflow[*Order](NewOrder, fxrestate.Name("order"), toRejects,
			fxrestate.Subscribe((*Order).Run, source(topicOrders), fromTheStart)),
		fxrestate.Object[*Driver](NewDriver, fxrestate.Name("driver"), toRejects,
			fxrestate.Subscribe((*Driver).Move, source(topicDrivers), fromTheStart)),
		fxrestate.Service[*Events](NewEvents, fxrestate.Name("events")),
		fxrestate.Service[*Rejects](NewRejects, fxrestate.Name("rejects")),
	)
}

func run(runDemo bool, brokers string, poll Poll) error {
	if brokers == "" && os.Getenv("RESTATE_ADMIN_URL") != "" {
		return errors.New("the server of RESTATE_ADMIN_URL cannot know a broker in memory: name the Kafka that it knows with -brokers")
	}
	broker, err := OpenBroker(brokers)
	if err != nil {
		return err
	}
	defer broker.Close()
	var client *ingress.Client
	return fxrestate.RunWith(
		func(ctx context.Context) error {
			fmt.Printf("ready: %s, with Kafka at %s\n\n", client.URL(), broker)
			if runDemo {
				return demo(ctx, client, broker)
			}
			requests.Print(os.Stdout, client.URL(), all())
			<-ctx.Done() // Ctrl-C
			return nil
		},
		consumers(poll),
		broker.Module(),
		fxrestate.DevServer(devserver.Config{Env: broker.ServerEnv(), Progress: os.Stderr}),
		fx.Populate(&client),
	)
}

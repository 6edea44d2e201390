package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// quiet is a log of nothing.
var quiet = slog.New(slog.DiscardHandler)

func TestMain(m *testing.M) { goleak.VerifyTestMain(restatetest.Tests{M: m}) }

// world is a running application with its partners.
type world struct {
	*restatetest.Env

	t       testing.TB
	network *Network
	broker  *Broker // nil in process
	outbox  *outbox // nil on a server
}

// inProcess runs the handlers without Kafka: a test calls them as a subscription does.
func inProcess(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, outbox: &outbox{}}
	w.Env = restatetest.Start(t, restatetest.InProcess, consumers(Poll(time.Second)), fx.Populate(&w.network), w.outbox.module())
	return w
}

// withKafka runs the application on a server and a broker of its own.
func withKafka(t *testing.T) *world {
	t.Helper()
	broker, err := OpenBroker("")
	require.NoError(t, err)
	t.Cleanup(broker.Close)
	w := &world{t: t, broker: broker, network: NewNetwork(quiet)} // outside: it does not die
	w.Env = restatetest.Start(t, restatetest.Private, restatetest.ServerEnv(broker.ServerEnv()),
		consumers(Poll(time.Millisecond)), broker.Module(), fx.Replace(w.network))
	return w
}

// publish writes an event into a topic, without the application.
func (w *world) publish(topic, key, value string) {
	w.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(w.broker.addrs...))
	require.NoError(w.t, err)
	defer client.Close()
	record := &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}
	require.NoError(w.t, producer{client}.Publish(w.t.Context(), record))
}

// post publishes a post of a user whose id is its text.
func (w *world) post(user, text string) {
	w.t.Helper()
	value, err := json.Marshal(Post{ID: text, Text: text})
	require.NoError(w.t, err)
	w.publish(topicPosts, user, string(value))
}

// feed returns the texts in the feed of a user.
func (w *world) feed(user string) []string {
	w.t.Helper()
	all, err := ingress.Call0(w.t.Context(), ingress.NewObject[*UserFeed](w.Ingress()).Key(user), (*UserFeed).Posts)
	require.NoError(w.t, err)
	texts := []string{}
	for _, p := range all {
		texts = append(texts, p.Text)
	}
	return texts
}

func (w *world) requireFeed(user string, want ...string) {
	w.t.Helper()
	w.Until(func() bool { return len(w.feed(user)) >= len(want) }, "the feed of "+user)
	require.Equal(w.t, want, w.feed(user))
}

func (w *world) driver(name string) ingress.Keyed[*Driver] {
	return ingress.NewObject[*Driver](w.Ingress()).Key(name)
}

func (w *world) order(id string) ingress.Keyed[*Order] {
	return ingress.NewWorkflow[*Order](w.Ingress()).ID(id)
}

// awaitJobs waits until a driver has as many orders.
func (w *world) awaitJobs(driver string, n int) {
	w.t.Helper()
	w.Until(func() bool {
		all, err := ingress.Call0(w.t.Context(), w.driver(driver), (*Driver).Jobs)
		require.NoError(w.t, err)
		return len(all) == n
	}, "the jobs of "+driver)
}

func (w *world) awaitStatus(order, status string) {
	w.t.Helper()
	w.Until(func() bool {
		now, err := ingress.Call0(w.t.Context(), w.order(order), (*Order).Status)
		return err == nil && now == status
	}, order+" is "+status)
}

func requireCode(t testing.TB, code restate.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, restate.AsTerminalError(err).Code(), err)
}

// outbox is a Publisher that keeps what is published, each id once.
type outbox struct {
	mu      sync.Mutex
	records map[string]string // "topic: key: value" by the header id, or by themselves
}

func (o *outbox) module() fx.Option { return fx.Supply(fx.Annotate(o, fx.As(new(Publisher)))) }

func (o *outbox) Publish(_ context.Context, r *kgo.Record) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := r.Topic + ": " + string(r.Key) + ": " + string(r.Value)
	id := text
	for _, h := range r.Headers {
		if h.Key == "id" {
			id = string(h.Value)
		}
	}
	if o.records == nil {
		o.records = map[string]string{}
	}
	o.records[id] = text
	return nil
}

// All returns what was published, in alphabetical order.
func (o *outbox) All() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := []string{}
	for _, text := range o.records {
		all = append(all, text)
	}
	slices.Sort(all)
	return all
}

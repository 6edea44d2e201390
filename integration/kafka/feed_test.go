package kafka_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/kafka"
)

var earliest = kafka.Options{"auto.offset.reset": "earliest"}

// Post is the value of a record.
type Post struct {
	Author string `json:"author"`
	Text   string `json:"text"`
}

// Seen is what a handler saw of a record.
type Seen struct {
	Post     Post
	Raw      []byte
	Metadata kafka.Metadata
	OK       bool
	Key      string
}

// Feed takes records.
type Feed struct{ seen chan Seen }

func newFeed() *Feed { return &Feed{seen: make(chan Seen, 100)} }

// see looks in a step and outside, before and after the attempt may have been suspended.
func (f *Feed) see(ctx restate.Context, seen Seen) error {
	first, err := restate.Run(ctx, func(ctx restate.RunContext) (kafka.Metadata, error) {
		m, _ := kafka.MetadataFrom(context.Context(ctx))
		return m, nil
	})
	if err != nil {
		return err
	}
	seen.Metadata, seen.OK = kafka.MetadataFrom(ctx)
	if first.Offset != seen.Metadata.Offset || first.Subscription != seen.Metadata.Subscription {
		return restate.TerminalErrorf("in a step it was %+v, and is %+v", first, seen.Metadata)
	}
	f.seen <- seen
	return nil
}

// Post takes typed records.
func (f *Feed) Post(ctx restate.Context, post Post) error { return f.see(ctx, Seen{Post: post}) }

// Raw takes all records.
func (f *Feed) Raw(ctx restate.Context, value []byte) error { return f.see(ctx, Seen{Raw: value}) }

func TestARecordReachesTheHandlerThatIsSubscribed(t *testing.T) {
	t.Parallel()
	topic, name, feed := newTopic(t, 3), testkit.Unique("Feed"), newFeed()
	// Produced before there is a subscription: earliest.
	want := Post{Author: "ada", Text: "hello"}
	sent := produce(t, topic, record("k/1", want))[0]
	start(t, fxrestate.Service[*Feed](testkit.Made(feed), fxrestate.Name(name), fxrestate.Subscribe((*Feed).Post, source(topic), earliest)))
	got := testkit.Receive(t, feed.seen)

	subscription := subscriptionsTo(t, name)
	require.Len(t, subscription, 1)
	require.Equal(t, "earliest", subscription[0].Options["auto.offset.reset"])
	require.Equal(t, source(topic), subscription[0].Source)
	require.Equal(t, "service://"+name+"/Post", subscription[0].Sink)
	require.Equal(t, Seen{Post: want, OK: true, Metadata: kafka.Metadata{
		Subscription: subscription[0].ID, Topic: topic, Partition: sent.Partition, Offset: sent.Offset,
		Timestamp: sent.Timestamp.UTC(), Key: []byte("k/1"),
	}}, got)
}

func TestMetadataIsReadFromTheHeadersOfAnInvocation(t *testing.T) {
	t.Parallel()
	name, feed := testkit.Unique("Feed"), newFeed()
	start(t, fxrestate.Service[*Feed](testkit.Made(feed), fxrestate.Name(name)))
	const id, partition, offset, at, key = "Restate.Subscription.Id", "Kafka.Partition", "Kafka.Offset", "Kafka.Timestamp", "Kafka.Key"
	for _, row := range []struct {
		name    string
		headers []string
		want    kafka.Metadata // zero: none
	}{
		{"without any", nil, kafka.Metadata{}},
		{
			"with all, whatever their case",
			[]string{id, "sub_1", "Kafka.Topic", "posts", partition, "3", offset, "5000000000", at, "1700000000123", key, "__77774="},
			kafka.Metadata{Subscription: "sub_1", Topic: "posts", Partition: 3, Offset: 5000000000, Timestamp: time.UnixMilli(1700000000123).UTC(), Key: []byte{0xff, 0xfe, 0xfb, 0xef, 0xbe}},
		},
		{"without what may be missing", []string{id, "sub_1", partition, "0", offset, "0"}, kafka.Metadata{Subscription: "sub_1"}},
		{"without a subscription", []string{partition, "3", offset, "1"}, kafka.Metadata{}},
		{"without an offset", []string{id, "sub_1", partition, "3"}, kafka.Metadata{}},
		{"with an offset that is no number", []string{id, "sub_1", partition, "3", offset, "many"}, kafka.Metadata{}},
		{"with a partition that is too large", []string{id, "sub_1", partition, "2147483648", offset, "1"}, kafka.Metadata{}},
		{"with a time that is none", []string{id, "sub_1", partition, "3", offset, "1", at, "noon"}, kafka.Metadata{}},
		{"with a key that is not encoded", []string{id, "sub_1", partition, "3", offset, "1", key, "?"}, kafka.Metadata{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "Post"), Post{}, row.headers...).Status)
			got := testkit.Receive(t, feed.seen)
			require.Equal(t, row.want, got.Metadata)
			require.Equal(t, row.want.Subscription != "", got.OK)
		})
	}
}

func TestARawHandlerTakesRecordsThatAreNoJSON(t *testing.T) {
	t.Parallel()
	topic, name, feed := newTopic(t, 1), testkit.Unique("Feed"), newFeed()
	start(t, fxrestate.Service[*Feed](testkit.Made(feed), fxrestate.Name(name),
		fxrestate.Handler((*Feed).Raw, fxrestate.Raw()),
		fxrestate.Subscribe((*Feed).Raw, source(topic), earliest)))
	for _, record := range []*kgo.Record{
		{Key: []byte{0xff, 0xfe, 0xfb, 0xef, 0xbe}, Value: []byte{0, 0xff, '{'}},
		{Value: []byte("no key")},
		{Key: []byte("k"), Value: nil}, // a tombstone
	} {
		sent := produce(t, topic, record)[0]
		got := testkit.Receive(t, feed.seen)
		require.Equal(t, string(record.Value), string(got.Raw))
		require.Equal(t, record.Key, got.Metadata.Key)
		require.Equal(t, sent.Offset, got.Metadata.Offset)
	}
}

// Timeline is an object by author.
type Timeline struct {
	seen chan Seen
	hold chan struct{} // the first of "slow" waits for it
}

// Add takes records of its key one after the other.
func (l *Timeline) Add(ctx restate.ObjectContext, post Post) error {
	if post.Text == "held" {
		<-l.hold
	}
	l.seen <- Seen{Post: post, Key: restate.Key(ctx)}
	return nil
}

func TestRecordsOfOneKeyAreHandledInOrderAndHoldUpNoOtherKey(t *testing.T) {
	t.Parallel()
	topic, name := newTopic(t, 1), testkit.Unique("Timeline") // in one partition
	line := &Timeline{seen: make(chan Seen, 10), hold: make(chan struct{})}
	start(t, fxrestate.Object[*Timeline](testkit.Made(line), fxrestate.Name(name), fxrestate.Subscribe((*Timeline).Add, source(topic), earliest)))
	produce(t, topic,
		record("slow", Post{Text: "held"}), record("slow", Post{Text: "second"}),
		record("quick", Post{Text: "first"}), record("quick", Post{Text: "second"}))
	for _, text := range []string{"first", "second"} {
		require.Equal(t, Seen{Post: Post{Text: text}, Key: "quick"}, testkit.Receive(t, line.seen))
	}
	close(line.hold)
	for _, text := range []string{"held", "second"} {
		require.Equal(t, Seen{Post: Post{Text: text}, Key: "slow"}, testkit.Receive(t, line.seen))
	}
}

func TestAHandlerOfADefinitionIsSubscribedByItsName(t *testing.T) {
	t.Parallel()
	topic, name, got := newTopic(t, 1), testkit.Unique("Defined"), make(chan Post, 10)
	definition := restate.NewService(name).Handler("take", restate.NewServiceHandler(func(_ restate.Context, post Post) (restate.Void, error) {
		got <- post
		return restate.Void{}, nil
	}))
	start(t, fxrestate.Definition(definition, fxrestate.Subscribe("take", source(topic), earliest)))
	produce(t, topic, record("", Post{Text: "x"}))
	require.Equal(t, Post{Text: "x"}, testkit.Receive(t, got))
}

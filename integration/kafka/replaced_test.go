package kafka_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/kafka"
)

func TestAReplacedSubscriptionGoesOnInTheTopic(t *testing.T) {
	t.Parallel()
	name, cfg, topic, feed := testkit.Unique("Feed"), configOf(t), newTopic(t, 1), newFeed()
	run := func(options ...kafka.Options) {
		t.Helper()
		startAs(t, cfg, fxrestate.Service[*Feed](testkit.Made(feed), fxrestate.Name(name), fxrestate.Subscribe((*Feed).Post, source(topic), options...)))
	}
	run(earliest)
	produce(t, topic, record("", Post{Text: "1"}))
	first := testkit.Receive(t, feed.seen)
	run(earliest, kafka.Options{"fetch.wait.max.ms": "50"})
	produce(t, topic, record("", Post{Text: "2"}))
	got := testkit.Receive(t, feed.seen)
	for got.Post.Text != "2" { // the first comes again if its offset was not committed yet
		got = testkit.Receive(t, feed.seen)
	}
	now := subscriptionsTo(t, name)
	require.Len(t, now, 1)
	require.NotEqual(t, first.Metadata.Subscription, now[0].ID)
	require.Equal(t, "50", now[0].Options["fetch.wait.max.ms"])
}

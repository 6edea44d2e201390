package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

// headerOf returns a header of a record.
func headerOf(r *kgo.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func TestEventsOfEachUserAreHandledInTheirOrder(t *testing.T) {
	t.Parallel()
	w := withKafka(t)
	users, want := []string{"ada", "bob", "eve"}, map[string][]string{}
	for i := range 5 {
		for _, user := range users {
			text := fmt.Sprint(user, " ", i)
			w.post(user, text)
			want[user] = append(want[user], text)
		}
	}
	for _, user := range users {
		w.requireFeed(user, want[user]...)
	}
	require.Len(t, w.network.Posts(), 15)
}

func TestEventsThatNobodyCanUseAreKeptAndHoldUpNoOther(t *testing.T) {
	t.Parallel()
	w := withKafka(t)
	w.publish(topicPosts, "ada", "{no JSON")
	w.publish(topicPosts, "ada", `{"id":"2","text":"spam"}`)
	w.publish(topicLocations, "p-1", `{"place":"nowhere"}`)
	w.publish(topicOrders, "o-1", `{}`)
	w.post("ada", "hello")
	w.requireFeed("ada", "hello")

	rejected, err := w.broker.Read(t.Context(), topicRejected, 4)
	require.NoError(t, err)
	got := map[string]string{} // errors by records
	for _, r := range rejected {
		got[headerOf(r, "topic")+" "+string(r.Key)+" "+string(r.Value)] = headerOf(r, "error")
	}
	require.Contains(t, got["posts ada {no JSON"], "cannot be decoded")
	delete(got, "posts ada {no JSON")
	require.Equal(t, map[string]string{
		`posts ada {"id":"2","text":"spam"}`: "the network has refused the post",
		`locations p-1 {"place":"nowhere"}`:  "the location needs a time and a place",
		`orders o-1 {}`:                      "the order has no driver",
	}, got)
}

// The process dies while a post is pending and a meal is on its way. Events that come
// while it is down are handled afterwards.
func TestCrashLosesNoEventAndDoublesNone(t *testing.T) {
	t.Parallel()
	w := withKafka(t)
	w.network.Close(true)
	w.post("ada", "first")
	w.Until(func() bool { return len(w.network.Posts()) == 1 }, "the first post is pending")
	w.post("ada", "second")
	for range 2 { // as after a crash of whoever publishes
		w.publish(topicOrders, "o-1", `{"driver":"ann","restaurant":{"x":1,"y":1},"customer":{"x":2,"y":2}}`)
	}
	w.awaitJobs("ann", 1)
	w.publish(topicDrivers, "ann", `{"x":1,"y":1}`)
	w.awaitStatus("o-1", OnItsWay)

	w.KillApp()
	w.publish(topicDrivers, "ann", `{"x":2,"y":2}`)
	w.post("ada", "third")
	w.post("bob", "hi")
	w.StartApp()
	w.network.Close(false)

	w.requireFeed("ada", "first", "second", "third")
	w.requireFeed("bob", "hi")
	require.ElementsMatch(t, []string{"ada: first", "ada: second", "ada: third", "bob: hi"}, w.network.Posts())
	w.awaitStatus("o-1", Delivered)
	w.awaitJobs("ann", 0)
	ids := map[string]bool{} // a record whose step was cut may be there twice
	for most := 3; len(ids) < 3; most++ {
		statuses, err := w.broker.Read(t.Context(), topicOrderStatus, most)
		require.NoError(t, err)
		for _, r := range statuses {
			ids[headerOf(r, "id")] = true
		}
	}
	require.Equal(t, map[string]bool{"o-1/ordered": true, "o-1/on its way": true, "o-1/delivered": true}, ids)
}

func TestBrokerInMemoryIsForAServerOfItsOwn(t *testing.T) {
	t.Setenv("RESTATE_ADMIN_URL", "http://127.0.0.1:9070")
	require.ErrorContains(t, run(false, "", Poll(time.Second)), "-brokers")
}

func TestDemoRunsToItsEnd(t *testing.T) {
	t.Parallel()
	require.NoError(t, run(true, "", Poll(time.Millisecond)))
}

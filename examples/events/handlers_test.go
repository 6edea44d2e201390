package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/ingress"
)

func TestParcelIsTrackedWhicheverTopicIsFirst(t *testing.T) {
	t.Parallel()
	at := func(hour int, place string) any {
		return Location{time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC), place}
	}
	bob := Parcel{To: "Bob"}
	for _, row := range []struct {
		name   string
		events []any
		want   []any // nil: there is no such parcel
	}{
		{"the parcel", []any{bob, at(8, "warehouse"), at(9, "street")}, []any{at(8, "warehouse"), at(9, "street")}},
		{"a location", []any{at(8, "warehouse"), bob, at(9, "street")}, []any{at(8, "warehouse"), at(9, "street")}},
		{"a location that comes twice", []any{at(8, "warehouse"), at(8, "warehouse"), bob}, []any{at(8, "warehouse")}},
		{"a location that is older than the next", []any{bob, at(9, "street"), at(8, "warehouse")}, []any{at(9, "street")}},
		{"a location of a parcel that nobody sends", []any{at(8, "warehouse")}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := inProcess(t)
			tracker := ingress.NewObject[*DeliveryTracker](w.Ingress()).Key("p-1")
			for _, event := range row.events {
				if l, ok := event.(Location); ok {
					require.NoError(t, ingress.CallVoid(t.Context(), tracker, (*DeliveryTracker).SetLocation, l))
				} else {
					require.NoError(t, ingress.CallVoid(t.Context(), tracker, (*DeliveryTracker).Register, bob))
				}
			}
			got, err := ingress.Call0(t.Context(), tracker, (*DeliveryTracker).Track)
			if row.want == nil {
				requireCode(t, http.StatusNotFound, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, &bob, got.Parcel)
			require.Len(t, got.Locations, len(row.want))
			for i, l := range got.Locations {
				require.Equal(t, row.want[i], l)
			}
		})
	}
}

func TestParcelKeepsItsLatestLocations(t *testing.T) {
	t.Parallel()
	w := inProcess(t)
	tracker := ingress.NewObject[*DeliveryTracker](w.Ingress()).Key("p-1")
	require.NoError(t, ingress.CallVoid(t.Context(), tracker, (*DeliveryTracker).Register, Parcel{To: "Bob"}))
	for i := range latest + 1 {
		l := Location{time.Date(2026, 3, 1+i, 0, 0, 0, 0, time.UTC), "on the road"}
		require.NoError(t, ingress.CallVoid(t.Context(), tracker, (*DeliveryTracker).SetLocation, l))
	}
	got, err := ingress.Call0(t.Context(), tracker, (*DeliveryTracker).Track)
	require.NoError(t, err)
	require.Len(t, got.Locations, latest)
	require.Equal(t, 2, got.Locations[0].At.Day())
}

func TestOrderIsWhereItsDriverIs(t *testing.T) {
	t.Parallel()
	restaurant, customer, road := Point{1, 1}, Point{3, 3}, Point{2, 2}
	for _, row := range []struct {
		name          string
		before, moves []Point // until the driver has the order, and then
		want          string
	}{
		{"nobody has seen", nil, nil, Ordered},
		{"is on the road", nil, []Point{road}, Ordered},
		{"is at the restaurant", nil, []Point{road, restaurant}, OnItsWay},
		{"was at the restaurant when it was ordered", []Point{restaurant}, []Point{road}, OnItsWay},
		{"has left the restaurant without it", []Point{restaurant, road}, nil, Ordered},
		{"is at the customer's without it", nil, []Point{customer}, Ordered},
		{"is at the customer's with it", nil, []Point{restaurant, road, customer}, Delivered},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := inProcess(t)
			move := func(to Point) {
				require.NoError(t, ingress.CallVoid(t.Context(), w.driver("ann"), (*Driver).Move, to))
			}
			for _, p := range row.before {
				move(p)
			}
			_, err := ingress.SendVoid(t.Context(), w.order("o-1"), (*Order).Run, Meal{"ramen", "ann", restaurant, customer})
			require.NoError(t, err)
			w.awaitJobs("ann", 1)
			for _, p := range row.moves {
				move(p)
			}
			w.awaitStatus("o-1", row.want)
			published := []string{"order-status: o-1: ordered"}
			if row.want != Ordered {
				published = append([]string{"order-status: o-1: on its way"}, published...)
			}
			if row.want == Delivered {
				published = append([]string{"order-status: o-1: delivered"}, published...)
			}
			w.Until(func() bool { return len(w.outbox.All()) >= len(published) }, "what is published")
			require.Equal(t, published, w.outbox.All())
		})
	}
}

func TestDriverDeliversSeveralOrdersOfOneRestaurant(t *testing.T) {
	t.Parallel()
	w := inProcess(t)
	restaurant := Point{1, 1}
	for id, customer := range map[string]Point{"near": {1, 2}, "far": {9, 9}} {
		_, err := ingress.SendVoid(t.Context(), w.order(id), (*Order).Run, Meal{"ramen", "ann", restaurant, customer})
		require.NoError(t, err)
	}
	w.awaitJobs("ann", 2)
	for _, to := range []Point{restaurant, {1, 2}} {
		require.NoError(t, ingress.CallVoid(t.Context(), w.driver("ann"), (*Driver).Move, to))
	}
	w.awaitStatus("near", Delivered)
	w.awaitStatus("far", OnItsWay)
	require.NoError(t, ingress.CallVoid(t.Context(), w.driver("ann"), (*Driver).Move, Point{9, 9}))
	w.awaitStatus("far", Delivered)
	w.awaitJobs("ann", 0)
}

func TestPostThatComesTwiceIsInTheFeedOnce(t *testing.T) {
	t.Parallel()
	w := inProcess(t)
	ada := ingress.NewObject[*UserFeed](w.Ingress()).Key("ada")
	for range 2 {
		require.NoError(t, ingress.CallVoid(t.Context(), ada, (*UserFeed).ProcessPost, Post{"1", "hello"}))
	}
	require.Equal(t, []string{"hello"}, w.feed("ada"))
	require.Equal(t, []string{"ada: hello"}, w.network.Posts())
}

func TestEventsOfUnknownTopicsAreRefused(t *testing.T) {
	t.Parallel()
	w := inProcess(t)
	events := ingress.NewService[*Events](w.Ingress())
	requireCode(t, http.StatusNotFound, ingress.CallVoid(t.Context(), events, (*Events).Publish, Event{Topic: "secrets"}))
	require.NoError(t, ingress.CallVoid(t.Context(), events, (*Events).Publish, Event{topicPosts, "ada", []byte(`{"id":"1"}`)}))
	require.Equal(t, []string{`posts: ada: {"id":"1"}`}, w.outbox.All())
}

package main

import (
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// ofARecord are the headers with which a subscription calls a handler.
var ofARecord = map[string]string{
	"restate.subscription.id": "sub_1", "kafka.topic": topicPosts, "kafka.partition": "0", "kafka.offset": "7", "kafka.key": "YWRh",
}

// Wherever the process dies, what comes of an event is the same.
func TestEventsSurviveACrashAnywhere(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(w *world) any{
		"posts, one of which is refused": func(w *world) any {
			ada, did := ingress.NewObject[*UserFeed](w.Ingress()).Key("ada"), []any{}
			for _, post := range []Post{{"1", "hello"}, {"2", "spam"}} {
				did = append(did, ingress.CallVoid(w.t.Context(), ada, (*UserFeed).ProcessPost, post, restate.WithHeaders(ofARecord)))
			}
			return append(did, w.feed("ada"))
		},
		"a parcel and where it is": func(w *world) any {
			p := ingress.NewObject[*DeliveryTracker](w.Ingress()).Key("p-1")
			at := Location{time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), "warehouse"}
			require.NoError(w.t, ingress.CallVoid(w.t.Context(), p, (*DeliveryTracker).SetLocation, at))
			require.NoError(w.t, ingress.CallVoid(w.t.Context(), p, (*DeliveryTracker).Register, Parcel{To: "Bob"}))
			known, err := ingress.Call0(w.t.Context(), p, (*DeliveryTracker).Track)
			return []any{known, err}
		},
		"an order and its driver": func(w *world) any {
			meal := Meal{"ramen", "ann", Point{1, 1}, Point{2, 2}}
			run, err := ingress.SendVoid(w.t.Context(), w.order("o-1"), (*Order).Run, meal)
			require.NoError(w.t, err)
			w.awaitJobs("ann", 1)
			for _, to := range []Point{meal.Restaurant, meal.Customer} {
				require.NoError(w.t, ingress.CallVoid(w.t.Context(), w.driver("ann"), (*Driver).Move, to))
			}
			_, err = run.Attach(w.t.Context())
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := &world{} // the partners, which do not die
			restatetest.CrashEverywhere(t, restatetest.Scenario{
				App: func() []fx.Option {
					out.network, out.outbox = NewNetwork(quiet), &outbox{}
					return []fx.Option{restatetest.InProcess, consumers(Poll(time.Second)), out.outbox.module(), fx.Replace(out.network)}
				},
				Do:      func(t testing.TB, env *restatetest.Env) any { return do(&world{Env: env, t: t}) },
				Exactly: func() any { return []any{out.network.Posts(), out.outbox.All()} },
			})
		})
	}
}

package durable_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/internal/testkit"
)

var (
	choiceLeft  = durable.NewPromiseKey[string]("left")
	choiceRight = durable.NewPromiseKey[string]("right")
)

// Choice waits for one of several things. What it then does outside is no step.
type Choice struct{ outside testkit.Outside }

func NewChoice(o testkit.Outside) *Choice { return &Choice{o} }

func (c *Choice) Run(ctx restate.WorkflowContext, limit time.Duration) (string, error) {
	var waited durable.Future[durable.Indexed[string]]
	if limit > 0 {
		waited = durable.First(choiceLeft.Future(ctx)).OrTimeout(ctx, limit)
	} else {
		waited = durable.First(choiceLeft.Future(ctx), choiceRight.Future(ctx))
	}
	won, err := waited.Await(ctx)
	chosen := won.Value
	if durable.IsTimeout(err) {
		chosen, err = "timeout", nil
	}
	if err != nil {
		return "", err
	}
	return chosen, c.outside.Effect(ctx, restate.Key(ctx)+"-"+chosen)
}

func (c *Choice) Left(ctx restate.WorkflowSharedContext) error {
	return choiceLeft.Resolve(ctx, "left")
}

func (c *Choice) Right(ctx restate.WorkflowSharedContext) error {
	return choiceRight.Resolve(ctx, "right")
}

// What lost the race is in the journal when the application is killed: the replay
// could take it for the winner.
func TestWaitingEndsTheSameWayAfterTheApplicationWasKilled(t *testing.T) {
	t.Parallel()
	promise, timer := "Notification: GetPromise", "Notification: Sleep"
	tests := []struct {
		key         string
		limit       time.Duration
		wins, loses string // handlers, called before and after the choice; "" for the timeout
		want        string
		journal     []string
	}{
		{"second-first", 0, "Right", "Left", "right", []string{promise, promise}},
		{"first-first", 0, "Left", "Right", "left", []string{promise, promise}},
		{"late", 10 * time.Millisecond, "", "Left", "timeout", []string{timer, promise}},
		{"in-time", time.Second, "Left", "", "left", []string{promise, timer}},
	}
	w, name := testkit.NewWorld(t), testkit.Unique("choice")
	p := testkit.Spawn(t, "choice", name, w)
	ids := map[string]string{}
	for _, test := range tests {
		reached := w.Block(test.key + "-" + test.want)
		if test.wins != "" {
			testkit.Post(t, testkit.Path(name, test.key, test.wins), nil)
		}
		id := testkit.Submit(t, testkit.Path(name, test.key, "Run"), test.limit)
		testkit.Receive(t, reached, "the choice of "+test.key)
		if test.loses != "" {
			testkit.Post(t, testkit.Path(name, test.key, test.loses), nil)
		}
		testkit.Eventually(t, func() error { return notified(testkit.Journal(t, id), test.journal) })
		ids[test.key] = id
	}

	p.Kill()
	w.ReleaseAll()
	p.Start()

	for _, test := range tests {
		t.Run(test.key, func(t *testing.T) {
			require.Equal(t, test.want, testkit.Decode[string](t, testkit.Attach(t, ids[test.key])), test.key)
			require.GreaterOrEqual(t, w.Count(test.key+"-"+test.want), 2, "%s was replayed", test.key)
			for _, other := range []string{"left", "right", "timeout"} {
				if other != test.want {
					require.Zero(t, w.Count(test.key+"-"+other), test.key)
				}
			}
		})
	}
}

// notified returns nil if a journal has these notifications, in this order.
func notified(journal, want []string) error {
	got := slices.DeleteFunc(slices.Clone(journal), func(e string) bool { return !slices.Contains(want, e) })
	if !slices.Equal(got, want) {
		return fmt.Errorf("%q in %q, not %q", got, journal, want)
	}
	return nil
}

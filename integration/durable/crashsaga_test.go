package durable_test

import (
	"net/http"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/internal/testkit"
)

// Cruise books three things and cannot have the fourth.
type Cruise struct{ outside testkit.Outside }

func NewCruise(o testkit.Outside) *Cruise { return &Cruise{o} }

func (b *Cruise) Book(ctx restate.Context, guest string) error {
	return durable.SagaVoid(ctx, func(undo *durable.Compensations) error {
		for _, what := range []string{"flight", "car", "hotel"} {
			undo.Step("cancel-"+what, func(ctx restate.RunContext) error { return b.outside.Effect(ctx, guest+"-cancel-"+what) })
			if what == "flight" {
				undo.Call("between", func(ctx restate.Context) error { return b.outside.Effect(ctx, guest+"-between") })
			}
			if err := restate.RunVoid(ctx, func(ctx restate.RunContext) error {
				return b.outside.Effect(ctx, guest+"-book-"+what)
			}, restate.WithName("book-"+what)); err != nil {
				return err
			}
		}
		return full("ship")
	})
}

func TestSagaGoesOnUndoingAfterTheApplicationWasKilled(t *testing.T) {
	t.Parallel()
	tests := []struct {
		guest, blocked string
		want           map[string]int
	}{
		{"ada", "between", map[string]int{"cancel-hotel": 1, "cancel-car": 1, "cancel-flight": 1}},
		{"bea", "cancel-car", map[string]int{"cancel-hotel": 1, "cancel-car": 2, "cancel-flight": 1}}, // killed in this step
	}
	w, name := testkit.NewWorld(t), testkit.Unique("cruise")
	p := testkit.Spawn(t, "cruise", name, w)
	ids := map[string]string{}
	for _, test := range tests {
		reached := w.Block(test.guest + "-" + test.blocked)
		ids[test.guest] = testkit.Submit(t, testkit.Path(name, "Book"), test.guest)
		testkit.Receive(t, reached, "the rollback for "+test.guest)
		require.Zero(t, w.Count(test.guest+"-cancel-flight"))
	}

	p.Kill()
	w.ReleaseAll()
	p.Start()

	for _, test := range tests {
		t.Run(test.guest, func(t *testing.T) {
			id := ids[test.guest]
			got := testkit.Failed(t, testkit.Attach(t, id))
			require.Equal(t, http.StatusConflict, got.Code)
			require.Equal(t, "ship is full", got.Message)
			for effect, times := range test.want {
				require.Equal(t, times, w.Count(test.guest+"-"+effect), "%s for %s", effect, test.guest)
			}
			for _, step := range []string{"book-flight", "book-car", "book-hotel"} {
				require.Equal(t, 1, w.Count(test.guest+"-"+step), "%s for %s", step, test.guest)
			}
			require.Equal(t, []string{
				"Run book-flight", "Run book-car", "Run book-hotel", "Run cancel-hotel", "Run cancel-car", "Run cancel-flight",
			}, stepsOf(testkit.Journal(t, id)))
		})
	}
}

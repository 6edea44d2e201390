package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// quiet is a log of nothing.
var quiet = slog.New(slog.DiscardHandler)

func TestMain(m *testing.M) { goleak.VerifyTestMain(restatetest.Tests{M: m}) }

// world is a running insurance with its partners, which are outside: they do not die.
type world struct {
	*restatetest.Env

	t       testing.TB
	model   Model   // default: the script
	station Station // default: the sky
	script  *Script
	bank    *Bank
	desk    *Desk
}

// renew makes new partners, and returns the application that uses them.
func (w *world) renew(patience time.Duration) fx.Option {
	w.script, w.bank, w.desk = NewScript(quiet), NewBank(quiet), NewDesk(quiet)
	model, station := w.model, w.station
	if model == nil {
		model = w.script
	}
	if station == nil {
		station = NewSky()
	}
	return fx.Options(
		insurance(Patience(patience)),
		fx.Replace(w.bank, w.desk, fx.Annotate(model, fx.As(new(Model))), fx.Annotate(station, fx.As(new(Station)))),
	)
}

func start(t *testing.T, patience time.Duration, opts ...fx.Option) *world {
	t.Helper()
	return (&world{t: t}).start(patience, opts...)
}

func (w *world) start(patience time.Duration, opts ...fx.Option) *world {
	w.t.Helper()
	w.Env = restatetest.Start(w.t, append(opts, w.renew(patience))...)
	return w
}

func (w *world) ask(question string) (string, error) {
	return ingress.Call(w.t.Context(), ingress.NewService[*Assistant](w.Ingress()), (*Assistant).Ask, question)
}

func requireCode(t testing.TB, code restate.Code, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, restate.AsTerminalError(err).Code(), err)
}

func TestAgentAnswers(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		for name, test := range map[string]struct {
			question, answer string
			asked            map[string]int // how often the model, by turn
		}{
			"without a tool": {
				"Hello", "I tell the weather and settle claims", map[string]int{"Hello [0]": 1},
			},
			"with two tools of one turn": {
				"weather in Paris and Rome", "Paris is sunny at 15 degrees; Rome is sunny at 14 degrees",
				map[string]int{"weather in Paris and Rome [0]": 1, "weather in Paris and Rome [3]": 1},
			},
			"when a tool succeeds at last": {
				"weather in Denver", "Denver is sunny at 16 degrees",
				map[string]int{"weather in Denver [0]": 1, "weather in Denver [2]": 1},
			},
			"when a tool fails for good": {
				"weather in Atlantis, Rome", "sorry, there is no such city; Rome is sunny at 14 degrees",
				map[string]int{"weather in Atlantis, Rome [0]": 1, "weather in Atlantis, Rome [3]": 1},
			},
			"when the model responds at last": {
				"unlucky weather in Rome", "Rome is sunny at 14 degrees",
				map[string]int{"unlucky weather in Rome [0]": 2, "unlucky weather in Rome [2]": 2},
			},
			"when it has paid a small claim": {
				"claim of 200 euros for a bicycle", "200 euros are paid, as the agent decided",
				map[string]int{"claim of 200 euros for a bicycle [0]": 1, "claim of 200 euros for a bicycle [2]": 1},
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := start(t, time.Hour, backend)
				said, err := w.ask(test.question)
				require.NoError(t, err)
				require.Equal(t, test.answer, said)
				require.Equal(t, test.asked, w.script.Asked())
			})
		}
	})
}

func TestRunThatFailsTakesBackWhatItPaid(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		question string
		code     restate.Code
		says     string
		turns    map[string]int
	}{
		"because the model does not respond": {
			"claim of 300 euros for a window, and break", http.StatusInternalServerError, "there is no response",
			map[string]int{"claim of 300 euros for a window, and break [0]": 1, "claim of 300 euros for a window, and break [2]": 5},
		},
		"because the model goes round in circles": {
			"claim of 5 euros for tea, again and again", http.StatusUnprocessableEntity, "no answer after 6 turns",
			map[string]int{
				"claim of 5 euros for tea, again and again [0]": 1, "claim of 5 euros for tea, again and again [2]": 1,
				"claim of 5 euros for tea, again and again [4]": 1, "claim of 5 euros for tea, again and again [6]": 1,
				"claim of 5 euros for tea, again and again [8]": 1, "claim of 5 euros for tea, again and again [10]": 1,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, time.Hour, restatetest.InProcess)
			_, err := w.ask(test.question)
			requireCode(t, test.code, err)
			require.ErrorContains(t, err, test.says)
			require.Equal(t, test.turns, w.script.Asked())
			require.Empty(t, w.bank.Paid())
			require.Positive(t, w.bank.TakenBack())
		})
	}
}

// fakeModel is a model of a test.
type fakeModel func(in Input) Message

func (f fakeModel) Complete(_ context.Context, in Input) (Message, error) { return f(in), nil }

func TestMistakesOfTheModelAreToldToIt(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var first, last Input
	model := fakeModel(func(in Input) Message {
		mu.Lock()
		defer mu.Unlock()
		if last = in; len(in.Talk) > 1 {
			return Message{Role: RoleModel, Text: "I see"}
		}
		first = in
		return Message{Role: RoleModel, Calls: []Call{
			{ID: "a", Tool: "rob_a_bank", Arguments: json.RawMessage(`{}`)},
			{ID: "b", Tool: "settle_claim", Arguments: json.RawMessage(`{"euros":"many"}`)},
			{ID: "c", Tool: "weather", Arguments: json.RawMessage(`{"city":"Rome"}`)},
		}}
	})
	w := (&world{t: t, model: model}).start(time.Hour, restatetest.InProcess)
	said, err := w.ask("How do you do?")
	require.NoError(t, err)
	require.Equal(t, "I see", said)

	mu.Lock()
	defer mu.Unlock()
	require.Len(t, last.Talk, 5)
	for i, want := range []struct {
		id, text string
		failed   bool
	}{
		{"a", `there is no tool "rob_a_bank"`, true},
		{"b", "these are not the arguments of settle_claim", true},
		{"c", `{"city":"Rome","sky":"sunny","celsius":14}`, false},
	} {
		got := last.Talk[2+i]
		require.Equal(t, want.id, got.CallID)
		require.Contains(t, got.Text, want.text)
		require.Equal(t, want.failed, got.Failed)
	}

	require.Len(t, first.Tools, 2)
	schema, err := json.Marshal(first.Tools[1].Schema)
	require.NoError(t, err)
	require.Contains(t, string(schema), `"euros":{"type":"integer","description":"the amount"}`)
}

// meeting is a station that tells the weather when it is asked for two cities at once.
type meeting struct {
	mu    sync.Mutex
	here  map[string]bool
	begin chan struct{}
	once  sync.Once // a step may run again
}

func (m *meeting) Read(ctx context.Context, city string) (Report, error) {
	m.mu.Lock()
	if m.here[city] = true; len(m.here) == 2 {
		m.once.Do(func() { close(m.begin) })
	}
	m.mu.Unlock()
	select {
	case <-m.begin:
		return Report{City: city, Sky: "sunny", Celsius: 20}, nil
	case <-ctx.Done():
		return Report{}, context.Cause(ctx)
	}
}

func TestToolsOfOneTurnRunAtTheSameTime(t *testing.T) {
	t.Parallel()
	restatetest.OnBoth(t, func(t *testing.T, backend restatetest.Option) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // for ever, if one waits for the other
		defer cancel()
		station := &meeting{here: map[string]bool{}, begin: make(chan struct{})}
		w := (&world{t: t, station: station}).start(time.Hour, backend)
		said, err := ingress.Call(ctx, ingress.NewService[*Assistant](w.Ingress()), (*Assistant).Ask, "weather in Oslo and Lima")
		require.NoError(t, err)
		require.Equal(t, "Oslo is sunny at 20 degrees; Lima is sunny at 20 degrees", said)
	})
}

func TestDemoRunsToItsEnd(t *testing.T) {
	t.Parallel()
	require.NoError(t, run(true, Patience(time.Hour)))
}

package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/restatetest"
)

// Wherever the process dies, the answer is the same, and so is what was paid. What the
// model has said is in the journal: a turn is asked for again only if the process dies
// before that.
func TestRunSurvivesACrashAnywhere(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(w *world) any{
		"with two tools and a model that fails once": func(w *world) any { return w.result(w.ask("unlucky weather in Paris, Atlantis")) },
		"with a claim that is paid":                  func(w *world) any { return w.result(w.ask("claim of 200 euros for a bicycle")) },
		"with a claim that nobody decides on":        func(w *world) any { return w.result(w.ask(leg)) },
		"that fails and takes back what it paid":     func(w *world) any { return w.result(w.ask("claim of 5 euros for tea, again and again")) },
		"with a memory": func(w *world) any {
			return []any{w.result(w.say("ada", "weather in Rome")), w.result(w.say("ada", "What have I said so far?"))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := &world{}
			restatetest.CrashEverywhere(t, restatetest.Scenario{
				App:     func() []fx.Option { return []fx.Option{restatetest.InProcess, out.renew(3 * time.Hour)} },
				Do:      func(t testing.TB, env *restatetest.Env) any { return do(&world{Env: env, t: t}) },
				Effects: func() map[string]int { return out.script.Asked() },
				Exactly: func() any { return []any{out.bank.Paid(), out.bank.TakenBack(), out.desk.Questions()} },
			})
		})
	}
}

func (w *world) result(said string, err error) any {
	w.t.Helper()
	require.NotEqual(w.t, err == nil, said == "")
	return []any{said, err}
}

package main

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// delivered is a log that keeps the ids of mails, each once.
type delivered struct {
	slog.Handler

	mu  sync.Mutex
	ids []string
}

func newDelivered() *delivered { return &delivered{Handler: slog.DiscardHandler} }

func (*delivered) Enabled(context.Context, slog.Level) bool { return true }

func (d *delivered) Handle(_ context.Context, r slog.Record) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	r.Attrs(func(a slog.Attr) bool {
		if id := a.Value.String(); a.Key == "id" && !slices.Contains(d.ids, id) {
			d.ids = append(d.ids, id)
		}
		return true
	})
	return nil
}

func (d *delivered) IDs() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.ids)
}

func begin(t testing.TB, env *restatetest.Env) ingress.Handle[string] {
	t.Helper()
	sent, err := ingress.Send(t.Context(), ingress.NewWorkflow[*Trial](env.Ingress()).ID("ada"), (*Trial).Run, "ada@mail.com")
	require.NoError(t, err)
	return sent
}

func upgrade(t testing.TB, env *restatetest.Env) error {
	t.Helper()
	return ingress.CallVoid(t.Context(), ingress.NewWorkflow[*Trial](env.Ingress()).ID("ada"), (*Trial).Upgrade, "the large one")
}

// The handlers are tested like those that are served otherwise.
func TestTrialEndsInOneOfTwoWays(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		after time.Duration // the upgrade
		want  string
		mails []string
	}{
		{"with an upgrade", time.Hour, Upgraded, []string{"ada-welcome", "ada-upgraded"}},
		{"with the time", 14*24*time.Hour + time.Hour, Ended, []string{"ada-welcome", "ada-ended"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			mails := newDelivered()
			env := restatetest.Start(t, restatetest.InProcess, restatetest.ManualClock,
				trials(Length(14*24*time.Hour)), fx.Replace(NewPost(slog.New(mails))))
			sent := begin(t, env)
			env.Advance(row.after)
			if err := upgrade(t, env); row.want == Ended {
				require.EqualValues(t, http.StatusConflict, restate.AsTerminalError(err).Code(), err)
			} else {
				require.NoError(t, err)
			}
			got, err := sent.Attach(t.Context())
			require.NoError(t, err)
			require.Equal(t, row.want, got)
			require.Equal(t, row.mails, mails.IDs())
		})
	}
}

func TestTrialSurvivesACrashAnywhere(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(t testing.TB, env *restatetest.Env) any{
		"when it is upgraded": func(t testing.TB, env *restatetest.Env) any {
			require.NoError(t, upgrade(t, env))
			got, err := begin(t, env).Attach(t.Context())
			return []any{got, err}
		},
		"when its time is over": func(t testing.TB, env *restatetest.Env) any {
			got, err := begin(t, env).Attach(t.Context())
			return []any{got, err}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mails *delivered
			restatetest.CrashEverywhere(t, restatetest.Scenario{
				App: func() []fx.Option {
					mails = newDelivered() // outside: it does not die
					return []fx.Option{restatetest.InProcess, trials(Length(time.Hour)), fx.Replace(NewPost(slog.New(mails)))}
				},
				Do:      do,
				Exactly: func() any { return mails.IDs() },
			})
		})
	}
}

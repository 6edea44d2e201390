package kit_test

import (
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
)

// Ledger is outside of the application.
type Ledger struct {
	mu     sync.Mutex
	counts map[string]int
}

func (l *Ledger) write(entry string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[string]int{}
	}
	l.counts[entry]++
}

func (l *Ledger) effects() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.counts)
}

// Tour is what a saga is to do.
type Tour struct {
	Steps  int
	Undone bool // in the end, by as many compensations
}

// Saga does steps and undoes them.
type Saga struct{ ledger *Ledger }

// Run makes steps. It undoes all of them if it is to.
func (s *Saga) Run(ctx restate.Context, in Tour) (int, error) {
	return durable.Saga(ctx, func(undo *durable.Compensations) (int, error) {
		for i := range in.Steps {
			undo.Step(fmt.Sprint("undo ", i), func(restate.RunContext) error {
				s.ledger.write(fmt.Sprint("undo ", i))
				return nil
			})
			err := restate.RunVoid(ctx, func(restate.RunContext) error {
				s.ledger.write(fmt.Sprint("do ", i))
				return nil
			}, restate.WithName(fmt.Sprint("do ", i)))
			if err != nil {
				return 0, err
			}
		}
		if in.Undone {
			return 0, restate.TerminalErrorf("full")
		}
		return in.Steps, nil
	})
}

func TestASagaSurvivesACrashAtEachEntry(t *testing.T) {
	for name, tour := range map[string]Tour{
		"crash_s":        {Steps: steps()},
		"crash_undone_s": {Steps: steps(), Undone: true},
	} {
		t.Run(name, func(t *testing.T) {
			var ledger *Ledger
			began := time.Now()
			report := restatetest.CrashEverywhere(t, restatetest.Scenario{
				App: func() []fx.Option {
					ledger = &Ledger{}
					return []fx.Option{
						restatetest.InProcess,
						fxrestate.Module,
						fx.Supply(ledger),
						fxrestate.Service[*Saga](func(l *Ledger) *Saga { return &Saga{l} }),
					}
				},
				Do: func(t testing.TB, env *restatetest.Env) any {
					done, err := ingress.Call(t.Context(), ingress.NewService[*Saga](env.Ingress()), (*Saga).Run, tour)
					return []any{done, err}
				},
				Effects: func() map[string]int { return ledger.effects() },
			})
			figure(name, began)
			entries := 2*tour.Steps + 1 // each step, its result, and the output
			if tour.Undone {
				entries += 2 * tour.Steps
			}
			require.Equal(t, entries, report.Entries)
			require.Equal(t, 4+3*entries, report.Runs)
			require.Zero(t, report.Missed)
		})
	}
}

package crash

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
)

// Shop sells. Its effects outlive its processes.
type Shop struct {
	charged, shipped *atomic.Int64
	process          int // in memory
}

// Sell has two steps and a sleep between them.
func (s *Shop) Sell(ctx restate.Context, what string) (string, error) {
	charge, err := restate.Run(ctx, func(restate.RunContext) (string, error) {
		s.charged.Add(1)
		return "charged", nil
	}, restate.WithName("charge"))
	if err != nil {
		return "", err
	}
	if err := restate.Sleep(ctx, time.Hour); err != nil {
		return "", err
	}
	if err := restate.RunVoid(ctx, func(restate.RunContext) error {
		s.shipped.Add(1)
		return nil
	}, restate.WithName("ship")); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s", charge, what), nil
}

// shop returns a player of a sale, and how often its steps took place.
func shop(t *testing.T, plan Plan) (p *player, charged, shipped *atomic.Int64) {
	in := New(plan)
	t.Cleanup(in.Close)
	charged, shipped = new(atomic.Int64), new(atomic.Int64)
	processes := 0
	return &player{
		t: t, in: in, service: "Shop", handler: "Sell", input: `"books"`, state: map[string][]byte{},
		process: func() http.Handler {
			processes++
			return serving(t, "Shop", &Shop{charged, shipped, processes})
		},
	}, charged, shipped
}

const sold = `"charged books"`

func TestAnUndisturbedRunTellsTheEntries(t *testing.T) {
	t.Parallel()
	p, charged, shipped := shop(t, Plan{})
	require.Equal(t, sold, p.play())
	require.Equal(t, 1, p.attempts)
	require.EqualValues(t, 1, charged.Load())
	require.EqualValues(t, 1, shipped.Load())
	all := p.in.Invocations()
	require.Len(t, all, 1)
	require.Equal(t, "Shop/Sell", all[0].Target())
	require.True(t, all[0].Journal.Ended)
	entries := []string{}
	for _, e := range all[0].Entries {
		entries = append(entries, fmt.Sprintf("%d %s", e.Index, e))
	}
	require.Equal(t, []string{
		`1 run "charge"`, `1 the result of run "charge"`, `2 sleep`, `3 run "ship"`, `3 the result of run "ship"`, `4 handler return`,
	}, entries)
	require.Empty(t, p.in.Replay(t.Context(), 3))
	require.Empty(t, p.in.Findings())
	require.EqualValues(t, 1, charged.Load(), "a replay runs no step")
}

// sale returns the identity of the sale.
func sale(t *testing.T) Identity {
	p, _, _ := shop(t, Plan{})
	p.play()
	return p.in.Invocations()[0].Identity
}

func TestTheProcessDiesAtEachPoint(t *testing.T) {
	t.Parallel()
	id := sale(t)
	for entry := 1; entry <= 6; entry++ {
		for _, when := range []When{Before, After, Within} {
			t.Run(fmt.Sprintf("%s entry %d", when, entry), func(t *testing.T) {
				t.Parallel()
				p, charged, shipped := shop(t, Plan{Point: &Point{id, entry, when}})
				require.Equal(t, sold, p.play())
				require.Equal(t, 2, p.attempts)
				require.Empty(t, p.in.Findings())
				twice := func(result int) int64 {
					if entry == result && when != After {
						return 2
					}
					return 1
				}
				require.Equal(t, twice(2), charged.Load())
				require.Equal(t, twice(5), shipped.Load())
				require.Equal(t, when == Within, p.halves == 1)
				commands := []protocol.Type{}
				for _, f := range p.stored {
					if f.Type.IsCommand() {
						commands = append(commands, f.Type)
					}
				}
				require.Equal(t, []protocol.Type{
					protocol.TypeInput, protocol.TypeRun, protocol.TypeSleep, protocol.TypeRun, protocol.TypeOutput,
				}, commands, "each once")
			})
		}
	}
}

func TestAnAttemptSuspendsWhereverItWaits(t *testing.T) {
	t.Parallel()
	p, charged, shipped := shop(t, Plan{Suspend: true})
	require.Equal(t, sold, p.play())
	require.Equal(t, 4, p.attempts)
	require.EqualValues(t, 1, charged.Load())
	require.EqualValues(t, 1, shipped.Load())
	require.Empty(t, p.in.Findings())
	require.Empty(t, p.failures)
}

// Pair has a step that ends when two of it have begun.
type Pair struct{ begun sync.WaitGroup }

func (p *Pair) Meet(ctx restate.Context, _ string) (string, error) {
	return restate.Run(ctx, func(restate.RunContext) (string, error) {
		p.begun.Done()
		p.begun.Wait()
		return "met", nil
	})
}

func TestATwinRunsBesideEachAttempt(t *testing.T) {
	t.Parallel()
	in := New(Plan{Duplicate: true})
	t.Cleanup(in.Close)
	pair := &Pair{}
	pair.begun.Add(2)
	p := &player{
		t: t, in: in, service: "Pair", handler: "Meet", input: `""`,
		process: func() http.Handler { return serving(t, "Pair", pair) },
	}
	require.Equal(t, `"met"`, p.play())
	in.Close()
	require.Equal(t, 1, p.attempts)
	require.Len(t, in.Invocations(), 1)
	require.Empty(t, in.Findings())
}

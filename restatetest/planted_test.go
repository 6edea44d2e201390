package restatetest_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/restatetest"
	"github.com/fxrestate/go/rpc"
)

// Planted has handlers with one mistake each.
type Planted struct {
	till    rpc.Object[*Till]
	outside *Outside
	process int64 // 1 before a crash
	memory  atomic.Int64
}

func (p *Planted) step(ctx restate.Context, name string) error {
	return restate.RunVoid(ctx, func(restate.RunContext) error {
		p.outside.do(name)
		return nil
	}, restate.WithName(name))
}

// Clock calls with the time.
func (p *Planted) Clock(ctx restate.Context) error {
	_, err := rpc.Call(ctx, p.till.Key("main"), (*Till).Take, int(time.Now().UnixNano()))
	return err
}

// Dice names a step by chance.
func (p *Planted) Dice(ctx restate.Context) error {
	return p.step(ctx, fmt.Sprintf("roll-%d", rand.Uint64()))
}

// Ranges has a step for each key of a map.
func (p *Planted) Ranges(ctx restate.Context) error {
	for k := range map[string]int{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8} {
		if err := p.step(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// Global branches on what is in memory.
func (p *Planted) Global(ctx restate.Context) error {
	if p.memory.Add(1) == 1 {
		return p.step(ctx, "first")
	}
	return restate.Sleep(ctx, time.Millisecond)
}

// Closure uses the outer ctx inside of a step.
func (p *Planted) Closure(ctx restate.Context) error {
	return restate.RunVoid(ctx, func(restate.RunContext) error { return p.step(ctx, "inner") }, restate.WithName("outer"))
}

// Goroutine uses its ctx on another goroutine, for which it waits.
func (p *Planted) Goroutine(ctx restate.Context) error {
	done := make(chan error)
	go func() { done <- restate.Sleep(ctx, time.Millisecond) }()
	return <-done
}

// Rarely goes another way in each process, as if an hour had passed.
func (p *Planted) Rarely(ctx restate.Context) error {
	return p.step(ctx, fmt.Sprint("process-", p.process > 1))
}

// Remembers has in memory what it needs after a crash.
func (p *Planted) Remembers(ctx restate.Context) (int64, error) {
	if err := restate.RunVoid(ctx, func(restate.RunContext) error {
		p.memory.Store(7)
		return nil
	}, restate.WithName("remember")); err != nil {
		return 0, err
	}
	return p.memory.Load(), nil
}

// Outside has an effect that is not in a step.
func (p *Planted) Outside(ctx restate.Context) error {
	p.outside.do("mail")
	return p.step(ctx, "step")
}

// void is a method that returns nothing.
func void(method func(*Planted, restate.Context) error) func(testing.TB, ingress.Service[*Planted]) any {
	return func(t testing.TB, to ingress.Service[*Planted]) any {
		return ingress.Call0Void(t.Context(), to, method)
	}
}

func planted(backend fx.Option, call func(testing.TB, ingress.Service[*Planted]) any) restatetest.Scenario {
	var outside *Outside
	return restatetest.Scenario{
		App: func() []fx.Option {
			outside = &Outside{}
			var processes atomic.Int64
			return []fx.Option{
				backend,
				fxrestate.Module,
				fx.Supply(outside),
				fxrestate.Service[*Planted](func(till rpc.Object[*Till], o *Outside) *Planted {
					return &Planted{till: till, outside: o, process: processes.Add(1)}
				}),
				fxrestate.Object[*Till](func(o *Outside) *Till { return &Till{o} }),
			}
		},
		Do: func(t testing.TB, env *restatetest.Env) any {
			return call(t, ingress.NewService[*Planted](env.Ingress()))
		},
		Effects:      func() map[string]int { return outside.effects() },
		Exactly:      func() any { return outside.effects()["mail"] },
		Disturbances: []restatetest.Disturbance{restatetest.DieBefore},
		Seed:         1,
	}
}

func TestCrashEverywhereFindsMistakes(t *testing.T) {
	t.Parallel()
	for handler, tt := range map[string]struct {
		call func(testing.TB, ingress.Service[*Planted]) any
		says []string
	}{
		"Clock":     {void((*Planted).Clock), []string{"Planted/Clock is not deterministic at entry 1", `recorded was call "Till/main/Take"`, `attempted was call "Till/main/Take"`, "parameter: '"}},
		"Dice":      {void((*Planted).Dice), []string{"Planted/Dice is not deterministic at entry 1", `recorded was run "roll-`, `attempted was run "roll-`}},
		"Ranges":    {void((*Planted).Ranges), []string{"Planted/Ranges is not deterministic at entry ", `recorded was run "`, `attempted was run "`}},
		"Global":    {void((*Planted).Global), []string{"Planted/Global is not deterministic at entry 1", `recorded was run "first"`, "attempted was sleep"}},
		"Closure":   {void((*Planted).Closure), []string{"Planted/Closure uses its ctx where it must not, at entry 2", "restate.Run while a restate.Run of Planted/Closure"}},
		"Goroutine": {void((*Planted).Goroutine), []string{"Planted/Goroutine uses its ctx where it must not, at entry 1", "on another goroutine than the handler's"}},
		"Rarely":    {void((*Planted).Rarely), []string{"Planted/Rarely is not deterministic at entry 1", `recorded was run "process-false"`, `attempted was run "process-true"`}},
		"Remembers": {func(t testing.TB, to ingress.Service[*Planted]) any {
			n, err := ingress.Call0(t.Context(), to, (*Planted).Remembers)
			return []any{n, err}
		}, []string{"the process of Planted/Remembers dies before entry 2, handler return: the result is [0,null], and was [7,null] undisturbed"}},
		"Outside": {void((*Planted).Outside), []string{"what Exactly returns is 2, and was 1 undisturbed", "the process of Planted/Outside dies before entry 1"}},
	} {
		for name, backend := range backends {
			t.Run(handler+" "+name, func(t *testing.T) { // not parallel: one server is enough
				failed, said := record(t, func(t testing.TB) { restatetest.CrashEverywhere(t, planted(backend, tt.call)) })
				require.True(t, failed)
				lines := strings.Split(said, "\n")
				require.ElementsMatch(t, slices.Compact(slices.Sorted(slices.Values(lines))), lines, "each finding once")
				for _, text := range tt.says {
					require.Contains(t, said, text)
				}
				require.Contains(t, said, "set Scenario.Seed to 1")
			})
		}
	}
}

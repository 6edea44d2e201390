package fxrestate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

// Ask runs a function in a handler.
type Ask struct {
	ask func(restate.Context) (string, error)
}

func (a *Ask) Do(ctx restate.Context) (string, error) { return a.ask(ctx) }

// asking runs an application with the handler of an Ask, and calls it.
func asking(t *testing.T, ask func(restate.Context) (string, error), opts ...fx.Option) testkit.Answer {
	t.Helper()
	name := testkit.Unique("ask")
	testkit.RunApp(t, append(opts, fxrestate.Service[*Ask](func() *Ask { return &Ask{ask} }, fxrestate.Name(name), testkit.RetryAtOnce(2)))...)
	return testkit.Post(t, "/"+name+"/Do", nil)
}

// token is made for each attempt.
type token struct{ text string }

func TestPerInvocationConstructorRunsOnceHoweverManyAskAtATime(t *testing.T) {
	t.Parallel()
	const askers = 20
	var tokens durable.PerInvocation[*token]
	var made atomic.Int32
	var asked sync.WaitGroup
	asked.Add(askers)
	answer := asking(t,
		func(ctx restate.Context) (string, error) {
			got := make(chan *token, askers)
			errs := make(chan error, askers)
			for range askers {
				go func() {
					asked.Done()
					tok, err := tokens.Get(ctx)
					got <- tok
					errs <- err
				}()
			}
			first := <-got
			for range askers - 1 {
				if tok := <-got; tok != first {
					return "", restate.TerminalErrorf("several values")
				}
			}
			for range askers {
				if err := <-errs; err != nil {
					return "", restate.ToTerminalError(err)
				}
			}
			return first.text, nil
		},
		fxrestate.PerInvocation[*token](func(context.Context) *token {
			asked.Wait() // all others are at Get, or about to be
			return &token{fmt.Sprint(made.Add(1))}
		}),
		fx.Populate(&tokens),
	)
	require.Equal(t, "1", testkit.Decode[string](t, answer))
	require.EqualValues(t, 1, made.Load())
}

// Values of types that need each other.
type (
	hen struct{}
	egg struct{}
)

func TestConstructorsOfAnAttemptThatNeedEachOtherAreTold(t *testing.T) {
	t.Parallel()
	var hens durable.PerInvocation[*hen]
	var eggs durable.PerInvocation[*egg]
	ask := func(ctx restate.Context) (string, error) {
		_, err := hens.Get(ctx)
		_, again := hens.Get(ctx)
		if !errors.Is(again, err) {
			return "", restate.TerminalErrorf("another error: %v", again)
		}
		return "", restate.ToTerminalError(err)
	}
	for name, test := range map[string]struct {
		hen, egg any
		want     string
	}{
		"itself": {
			func(ctx restate.Context) (*hen, error) { return hens.Get(ctx) },
			func(context.Context) *egg { return nil },
			"*fxrestate_test.hen needs *fxrestate_test.hen",
		},
		"itself, with a context of its own": {
			func(ctx context.Context) (*hen, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				return hens.Get(ctx)
			},
			func(context.Context) *egg { return nil },
			"*fxrestate_test.hen needs *fxrestate_test.hen",
		},
		"another that needs it": {
			func(ctx restate.Context) (*hen, error) {
				_, err := eggs.Get(ctx)
				return nil, err
			},
			func(ctx context.Context) (*egg, error) {
				_, err := hens.Get(ctx)
				return nil, err
			},
			"*fxrestate_test.hen needs *fxrestate_test.egg needs *fxrestate_test.hen",
		},
	} {
		t.Run(name, func(t *testing.T) {
			answer := asking(t, ask, fxrestate.PerInvocation[*hen](test.hen), fxrestate.PerInvocation[*egg](test.egg), fx.Populate(&hens, &eggs))
			require.Equal(t, http.StatusInternalServerError, answer.Status)
			require.Contains(t, string(answer.Body), "durable: *fxrestate_test.hen: its constructor needs what is made by itself: "+test.want)
		})
	}
}

func TestConstructorsOfAnAttemptThatWaitForEachOtherDoNotHang(t *testing.T) {
	t.Parallel()
	var hens durable.PerInvocation[*hen]
	var eggs durable.PerInvocation[*egg]
	henBegan, eggBegan := make(chan struct{}), make(chan struct{})
	answer := asking(t,
		func(ctx restate.Context) (string, error) {
			errs := make(chan error, 2)
			go func() {
				_, err := hens.Get(ctx)
				errs <- err
			}()
			go func() {
				_, err := eggs.Get(ctx)
				errs <- err
			}()
			return fmt.Sprint(<-errs, "; ", <-errs), nil
		},
		fxrestate.PerInvocation[*hen](func(ctx context.Context) (*hen, error) {
			close(henBegan)
			<-eggBegan
			_, err := eggs.Get(ctx)
			return nil, err
		}),
		fxrestate.PerInvocation[*egg](func(ctx context.Context) (*egg, error) {
			close(eggBegan)
			<-henBegan
			_, err := hens.Get(ctx)
			return nil, err
		}),
		fx.Populate(&hens, &eggs),
	)
	got := testkit.Decode[string](t, answer)
	require.Equal(t, 2, strings.Count(got, "its constructor needs what is made by itself"), got)
}

func TestWhoWaitsForAConstructorOfAnAttemptThatPanicsIsTold(t *testing.T) {
	t.Parallel()
	var tokens durable.PerInvocation[*token]
	answer := asking(t,
		func(ctx restate.Context) (string, error) {
			func() {
				defer func() { _ = recover() }()
				_, _ = tokens.Get(ctx)
			}()
			_, err := tokens.Get(ctx)
			return fmt.Sprint(err), nil
		},
		fxrestate.PerInvocation[*token](func(context.Context) *token { panic("no token") }),
		fx.Populate(&tokens),
	)
	require.Equal(t, "durable: *fxrestate_test.token: its constructor did not return", testkit.Decode[string](t, answer))
}

func TestAValueOfAnAttemptIsMadeInAStep(t *testing.T) {
	t.Parallel()
	var tokens durable.PerInvocation[*token]
	var made atomic.Int32
	inStep := func(use func(ctx, step context.Context) (*token, error)) func(ctx restate.Context) (string, error) {
		return func(ctx restate.Context) (string, error) {
			first, failure := restate.Run(ctx, func(rc restate.RunContext) (string, error) {
				tok, err := use(ctx, rc)
				if err != nil {
					return "", restate.ToTerminalError(err)
				}
				return tok.text, nil
			})
			if failure != nil {
				return "", failure
			}
			tok, err := tokens.Get(ctx)
			if err != nil {
				return "", err
			}
			return fmt.Sprint(first, " ", tok.text), nil
		}
	}
	withStep := func(_, step context.Context) (*token, error) { return tokens.Get(step) }
	withHandlers := func(ctx, _ context.Context) (*token, error) { return tokens.Get(ctx) }
	plain := func(context.Context) *token { return &token{fmt.Sprint(made.Add(1))} }
	needing := func(restate.Context) *token { return &token{"made"} }
	const say = "durable: *fxrestate_test.token: its constructor needs the Restate context, which a step does not have; " +
		"call Get before the step, or add fxrestate.Eager[*fxrestate_test.token]() to the handler: "
	for name, tt := range map[string]struct {
		ask         func(restate.Context) (string, error)
		constructor any
		eager       bool
		want        string // a pattern
		fails       string // or a part of the failure
	}{
		"with the ctx of the step":                     {ask: inStep(withStep), constructor: plain, want: `^(\d+) (\d+)$`},
		"with the ctx of the handler":                  {ask: inStep(withHandlers), constructor: plain, want: `^(\d+) (\d+)$`},
		"unless it needs the Restate context":          {ask: inStep(withStep), constructor: needing, fails: say},
		"unless it does, with the ctx of the handler":  {ask: inStep(withHandlers), constructor: needing, fails: say},
		"before it if it is eager":                     {ask: inStep(withStep), constructor: needing, eager: true, want: "^made made$"},
		"before it if it is eager, with the handler's": {ask: inStep(withHandlers), constructor: needing, eager: true, want: "^made made$"},
		"before the handler, and its error is the result": {
			ask:         func(restate.Context) (string, error) { return "ran", nil },
			constructor: func(context.Context) (*token, error) { return nil, restate.TerminalErrorf("no token") }, eager: true, fails: "no token",
		},
		"in the handler, after a step could not": {ask: func(ctx restate.Context) (string, error) {
			failed, failure := restate.Run(ctx, func(rc restate.RunContext) (bool, error) {
				_, err := tokens.Get(rc)
				return errors.Is(err, durable.ErrInsideRun), nil
			})
			if failure != nil {
				return "", failure
			}
			tok, err := tokens.Get(ctx)
			if err != nil {
				return "", err
			}
			return fmt.Sprint(failed, " ", tok.text), nil
		}, constructor: needing, want: "^true made$"},
	} {
		t.Run(name, func(t *testing.T) {
			opts := []fx.Option{fxrestate.PerInvocation[*token](tt.constructor), fx.Populate(&tokens)}
			if tt.eager {
				opts = append(opts, fxrestate.Use(fxrestate.Eager[*token]()))
			}
			answer := asking(t, tt.ask, opts...)
			if tt.fails != "" {
				require.Equal(t, http.StatusInternalServerError, answer.Status)
				require.Contains(t, testkit.Failed(t, answer).Message, tt.fails)
				return
			}
			require.Regexp(t, tt.want, testkit.Decode[string](t, answer))
		})
	}
}

func TestWhoWaitsForAValueThatAStepCannotMakeMakesIt(t *testing.T) {
	t.Parallel()
	var tokens durable.PerInvocation[*token]
	began, release := make(chan struct{}), make(chan struct{})
	var made atomic.Int32
	answer := asking(t,
		func(ctx restate.Context) (string, error) {
			step := restate.RunAsync(ctx, func(rc restate.RunContext) (bool, error) {
				_, err := tokens.Get(rc)
				return errors.Is(err, durable.ErrInsideRun), nil
			})
			// The step runs beside the handler once it is waited for.
			if _, err := restate.WaitFirst(ctx, step, restate.After(ctx, 50*time.Millisecond)); err != nil {
				return "", err
			}
			select {
			case <-began:
			case <-time.After(testkit.Within):
				return "", restate.TerminalErrorf("the step does not run")
			}
			time.AfterFunc(100*time.Millisecond, func() { close(release) })
			tok, err := tokens.Get(ctx)
			if err != nil {
				return "", err
			}
			failed, failure := step.Result()
			if failure != nil {
				return "", failure
			}
			return fmt.Sprint(failed, " ", tok.text), nil
		},
		fxrestate.PerInvocation[*token](func(ctx context.Context) (*token, error) {
			n := made.Add(1)
			if n == 1 {
				close(began)
				<-release
			}
			_, err := durable.FromContext(ctx)
			return &token{fmt.Sprint("made by ", n)}, err
		}),
		fx.Populate(&tokens),
	)
	require.Equal(t, "true made by 2", testkit.Decode[string](t, answer))
}

func TestAFixedValueIsThereWithAnyContext(t *testing.T) {
	t.Parallel()
	fixed := durable.FixedPerInvocation(&token{"fixed"})
	tok, err := fixed.Get(context.Background())
	require.NoError(t, err)
	require.Equal(t, "fixed", tok.text)
	answer := asking(t, func(ctx restate.Context) (string, error) {
		tok, err := fixed.Get(ctx)
		if err != nil {
			return "", err
		}
		return tok.text, nil
	}, fx.Supply(fixed))
	require.Equal(t, "fixed", testkit.Decode[string](t, answer))
}

func TestAfterTheEndOfTheHandlerThereIsWhatWasMadeBefore(t *testing.T) {
	t.Parallel()
	var tokens durable.PerInvocation[*token]
	var hens durable.PerInvocation[*hen]
	kept := make(chan restate.Context, 1)
	answer := asking(t,
		func(ctx restate.Context) (string, error) {
			kept <- ctx
			tok, err := tokens.Get(ctx)
			if err != nil {
				return "", err
			}
			return tok.text, nil
		},
		fxrestate.PerInvocation[*token](func(context.Context) *token { return &token{"made"} }),
		fxrestate.PerInvocation[*hen](func(context.Context) *hen { return &hen{} }),
		fx.Populate(&tokens, &hens),
	)
	require.Equal(t, "made", testkit.Decode[string](t, answer))
	ctx := <-kept
	<-ctx.Done() // the SDK ends it after the handler has returned
	tok, err := tokens.Get(ctx)
	require.NoError(t, err)
	require.Equal(t, "made", tok.text)
	_, err = hens.Get(ctx)
	require.ErrorIs(t, err, durable.ErrReturned)
	require.Contains(t, err.Error(), "durable: *fxrestate_test.hen: the ctx of a handler that has returned")
}

package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/handler"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/httperror"
	"github.com/fxrestate/go/pipeline/steptimeout"
)

// The bounds that package pipeline documents, in bytes.
const (
	maxErrorText = 4 << 10
	maxMessage   = 64 << 10
	maxStack     = 16 << 10
)

// odd is an error whose methods do what its fields say, if there are any.
type odd struct {
	text   func() string
	unwrap func() error
	asked  func() // by Is and As
	after  func() time.Duration
}

func (e *odd) Error() string {
	if e.text != nil {
		return e.text()
	}
	return "odd"
}

func (e *odd) Unwrap() error {
	if e.unwrap != nil {
		return e.unwrap()
	}
	return nil
}

func (e *odd) Is(error) bool { return e.ask() }
func (e *odd) As(any) bool   { return e.ask() }

func (e *odd) ask() bool {
	if e.asked != nil {
		e.asked()
	}
	return false
}

// oddHint is odd and asks for a delay.
type oddHint struct{ odd }

func (e *oddHint) RetryAfter() time.Duration { return e.after() }

// needy needs a receiver.
type needy struct{ text string }

func (e *needy) Error() string { return e.text }

// byValue has its method on the value, and may be a nil pointer all the same.
type byValue struct{ text string }

func (e byValue) Error() string { return e.text }

// tangle wraps itself among others.
type tangle []error

func (tangle) Error() string     { return "tangle" }
func (t tangle) Unwrap() []error { return t }

func tangled(others ...error) error {
	t := append(tangle{nil}, others...)
	t[0] = t
	return t
}

// deeper wraps another of its kind, for ever.
type deeper int

func (e deeper) Error() string { return "deep" }
func (e deeper) Unwrap() error { return e + 1 }

// posing is no error of the SDK's, and passes for one.
type posing struct{ restate.TerminalError }

// mute has a text that cannot be read.
type mute struct{}

func (mute) String() string { panic("mute") }

var (
	workingDir, _ = os.Getwd()

	huge     = strings.Repeat("x", 10<<20)
	errVague = errors.New("vague")
)

// hazard is what user code does.
type hazard struct {
	do func() error
	// thrown is for panics and runtime.Goexit.
	thrown bool
	// code is that of the terminal error that it is in the end, or 0.
	code restate.Code
	// says is in the text of the error.
	says string
}

func returns(err error) func() error { return func() error { return err } }

func panics(value any) func() error { return func() error { panic(value) } }

// hazards are the things that get round a pipeline that takes errors for values.
var hazards = map[string]hazard{
	"returns an error whose Error panics": {
		do:   returns(&odd{text: func() string { panic("text") }}),
		says: "an error of type *pipeline_test.odd, whose method Error panicked",
	},
	"returns a nil pointer":            {do: returns((*needy)(nil)), says: "a nil *pipeline_test.needy was returned as an error"},
	"returns a nil pointer to a value": {do: returns((*byValue)(nil)), says: "a nil *pipeline_test.byValue was returned as an error"},
	"returns an error that wraps itself": {do: func() error {
		e := &odd{}
		e.unwrap = func() error { return e }
		return fmt.Errorf("cyclic: %w", e)
	}, says: "cyclic: odd"},
	"returns an error that is among those it wraps": {do: returns(tangled(errVague)), says: "tangle"},
	"returns an error without an end":               {do: returns(deeper(0)), says: "deep"},
	"returns an error whose Unwrap panics":          {do: returns(&odd{unwrap: func() error { panic("unwrap") }}), says: "odd"},
	"returns an error whose Is and As panic":        {do: returns(&odd{asked: func() { panic("asked") }}), says: "odd"},
	"returns an error whose delay panics": {
		do:   returns(&oddHint{odd{after: func() time.Duration { panic("after") }}}),
		says: "odd",
	},
	"returns an enormous error":            {do: func() error { return errors.New(huge) }, says: "… (cut, of 10485760 bytes)"},
	"returns an error that is not UTF-8":   {do: returns(errors.New("a\xffb")), says: "a\uFFFDb"},
	"returns what poses as terminal":       {do: returns(posing{}), says: "a"},
	"returns an error that wraps aborted":  {do: returns(fmt.Errorf("own: %w", pipeline.ErrAborted)), says: "own: "},
	"returns a terminal error in a tangle": {do: returns(tangled(errVague, restate.TerminalErrorf("no"))), code: 500, says: "tangle"},
	"returns an enormous terminal error": {do: func() error {
		return restate.ToTerminalError(errors.New(huge), restate.WithErrorCode(418))
	}, code: 418, says: "… (cut, of 10485760 bytes)"},
	"returns a terminal error that is not UTF-8": {do: returns(restate.ToTerminalError(
		errors.New("a\xffb"), restate.WithErrorCode(418), restate.WithMetadata("k\xff", "v\xff"))), code: 418, says: "a\uFFFDb"},

	"panics with an enormous text":         {do: func() error { panic(huge) }, thrown: true, says: "… (cut, of 10485760 bytes)"},
	"panics with nothing":                  {do: panics(nil), thrown: true, says: "panic called with nil argument"},
	"panics with an error that panics":     {do: panics(&odd{text: func() string { panic("text") }}), thrown: true, says: "whose method Error panicked"},
	"panics with what has no text":         {do: panics(mute{}), thrown: true, says: "a value of type pipeline_test.mute, whose method String panicked"},
	"panics with an address":               {do: panics(new(int)), thrown: true, says: "a value of type *int"},
	"panics with a terminal error":         {do: panics(restate.TerminalErrorf("no")), thrown: true, says: "panic: no"},
	"panics with a retryable error":        {do: panics(restate.ToRetryableError(errVague)), thrown: true, says: "panic: [500] vague"},
	"panics with an error that aborted":    {do: panics(fmt.Errorf("own: %w", pipeline.ErrAborted)), thrown: true, says: "panic: own: "},
	"panics with a value of the SDK's":     {do: panics(restate.Void{}), thrown: true, says: "a value of type"},
	"panics for a nil pointer's method":    {do: func() error { return restate.ToTerminalError((*byValue)(nil)) }, thrown: true, says: "called using nil *byValue pointer"},
	"panics for a nil pointer":             {do: func() error { var n *needy; return errors.New(n.text) }, thrown: true, says: "nil pointer dereference"},
	"calls runtime.Goexit":                 {do: func() error { runtime.Goexit(); return nil }, thrown: true, says: "runtime.Goexit was called"},
	"panics and then calls runtime.Goexit": {do: func() error { defer runtime.Goexit(); panic("first") }, thrown: true, says: "runtime.Goexit was called"},
}

// stage is where it happens.
type stage struct {
	configure func(cfg *pipeline.Config, inv *pipeline.Invocation, do func() error)
	// apart is for those whose goroutine is not the handler's.
	apart bool
	// code of the terminal error that an error becomes there, or 0.
	code restate.Code
}

// fails has the handler fail, so that errors are handled.
func fails(cfg *pipeline.Config, err error) {
	cfg.Method = calling(cfg.Method, func(restate.Context, any) (any, error) { return nil, err })
}

// step has the handler run a closure as the SDK's context does.
func step(cfg *pipeline.Config, inv *pipeline.Invocation, closure func() error, encode func(any) (any, error)) {
	cfg.Method = calling(cfg.Method, func(ctx restate.Context, _ any) (any, error) {
		result, err := inv.WrapStep(func(restate.RunContext) (any, error) { return "ran", closure() }, encode)(ctx)
		if err != nil { // what the SDK asks, where nobody recovers
			message := err.Error()
			if t := restate.AsTerminalError(err); t != nil {
				message = t.Message() + strings.Join(slices.Sorted(maps.Keys(t.Metadata().ToMap())), "")
			} else if r := restate.AsRetryableError(err); r != nil {
				message = r.Message()
			}
			if len(message) > maxMessage || !utf8.ValidString(message) {
				panic("what the SDK cannot write")
			}
		}
		return result, err
	})
}

func none() error { return nil }

var places = map[string]stage{
	"a guard": {configure: func(cfg *pipeline.Config, _ *pipeline.Invocation, do func() error) {
		cfg.Handler.Guards = []pipeline.Guard{pipeline.GuardFunc(func(context.Context, *pipeline.Invocation) (bool, error) { return true, do() })}
	}},
	"a durable guard": {configure: func(cfg *pipeline.Config, _ *pipeline.Invocation, do func() error) {
		cfg.Handler.Guards = []pipeline.Guard{pipeline.Durable(pipeline.DurableGuardFunc(
			func(restate.Context, *pipeline.Invocation) (bool, error) { return true, do() }))}
	}},
	"an interceptor": {configure: func(cfg *pipeline.Config, _ *pipeline.Invocation, do func() error) {
		around := pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
			return next(ctx, inv)
		})
		cfg.Handler.Interceptors = []pipeline.Interceptor{around, pipeline.InterceptorFunc(
			func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
				if _, err := next(ctx, inv); err != nil {
					return nil, err
				}
				return nil, do()
			})}
	}},
	"an interceptor that answers an error": {configure: func(cfg *pipeline.Config, _ *pipeline.Invocation, do func() error) {
		fails(cfg, errVague)
		cfg.Handler.Interceptors = []pipeline.Interceptor{pipeline.InterceptorFunc(
			func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
				_, _ = next(ctx, inv)
				return nil, do()
			})}
	}},
	"decoding": {code: 400, configure: func(cfg *pipeline.Config, _ *pipeline.Invocation, do func() error) {
		cfg.Method = decoding(cfg.Method, func(*pipeline.Invocation) (any, error) { return nil, do() })
	}},
	"decoding for a guard": {code: 400, configure: func(cfg *pipeline.Config, _ *pipeline.Invocation, do func() error) {
		cfg.Method = decoding(cfg.Method, func(*pipeline.Invocation) (any, error) { return nil, do() })
		cfg.Handler.Guards = []pipeline.Guard{pipeline.GuardFunc(func(_ context.Context, inv *pipeline.Invocation) (bool, error) {
			_, err := inv.Input()
			return true, err
		})}
	}},
	"a pipe": {configure: func(cfg *pipeline.Config, _ *pipeline.Invocation, do func() error) {
		cfg.Handler.Pipes = []pipeline.Pipe{pipeline.PipeFunc(func(_ restate.Context, _ *pipeline.Invocation, input any) (any, error) {
			return input, do()
		})}
	}},
	"the handler": {configure: func(cfg *pipeline.Config, _ *pipeline.Invocation, do func() error) {
		cfg.Method = calling(cfg.Method, func(restate.Context, any) (any, error) { return nil, do() })
	}},
	"the handler, with all that looks at errors": {configure: func(cfg *pipeline.Config, _ *pipeline.Invocation, do func() error) {
		cfg.Method = calling(cfg.Method, func(restate.Context, any) (any, error) { return nil, do() })
		cfg.Handler.Filters = []pipeline.Filter{
			httperror.Filter(),
			pipeline.Catch(func(_ context.Context, _ *pipeline.Invocation, err *needy) error { return nil }),
			pipeline.FilterFunc(func(_ context.Context, _ *pipeline.Invocation, err error) error { return fmt.Errorf("seen: %w", err) }),
		}
		cfg.Handler.AsTerminalError = func(error) restate.TerminalError { return nil }
	}},
	"encoding": {configure: func(cfg *pipeline.Config, _ *pipeline.Invocation, do func() error) {
		cfg.Method = encodingWith(cfg.Method, func(any) ([]byte, error) { return nil, do() })
	}},
	"a filter": {configure: func(cfg *pipeline.Config, _ *pipeline.Invocation, do func() error) {
		fails(cfg, errVague)
		cfg.Handler.Filters = []pipeline.Filter{pipeline.FilterFunc(func(context.Context, *pipeline.Invocation, error) error { return do() })}
	}},
	"a dead letter": {configure: func(cfg *pipeline.Config, _ *pipeline.Invocation, do func() error) {
		fails(cfg, restate.TerminalErrorf("sold out"))
		cfg.Handler.DeadLetter = &pipeline.DeadLetter{Send: func(restate.Context, pipeline.Letter) error { return do() }}
	}},
	"a call interceptor": {configure: func(cfg *pipeline.Config, inv *pipeline.Invocation, do func() error) {
		through := pipeline.CallInterceptorFunc(func(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) error { return next(ctx, call) })
		cfg.Handler.CallInterceptors = []pipeline.CallInterceptor{through, pipeline.CallInterceptorFunc(
			func(restate.Context, *pipeline.Call, pipeline.CallNext) error { return do() })}
		cfg.Method = calling(cfg.Method, func(ctx restate.Context, _ any) (any, error) {
			return nil, inv.WrapCall(ctx, &pipeline.Call{Verb: pipeline.VerbCall}, func(restate.Context, *pipeline.Call) error { return nil })
		})
	}},
	"a closure": {apart: true, configure: func(cfg *pipeline.Config, inv *pipeline.Invocation, do func() error) {
		step(cfg, inv, do, nil)
	}},
	"a step interceptor": {apart: true, configure: func(cfg *pipeline.Config, inv *pipeline.Invocation, do func() error) {
		step(cfg, inv, none, nil)
		through := pipeline.StepInterceptorFunc(func(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
			return next(ctx, step)
		})
		cfg.Handler.StepInterceptors = []pipeline.StepInterceptor{through, steptimeout.New(time.Hour), pipeline.StepInterceptorFunc(
			func(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
				if _, err := next(ctx, step); err != nil {
					return nil, err
				}
				return nil, do()
			})}
	}},
	"encoding of a step": {apart: true, configure: func(cfg *pipeline.Config, inv *pipeline.Invocation, do func() error) {
		step(cfg, inv, none, func(any) (any, error) { return nil, do() })
	}},
}

// tried is an attempt that was run.
type tried struct {
	starts, panics int
	ends           []pipeline.Ending
	inv            *pipeline.Invocation
	err            error // what the SDK is given
	raised         any   // or what it recovers
	log            *recorder
}

func (a *tried) Started(ctx context.Context, _ *pipeline.Invocation) context.Context {
	a.starts++
	return ctx
}

func (a *tried) Panicked(context.Context, *pipeline.Invocation, *pipeline.PanicError) { a.panics++ }

func (a *tried) Ended(_ context.Context, _ *pipeline.Invocation, end pipeline.Ending) {
	a.ends = append(a.ends, end)
}

// try runs an attempt as an endpoint does, on a goroutine of its own.
func try(t *testing.T, configure func(cfg *pipeline.Config, inv *pipeline.Invocation)) *tried {
	t.Helper()
	a := &tried{log: newRecorder(), inv: new(pipeline.Invocation)}
	cfg := pipeline.Config{Target: handler.Target{Service: "shop", Handler: "Buy"}}
	cfg.Method = calling(cfg.Method, func(restate.Context, any) (any, error) { return []byte("bought"), nil })
	configure(&cfg, a.inv)
	cfg.Global.Observers = append(cfg.Global.Observers, a, pipeline.LogPanics(slog.New(a.log)))
	chain, err := pipeline.Compile(cfg)
	require.NoError(t, err)
	f := newFake()
	f.log = slog.New(a.log)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { a.raised = recover() }()
		_, err := chain.Run(restate.WithMockContext(f), a.inv)
		a.err = a.inv.ForSDK(err)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		require.FailNow(t, "the attempt does not end")
	}
	return a
}

// told is what the SDK is told, in whichever way.
func (a *tried) told(t *testing.T) string {
	t.Helper()
	switch {
	case a.err != nil:
		require.Nil(t, a.raised)
		return a.err.Error()
	default:
		err, ok := a.raised.(error)
		require.True(t, ok, "%T", a.raised)
		return err.Error()
	}
}

func TestWhateverUserCodeDoesAnAttemptHasOneOutcomeAndBoundedTexts(t *testing.T) {
	t.Parallel()
	for where, place := range places {
		for what, hazard := range hazards {
			t.Run(what+" in "+where, func(t *testing.T) {
				t.Parallel()
				a := try(t, func(cfg *pipeline.Config, inv *pipeline.Invocation) { place.configure(cfg, inv, hazard.do) })
				want, code := pipeline.Retryable, hazard.code
				if !hazard.thrown && code == 0 {
					code = place.code
				}
				switch {
				case code != 0:
					want = pipeline.Terminal
				case strings.HasSuffix(what, "runtime.Goexit") && !place.apart:
					want = pipeline.Aborted
				}
				require.Equal(t, 1, a.starts)
				require.Len(t, a.ends, 1)
				require.Equal(t, want.String(), a.ends[0].Outcome.String())
				require.Equal(t, want == pipeline.Terminal, restate.IsTerminalError(a.err))
				if code != 0 {
					failure := restate.AsTerminalError(a.err)
					require.Equal(t, code, failure.Code())
					require.LessOrEqual(t, len(failure.Message()), maxMessage)
					require.True(t, utf8.ValidString(failure.Message()))
				}
				for _, text := range []string{a.told(t), a.ends[0].Err.Error(), a.ends[0].Cause.Error()} {
					t.Run(text, func(t *testing.T) {
						require.LessOrEqual(t, len(text), maxErrorText)
						require.True(t, utf8.ValidString(text))
						requireNothingInternal(t, text)
					})
				}
				require.Contains(t, a.told(t), hazard.says)
				require.LessOrEqual(t, len(a.told(t)), maxErrorText)

				require.Equal(t, hazard.thrown, a.panics == 1, "observers were told of %d panics", a.panics)
				require.Equal(t, a.panics, len(a.log.shared.lines), "one line for a panic, none for an error: %v", a.log.shared.lines)
				for _, line := range a.log.shared.lines {
					require.Equal(t, "handler panicked", line.message)
					require.LessOrEqual(t, len(line.attrs["err"]), maxErrorText)
					require.LessOrEqual(t, len(line.attrs["stack"]), maxStack)
					require.Contains(t, line.attrs["stack"], "pipeline_test.", "of the user's code")
				}
				_, asked := a.inv.RetryDelay()
				require.False(t, asked)
			})
		}
	}
}

// requireNothingInternal checks that a text has nothing that only the program may
// know.
func requireNothingInternal(t testing.TB, text string) {
	t.Helper()
	for _, internal := range []string{".go:", "goroutine ", "0x", "PANIC=", workingDir} {
		require.NotContains(t, text, internal)
	}
}

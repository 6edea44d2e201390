package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
	"github.com/fxrestate/go/pipeline/httperror"
)

// pipeOddly is an error whose methods do what its fields say.
type pipeOddly struct {
	text   func() string
	unwrap func() error
}

func (e *pipeOddly) Error() string { return e.text() }
func (e *pipeOddly) Unwrap() error { return e.unwrap() }

// pipeHuge is a text of 10 MB.
var pipeHuge = strings.Repeat("x", 10<<20)

// pipeHazards are what user code does that takes errors and panics for more than
// values. Each says whether it is a panic, and what the caller gets in the end.
var pipeHazards = map[string]struct {
	do      func() error
	thrown  bool
	status  int
	message string
}{
	"an error that panics": {
		do:     func() error { return &pipeOddly{text: func() string { panic("text") }} },
		status: 500, message: "an error of type *pipeline_test.pipeOddly, whose method Error panicked",
	},
	"a nil pointer": {
		do:     func() error { return (*pipeOddly)(nil) },
		status: 500, message: "a nil *pipeline_test.pipeOddly was returned as an error",
	},
	"a cyclic error": {do: func() error {
		e := &pipeOddly{text: func() string { return "cyclic" }}
		e.unwrap = func() error { return errors.Join(e) }
		return e
	}, status: 500, message: "cyclic"},
	"an enormous error": {do: func() error { return errors.New(pipeHuge) }, status: 500, message: "… (cut, of 1048"},
	"a terminal error in a cycle": {do: func() error {
		e := &pipeOddly{text: func() string { return "cyclic" }}
		e.unwrap = func() error {
			return errors.Join(e, restate.ToTerminalError(errors.New("no"), restate.WithErrorCode(418)))
		}
		return e
	}, status: 418, message: "no"},
	"an enormous terminal error": {do: func() error {
		return restate.ToTerminalError(errors.New(pipeHuge), restate.WithErrorCode(418))
	}, status: 418, message: "… (cut, of 1048"},
	"an enormous panic":             {do: func() error { panic(pipeHuge) }, thrown: true, status: 500, message: "… (cut, of 1048"},
	"a panic with an address":       {do: func() error { panic(new(int)) }, thrown: true, status: 500, message: "panic: a value of type *int"},
	"a panic with a terminal error": {do: func() error { panic(restate.TerminalErrorf("no")) }, thrown: true, status: 500, message: "panic: no"},
	"runtime.Goexit":                {do: func() error { runtime.Goexit(); return nil }, thrown: true, status: 500, message: "runtime.Goexit was called"},
}

// PipeHostile does what it is told where it is told.
type PipeHostile struct{}

// PipeHostileIn is an input whose decoding is user code.
type PipeHostileIn struct{ Where, What string }

func (in *PipeHostileIn) UnmarshalJSON(body []byte) error {
	type plain PipeHostileIn
	if err := json.Unmarshal(body, (*plain)(in)); err != nil {
		return err
	}
	return in.at("decoding")
}

func (in *PipeHostileIn) at(where string) error {
	if in.Where != where {
		return nil
	}
	return pipeHazards[in.What].do()
}

// PipeHostileOut is a result whose encoding is user code.
type PipeHostileOut struct{ fail func() error }

func (out PipeHostileOut) MarshalJSON() ([]byte, error) {
	if err := out.fail(); err != nil {
		return nil, err
	}
	return []byte("{}"), nil
}

func (out *PipeHostileOut) UnmarshalJSON([]byte) error { return nil }

func (PipeHostile) Do(ctx restate.Context, in PipeHostileIn) (PipeHostileOut, error) {
	good := PipeHostileOut{func() error { return nil }}
	switch in.Where {
	case "handler":
		return good, in.at("handler")
	case "step":
		return restate.Run(ctx, func(restate.RunContext) (PipeHostileOut, error) { return good, in.at("step") })
	case "encoding of a step":
		return restate.Run(ctx, func(restate.RunContext) (PipeHostileOut, error) {
			return PipeHostileOut{func() error { return in.at("encoding of a step") }}, nil
		})
	case "asynchronous step":
		return restate.RunAsync(ctx, func(restate.RunContext) (PipeHostileOut, error) { return good, in.at("asynchronous step") }).Result()
	case "state":
		_, err := durable.FromContext(ctx)
		return good, err
	case "encoding":
		return PipeHostileOut{func() error { return in.at("encoding") }}, nil
	}
	return good, nil
}

// pipeEndings keeps the endings of attempts by invocation.
type pipeEndings struct {
	mu     sync.Mutex
	starts map[string]int
	ends   map[string][]string
}

func (e *pipeEndings) Started(ctx context.Context, inv *pipeline.Invocation) context.Context {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.starts[inv.ID()]++
	return ctx
}

func (*pipeEndings) Panicked(context.Context, *pipeline.Invocation, *pipeline.PanicError) {}

func (e *pipeEndings) Ended(_ context.Context, inv *pipeline.Invocation, end pipeline.Ending) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ends[inv.ID()] = append(e.ends[inv.ID()], end.Outcome.String())
}

// of returns the outcomes of an invocation whose attempts have all ended. Suspended
// ones are left out where every wait suspends.
func (e *pipeEndings) of(t *testing.T, id string) (ends []string) {
	t.Helper()
	testkit.Eventually(t, func() error {
		e.mu.Lock()
		defer e.mu.Unlock()
		if ends = slices.Clone(e.ends[id]); len(ends) == 0 || len(ends) != e.starts[id] {
			return fmt.Errorf("%d attempts started, and ended: %q", e.starts[id], ends)
		}
		return nil
	})
	return slices.DeleteFunc(ends, func(o string) bool { return o == "suspended" && testkit.AlwaysReplay() })
}

func TestWhateverUserCodeDoesIsOneOutcomeOneLineAndNothingInternal(t *testing.T) {
	t.Parallel()
	ends, name := &pipeEndings{starts: map[string]int{}, ends: map[string][]string{}}, testkit.Unique("pipe-hostile")
	at := func(inv *pipeline.Invocation, where string) error {
		in, _ := pipeline.InputOf[PipeHostileIn](inv)
		return in.at(where)
	}
	a := testkit.Start(t, fxrestate.Service[PipeHostile](testkit.Made(PipeHostile{}), fxrestate.Name(name),
		restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Millisecond), restate.WithRetryIntervalFactor(1),
			restate.WithMaxRetryAttempts(2), restate.KillOnMaxAttempts()),
		fxrestate.Observers(ends),
		fxrestate.Guards(func(_ context.Context, inv *pipeline.Invocation) (bool, error) { return true, at(inv, "guard") }),
		fxrestate.Interceptors(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
			out, err := next(ctx, inv)
			if err == nil {
				err = at(inv, "interceptor")
			}
			return out, err
		}),
		fxrestate.Pipes(func(_ restate.Context, inv *pipeline.Invocation, in any) (any, error) { return in, at(inv, "pipe") }),
		fxrestate.Filters(httperror.Filter())))

	for _, where := range []string{
		"guard", "interceptor", "decoding", "pipe", "handler", "step", "asynchronous step", "encoding of a step", "encoding",
	} {
		for what, hazard := range pipeHazards {
			t.Run(what+" in "+where, func(t *testing.T) {
				t.Parallel()
				out := testkit.Post(t, testkit.Path(name, "Do"), PipeHostileIn{where, what})
				id := out.Header.Get("X-Restate-Id")
				want, status := []string{"retryable", "retryable"}, hazard.status
				step := strings.Contains(where, "step")
				switch {
				case where == "decoding" && !hazard.thrown:
					want, status = []string{"terminal"}, 400
				case status == 418:
					want = []string{"terminal"}
				case what == "runtime.Goexit" && !step:
					want = []string{"aborted", "aborted"}
				}
				require.Equal(t, want, ends.of(t, id))

				require.Equal(t, status, out.Status, "%.500s", out.Body)
				message := testkit.Failed(t, out).Message
				if status != 400 {
					require.Contains(t, message, hazard.message)
				}
				requireNothingInternal(t, string(out.Body))

				lines := slices.DeleteFunc(testkit.Failures(a, id), func(l observer.LoggedEntry) bool { return l.Message == "where the SDK failed" })
				require.Len(t, lines, len(want), "one for each attempt: %v", messages(lines))
				for _, line := range lines {
					fields := line.ContextMap()
					size := 0
					for _, f := range fields {
						size += len(fmt.Sprint(f))
					}
					require.Less(t, size, 24<<10)
					if hazard.thrown {
						require.Equal(t, "handler panicked", line.Message)
						require.Contains(t, fields["stack"], "hostile_test.go:")
					}
				}
			})
		}
	}
}

func messages(lines []observer.LoggedEntry) (messages []string) {
	for _, l := range lines {
		messages = append(messages, l.Message)
	}
	return messages
}

// requireNothingInternal checks that a text has nothing that only the program may
// know: no stack, no file, no address.
func requireNothingInternal(t *testing.T, text string) {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for _, internal := range []string{".go:", ".go\\", "goroutine ", "0x", "PANIC=", "stacktrace", dir, "127.0.0.1"} {
		require.NotContains(t, text, internal)
	}
}

// PipeSwallow recovers what the SDK panics with, and says that nothing happened.
type PipeSwallow struct{ ran sync.Map }

func (s *PipeSwallow) Do(ctx restate.ObjectContext, in PipeHostileIn) (out string, err error) {
	defer func() {
		if recover() == nil {
			return
		}
		s.ran.Store(ctx.Request().ID, true)
		switch out = "swallowed"; in.What {
		case "an error":
			err = errors.New("swallowed")
		case "a terminal error":
			err = restate.TerminalErrorf("swallowed")
		case "a panic":
			panic("swallowed")
		case "another operation":
			restate.Set(ctx, "k", "swallowed")
		}
	}()
	switch in.Where {
	case "restate.Sleep":
		err = restate.Sleep(ctx, time.Second)
	case "restate.Get":
		restate.Set(ctx, "other", 1)
		if err = restate.Sleep(ctx, time.Second); err == nil {
			_, err = restate.Get[int](ctx, "other")
		}
	case "restate.Run":
		if err = restate.Sleep(ctx, time.Second); err == nil {
			_, err = restate.Run(ctx, func(restate.RunContext) (int, error) { return 1, nil })
		}
	}
	return "done", err
}

// A handler that recovers its own suspension is suspended all the same, and goes on.
func TestAHandlerThatSwallowsItsSuspensionIsSuspended(t *testing.T) {
	t.Parallel()
	swallow, ends, name := &PipeSwallow{}, &pipeEndings{starts: map[string]int{}, ends: map[string][]string{}}, testkit.Unique("pipe-swallow")
	a := testkit.Start(t, fxrestate.Object[*PipeSwallow](testkit.Made(swallow), fxrestate.Name(name), testkit.RetrySoon(),
		restate.WithInactivityTimeout(10*time.Millisecond), fxrestate.Observers(ends)))
	for _, where := range []string{"restate.Sleep", "restate.Get", "restate.Run"} {
		for _, what := range []string{"a result", "an error", "a terminal error", "a panic", "another operation"} {
			t.Run(where+" and "+what, func(t *testing.T) {
				t.Parallel()
				out := testkit.Post(t, testkit.Path(name, where+what, "Do"), PipeHostileIn{where, what})
				require.Equal(t, "done", testkit.Decode[string](t, out))
				id := out.Header.Get("X-Restate-Id")
				_, ran := swallow.ran.Load(id)
				require.True(t, ran, "nothing was swallowed")

				var got []string
				testkit.Eventually(t, func() error {
					ends.mu.Lock()
					defer ends.mu.Unlock()
					if got = slices.Clone(ends.ends[id]); len(got) != ends.starts[id] {
						return fmt.Errorf("%d attempts started, and ended: %q", ends.starts[id], got)
					}
					return nil
				})
				require.GreaterOrEqual(t, len(got), 2)
				require.Equal(t, "completed", got[len(got)-1])
				for _, outcome := range got[:len(got)-1] {
					require.Equal(t, "suspended", outcome)
				}
				require.NotContains(t, testkit.StateOf(t, name, where+what), "k", "what came after the suspension had no effect")
				require.Equal(t, "Output", testkit.Journal(t, id)[len(testkit.Journal(t, id))-1])

				message := "pipeline: user code recovered a panic of the SDK's, which goes on behind it; do not recover it"
				if what == "a panic" {
					message = "handler panicked"
				}
				lines := testkit.Loud(a, id)
				require.Len(t, lines, len(got)-1, "%v", messages(lines))
				for _, line := range lines {
					require.Equal(t, message, line.Message)
				}
			})
		}
	}
}

// No observer needs to be there for runtime.Goexit to be in the log.
func TestGoexitIsLoggedWithItsStack(t *testing.T) {
	t.Parallel()
	a, _, _, _, name := startCourse(t)
	require.Equal(t, "back", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Vanish"), nil)))
	lines := a.Logs.Filter(func(e observer.LoggedEntry) bool { return e.Level >= zap.WarnLevel }).FilterMessageSnippet("panicked").All()
	require.Len(t, lines, 1, "%v", messages(lines))
	require.Equal(t, "panic: runtime.Goexit was called", lines[0].ContextMap()["err"])
	require.Contains(t, lines[0].ContextMap()["stack"], "(*PipeCourse).Vanish")
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "Vanish"), nil).Status)
}

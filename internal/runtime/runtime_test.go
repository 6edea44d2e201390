package runtime_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/server"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/protocol"
	"github.com/fxrestate/go/internal/runtime"
	"github.com/fxrestate/go/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// steps is a handler with two steps and a sleep between them.
func steps(t testing.TB) http.Handler {
	handler, err := server.NewRestate().WithLogger(slog.DiscardHandler, false).Bind(
		restate.NewService("Steps").Handler("Run", restate.NewServiceHandler(func(ctx restate.Context, in string) (string, error) {
			a, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return in + "a", nil }, restate.WithName("a"))
			if err != nil {
				return "", err
			}
			if err := restate.Sleep(ctx, time.Hour); err != nil {
				return "", err
			}
			return restate.Run(ctx, func(restate.RunContext) (string, error) { return a + "b", nil }, restate.WithName("b"))
		})),
	).Handler()
	require.NoError(t, err)
	return handler
}

// journal keeps what handlers write, and completes what is to be completed.
type journal struct {
	mu      sync.Mutex
	entries []protocol.Frame
	seen    []protocol.Type
	on      map[protocol.Type]func(*runtime.Attempt)
	asleep  chan struct{} // closed when a sleep was stored
}

func newJournal(input string) *journal {
	return &journal{
		entries: []protocol.Frame{protocol.Encode(&protocol.Input{Value: &protocol.Value{Content: []byte(input)}})},
		on:      map[protocol.Type]func(*runtime.Attempt){},
		asleep:  make(chan struct{}),
	}
}

func (j *journal) message(a *runtime.Attempt, f protocol.Frame) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen = append(j.seen, f.Type)
	if do := j.on[f.Type]; do != nil {
		do(a)
	}
	switch f.Type {
	case protocol.TypeProposeRunCompletion:
		m, err := protocol.Decode(f)
		if err != nil {
			return
		}
		p := m.(*protocol.ProposeRunCompletion)
		done := protocol.Encode(&protocol.Notification{Of: protocol.TypeRunCompletion, CompletionID: p.CompletionID, Result: p.Result})
		j.entries = append(j.entries, done)
		a.Push(done)
	case protocol.TypeSleep:
		j.entries = append(j.entries, f)
		close(j.asleep)
	default:
		j.entries = append(j.entries, f)
	}
}

// wakeUp completes the sleep.
func (j *journal) wakeUp(a *runtime.Attempt) {
	done := protocol.Encode(&protocol.Notification{Of: protocol.TypeSleepCompletion, CompletionID: 2, Result: protocol.Void()})
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, done)
	if a != nil {
		a.Push(done)
	}
}

func (j *journal) start(handler http.Handler, change ...func(*runtime.Request)) *runtime.Attempt {
	q := runtime.Request{
		Service: "Steps", Handler: "Run",
		Start:     &protocol.Start{ID: make([]byte, 24), DebugID: "inv_1", RandomSeed: 1},
		Journal:   j.entries,
		OnMessage: j.message,
	}
	for _, c := range change {
		c(&q)
	}
	return runtime.Start(handler, q)
}

func TestAnAttemptIsToldWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	j := newJournal(`"x"`)
	a := j.start(steps(t))
	<-j.asleep
	j.wakeUp(a)
	e := a.Wait()
	require.Equal(t, runtime.Completed, e.Kind, e)
	require.Equal(t, `"xab"`, string(e.Output.Result.Value.Content))
	require.Equal(t, []protocol.Type{
		protocol.TypeRun, protocol.TypeProposeRunCompletion, protocol.TypeSleep,
		protocol.TypeRun, protocol.TypeProposeRunCompletion, protocol.TypeOutput,
	}, j.seen)
	require.False(t, a.Push(j.entries[0]), "it is over")
}

func TestAnAttemptThatIsAskedToSuspendGoesOnInTheNext(t *testing.T) {
	t.Parallel()
	handler := steps(t)
	for name, suspend := range map[string]func(*runtime.Attempt){
		"by the end of its input": (*runtime.Attempt).EndInput,
		"by a cut":                (*runtime.Attempt).Cut,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJournal(`"x"`)
			var told runtime.Ending
			a := j.start(handler, func(q *runtime.Request) {
				q.OnEnd = func(_ *runtime.Attempt, e runtime.Ending) { told = e }
			})
			<-j.asleep
			suspend(a)
			e := a.Wait()
			require.Equal(t, e, told)
			if e.Kind == runtime.Suspended {
				require.Equal(t, []uint32{2}, e.Suspension.WaitingCompletions)
				require.Equal(t, []uint32{protocol.SignalCancel}, e.Suspension.WaitingSignals)
			} else {
				require.Equal(t, runtime.Cut, e.Kind)
			}
			j.wakeUp(nil)
			e = j.start(handler).Wait()
			require.Equal(t, runtime.Completed, e.Kind, e)
			require.Equal(t, `"xab"`, string(e.Output.Result.Value.Content))

			// What had an output and no end has it in its next attempt.
			e = j.start(handler).Wait()
			require.Equal(t, runtime.Completed, e.Kind, e)
			require.Equal(t, `"xab"`, string(e.Output.Result.Value.Content))
		})
	}
}

func TestInRequestResponseEachWaitSuspends(t *testing.T) {
	t.Parallel()
	handler, j := steps(t), newJournal(`"x"`)
	var kinds []runtime.Kind
	for range 4 {
		e := j.start(handler, func(q *runtime.Request) { q.RequestResponse = true }).Wait()
		kinds = append(kinds, e.Kind)
		if len(kinds) == 2 {
			j.wakeUp(nil)
		}
	}
	require.Equal(t, []runtime.Kind{runtime.Suspended, runtime.Suspended, runtime.Suspended, runtime.Completed}, kinds)
}

func TestNothingOfAnAttemptThatIsCutCounts(t *testing.T) {
	t.Parallel()
	handler := steps(t)
	j := newJournal(`"x"`)
	j.on[protocol.TypeRun] = (*runtime.Attempt).Cut
	e := j.start(handler).Wait()
	require.Equal(t, runtime.Cut, e.Kind)
	require.Equal(t, []protocol.Type{protocol.TypeRun}, j.seen)
}

func TestAJournalThatTheHandlerDoesNotMatchFails(t *testing.T) {
	t.Parallel()
	j := newJournal(`"x"`)
	j.entries = append(j.entries, protocol.Encode(&protocol.Run{CompletionID: 1, Name: "other"}))
	e := j.start(steps(t)).Wait()
	require.Equal(t, runtime.Failed, e.Kind)
	require.EqualValues(t, protocol.CodeJournalMismatch, e.Error.Code)
	require.Contains(t, e.String(), "failed with 570")
}

func TestAnAttemptEndsAsItsResponseSays(t *testing.T) {
	t.Parallel()
	output := &protocol.Output{Result: protocol.Failed(418, "no")}
	write := func(w http.ResponseWriter, messages ...protocol.Message) {
		w.Header().Set("Content-Type", runtime.ContentType)
		for _, m := range messages {
			_, _ = w.Write(protocol.AppendMessage(nil, m))
		}
	}
	for name, test := range map[string]struct {
		serve http.HandlerFunc
		kind  runtime.Kind
		text  string
	}{
		"with a failure": {
			func(w http.ResponseWriter, _ *http.Request) { write(w, output, &protocol.End{}) },
			runtime.Completed, "ended with the failure 418: no",
		},
		"without an output": {
			func(w http.ResponseWriter, _ *http.Request) { write(w, &protocol.End{}) },
			runtime.Violated, "without an output",
		},
		"with more behind the end": {
			func(w http.ResponseWriter, _ *http.Request) { write(w, output, &protocol.End{}, output) },
			runtime.Violated, "a message (handler return) behind the last one",
		},
		"with a suspension for nothing": {
			func(w http.ResponseWriter, _ *http.Request) { write(w, &protocol.Suspension{}) },
			runtime.Violated, "waits for nothing",
		},
		"with what is the server's": {
			func(w http.ResponseWriter, _ *http.Request) { write(w, &protocol.Input{}) },
			runtime.Violated, "not the handler's to send",
		},
		"with a message that is too large": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", runtime.ContentType)
				_, _ = w.Write([]byte("\x04\x01\x00\x00\xff\xff\xff\xff"))
			},
			runtime.Violated, "larger than the limit",
		},
		"early": {
			func(w http.ResponseWriter, _ *http.Request) { write(w, output) },
			runtime.Broken, "ended before",
		},
		"in a message": {
			func(w http.ResponseWriter, _ *http.Request) {
				write(w)
				_, _ = w.Write([]byte("\x04\x01"))
			},
			runtime.Broken, "ended before",
		},
		"with a panic": {
			func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			runtime.Broken, "aborted",
		},
		"with another content type": {
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) },
			runtime.Violated, "content type",
		},
		"with a refusal": {
			func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no such handler", http.StatusNotFound) },
			runtime.Refused, "refused with 404 Not Found: no such handler",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newJournal("").start(test.serve).Wait()
			require.Equal(t, test.kind, e.Kind, e)
			require.Contains(t, e.String(), test.text)
		})
	}
}

func TestARefusalSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{"3": 3 * time.Second, "": 0, "-1": 0, "soon": 0, "99999999999999999999": 0} {
		e := newJournal("").start(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(http.StatusServiceUnavailable)
		})).Wait()
		require.Equal(t, want, e.RetryAfter, header)
	}
}

func TestTheRequestIsThatOfAServer(t *testing.T) {
	t.Parallel()
	j := newJournal("in")
	var got *http.Request
	var frames []protocol.Frame
	var readErr error
	e := j.start(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		got = q
		for range 2 {
			f, err := protocol.ReadFrame(q.Body, 0)
			if err != nil {
				readErr = err
				return
			}
			frames = append(frames, f)
		}
		control := http.NewResponseController(w)
		if err := errors.Join(control.EnableFullDuplex(), control.Flush(), control.SetWriteDeadline(time.Now()), control.SetReadDeadline(time.Now())); err != nil {
			readErr = err
			return
		}
		_, readErr = q.Body.Read(make([]byte, 1))
		_ = q.Body.Close()
		if _, err := q.Body.Read(make([]byte, 1)); !errors.Is(err, http.ErrBodyReadAfterClose) {
			readErr = err
		}
	}), func(q *runtime.Request) {
		q.Start.Key = "a/b"
		q.Header = http.Header{"Traceparent": {"00"}}
	}).Wait()
	require.Equal(t, runtime.Violated, e.Kind)
	require.ErrorIs(t, readErr, os.ErrDeadlineExceeded)
	require.Equal(t, "/invoke/Steps/Run", got.RequestURI)
	require.Equal(t, http.MethodPost, got.Method)
	require.Equal(t, 2, got.ProtoMajor)
	require.Equal(t, "a%2Fb", got.Header.Get("X-Restate-Service-Key"))
	require.Equal(t, "inv_1", got.Header.Get("X-Restate-Invocation-Id"))
	require.Equal(t, "00", got.Header.Get("Traceparent"))
	require.Error(t, got.Context().Err(), "it ended with the handler")
	m, err := protocol.Decode(frames[0])
	require.NoError(t, err)
	require.EqualValues(t, 1, m.(*protocol.Start).KnownEntries)
	require.Equal(t, protocol.TypeInput, frames[1].Type)
}

func TestAReadDeadlineInTheFutureEndsTheInputThen(t *testing.T) {
	t.Parallel()
	var err error
	newJournal("").start(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(time.Hour))
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetReadDeadline(time.Now().Add(time.Millisecond))
		_, err = io.ReadAll(q.Body)
	})).Wait()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestAGoroutineThatIsLeftBehindCannotWrite(t *testing.T) {
	t.Parallel()
	leave, left := make(chan struct{}), make(chan error)
	e := newJournal("").start(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", runtime.ContentType)
		go func() {
			<-leave
			_, err := w.Write(protocol.AppendMessage(nil, &protocol.Run{CompletionID: 1}))
			left <- err
		}()
	})).Wait()
	require.Equal(t, runtime.Broken, e.Kind)
	close(leave)
	require.ErrorContains(t, <-left, "the handler has returned")
}

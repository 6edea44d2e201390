package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/testkit"
	"github.com/fxrestate/go/pipeline"
)

// matrix says how an invocation goes in which one thing happens at one point.
// The columns: the stage, what happens there, then for a pipeline without other
// filters, and for one whose filter and error mapping make everything terminal
// (code 499), the outcomes of the attempts with suspensions left out and the code
// that the caller gets; then the journal's commands, for the former pipeline.
//
// error, panic, nil map, Goexit, sdk and context happen in the first attempt only.
const matrix = `
observer start     | panic        | completed 200           | completed 200           | Input Output
observer start     | nil map      | completed 200           | completed 200           | Input Output
observer start     | Goexit       | aborted completed 200   | aborted completed 200   | Input Output
observer start     | sdk          | retryable completed 200 | retryable completed 200 | Input Output
observer start     | context      | aborted completed 200   | aborted completed 200   | Input Output
observer end       | panic        | completed 200           | completed 200           | Input Output
observer end       | nil map      | completed 200           | completed 200           | Input Output
observer end       | Goexit       | completed completed 200 | completed completed 200 | Input Output
observer end       | sdk          | completed completed 200 | completed completed 200 | Input Output
guard              | terminal     | terminal 418            | terminal 499            | Input Output
guard              | error        | retryable completed 200 | terminal 499            | Input Output
guard              | panic        | retryable completed 200 | terminal 499            | Input Output
guard              | nil map      | retryable completed 200 | terminal 499            | Input Output
guard              | Goexit       | aborted completed 200   | aborted completed 200   | Input Output
guard              | context      | aborted completed 200   | aborted completed 200   | Input Output
durable guard      | suspension   | completed 200           | completed 200           | Input Sleep Output
durable guard      | cancellation | terminal 409            | terminal 499            | Input Sleep Output
durable guard      | terminal     | terminal 418            | terminal 499            | Input Output
durable guard      | error        | retryable completed 200 | terminal 499            | Input Output
durable guard      | panic        | retryable completed 200 | terminal 499            | Input Output
durable guard      | nil map      | retryable completed 200 | terminal 499            | Input Output
durable guard      | Goexit       | aborted completed 200   | aborted completed 200   | Input Output
durable guard      | sdk          | retryable completed 200 | retryable completed 200 | Input Output
durable guard      | context      | aborted completed 200   | aborted completed 200   | Input Output
interceptor before | suspension   | completed 200           | completed 200           | Input Sleep Output
interceptor before | cancellation | terminal 409            | terminal 499            | Input Sleep Output
interceptor before | terminal     | terminal 418            | terminal 499            | Input Output
interceptor before | error        | retryable completed 200 | terminal 499            | Input Output
interceptor before | panic        | retryable completed 200 | terminal 499            | Input Output
interceptor before | nil map      | retryable completed 200 | terminal 499            | Input Output
interceptor before | Goexit       | aborted completed 200   | aborted completed 200   | Input Output
interceptor before | sdk          | retryable completed 200 | retryable completed 200 | Input Output
interceptor before | context      | aborted completed 200   | aborted completed 200   | Input Output
interceptor after  | suspension   | completed 200           | completed 200           | Input Sleep Output
interceptor after  | cancellation | terminal 409            | terminal 499            | Input Sleep Output
interceptor after  | terminal     | terminal 418            | terminal 499            | Input Output
interceptor after  | error        | retryable completed 200 | terminal 499            | Input Output
interceptor after  | panic        | retryable completed 200 | terminal 499            | Input Output
interceptor after  | nil map      | retryable completed 200 | terminal 499            | Input Output
interceptor after  | Goexit       | aborted completed 200   | aborted completed 200   | Input Output
interceptor after  | sdk          | retryable completed 200 | retryable completed 200 | Input Output
interceptor after  | context      | aborted completed 200   | aborted completed 200   | Input Output
decode             | terminal     | terminal 418            | terminal 499            | Input Output
decode             | error        | terminal 400            | terminal 499            | Input Output
decode             | panic        | retryable completed 200 | terminal 499            | Input Output
decode             | Goexit       | aborted completed 200   | aborted completed 200   | Input Output
decode             | context      | aborted completed 200   | aborted completed 200   | Input Output
pipe               | suspension   | completed 200           | completed 200           | Input Sleep Output
pipe               | cancellation | terminal 409            | terminal 499            | Input Sleep Output
pipe               | terminal     | terminal 418            | terminal 499            | Input Output
pipe               | error        | retryable completed 200 | terminal 499            | Input Output
pipe               | panic        | retryable completed 200 | terminal 499            | Input Output
pipe               | nil map      | retryable completed 200 | terminal 499            | Input Output
pipe               | Goexit       | aborted completed 200   | aborted completed 200   | Input Output
pipe               | sdk          | retryable completed 200 | retryable completed 200 | Input Output
pipe               | context      | aborted completed 200   | aborted completed 200   | Input Output
handler            | suspension   | completed 200           | completed 200           | Input Sleep Output
handler            | cancellation | terminal 409            | terminal 499            | Input Sleep Output
handler            | terminal     | terminal 418            | terminal 499            | Input Output
handler            | error        | retryable completed 200 | terminal 499            | Input Output
handler            | panic        | retryable completed 200 | terminal 499            | Input Output
handler            | nil map      | retryable completed 200 | terminal 499            | Input Output
handler            | Goexit       | aborted completed 200   | aborted completed 200   | Input Output
handler            | sdk          | retryable completed 200 | retryable completed 200 | Input Output
handler            | context      | aborted completed 200   | aborted completed 200   | Input Output
call interceptor   | suspension   | completed 200           | completed 200           | Input Sleep Sleep Output
call interceptor   | cancellation | terminal 409            | terminal 499            | Input Sleep Output
call interceptor   | terminal     | terminal 418            | terminal 499            | Input Output
call interceptor   | error        | retryable completed 200 | terminal 499            | Input Sleep Output
call interceptor   | panic        | retryable completed 200 | terminal 499            | Input Sleep Output
call interceptor   | nil map      | retryable completed 200 | terminal 499            | Input Sleep Output
call interceptor   | Goexit       | aborted completed 200   | aborted completed 200   | Input Sleep Output
call interceptor   | sdk          | retryable completed 200 | retryable completed 200 | Input Sleep Output
call interceptor   | context      | aborted completed 200   | aborted completed 200   | Input Sleep Output
step interceptor   | terminal     | terminal 418            | terminal 499            | Input Run Output
step interceptor   | error        | retryable completed 200 | terminal 499            | Input Run Output
step interceptor   | panic        | retryable completed 200 | terminal 499            | Input Run Output
step interceptor   | nil map      | retryable completed 200 | terminal 499            | Input Run Output
step interceptor   | Goexit       | retryable completed 200 | terminal 499            | Input Run Output
step interceptor   | sdk          | retryable completed 200 | retryable completed 200 | Input Run Output
step interceptor   | context      | aborted completed 200   | aborted completed 200   | Input Run Output
step after         | terminal     | terminal 418            | terminal 499            | Input Run Output
step after         | error        | retryable completed 200 | terminal 499            | Input Run Output
step after         | panic        | retryable completed 200 | terminal 499            | Input Run Output
step after         | nil map      | retryable completed 200 | terminal 499            | Input Run Output
step after         | Goexit       | retryable completed 200 | terminal 499            | Input Run Output
step after         | sdk          | retryable completed 200 | retryable completed 200 | Input Run Output
step after         | context      | aborted completed 200   | aborted completed 200   | Input Run Output
closure            | terminal     | terminal 418            | terminal 499            | Input Run Output
closure            | error        | retryable completed 200 | terminal 499            | Input Run Output
closure            | panic        | retryable completed 200 | terminal 499            | Input Run Output
closure            | nil map      | retryable completed 200 | terminal 499            | Input Run Output
closure            | Goexit       | retryable completed 200 | terminal 499            | Input Run Output
closure            | sdk          | retryable completed 200 | retryable completed 200 | Input Run Output
closure            | context      | aborted completed 200   | aborted completed 200   | Input Run Output
closure filter     | terminal     | terminal 418            | terminal 418            | Input Run Output
closure filter     | error        | retryable completed 200 | terminal 499            | Input Run Output
closure filter     | panic        | retryable completed 200 | retryable completed 200 | Input Run Output
closure filter     | nil map      | retryable completed 200 | retryable completed 200 | Input Run Output
closure filter     | Goexit       | retryable completed 200 | retryable completed 200 | Input Run Output
closure filter     | context      | aborted completed 200   | aborted completed 200   | Input Run Output
closure mapping    | terminal     | terminal 418            | terminal 499            | Input Run Output
closure mapping    | error        | retryable completed 200 | terminal 499            | Input Run Output
closure mapping    | panic        | retryable completed 200 | terminal 499            | Input Run Output
closure mapping    | nil map      | retryable completed 200 | terminal 499            | Input Run Output
closure mapping    | Goexit       | retryable completed 200 | terminal 499            | Input Run Output
closure mapping    | context      | aborted completed 200   | terminal 499            | Input Run Output
encode             | terminal     | terminal 418            | terminal 499            | Input Output
encode             | error        | retryable completed 200 | terminal 499            | Input Output
encode             | panic        | retryable completed 200 | terminal 499            | Input Output
encode             | nil map      | retryable completed 200 | terminal 499            | Input Output
encode             | Goexit       | aborted completed 200   | aborted completed 200   | Input Output
encode             | context      | aborted completed 200   | aborted completed 200   | Input Output
filter             | terminal     | terminal 418            | terminal 418            | Input Output
filter             | error        | retryable completed 200 | terminal 499            | Input Output
filter             | panic        | retryable completed 200 | retryable completed 200 | Input Output
filter             | nil map      | retryable completed 200 | retryable completed 200 | Input Output
filter             | Goexit       | aborted completed 200   | aborted completed 200   | Input Output
filter             | context      | aborted completed 200   | aborted completed 200   | Input Output
error mapping      | terminal     | terminal 418            | terminal 499            | Input Output
error mapping      | panic        | retryable completed 200 | terminal 499            | Input Output
error mapping      | nil map      | retryable completed 200 | terminal 499            | Input Output
error mapping      | Goexit       | aborted completed 200   | terminal 499            | Input Output
error mapping      | context      | aborted completed 200   | terminal 499            | Input Output
dead letter        | suspension   | terminal 444            | terminal 499            | Input Sleep Output
dead letter        | cancellation | terminal 409            | terminal 409            | Input Sleep Output
dead letter        | terminal     | terminal 418            | terminal 418            | Input Output
dead letter        | error        | retryable terminal 444  | retryable terminal 499  | Input Output
dead letter        | panic        | retryable terminal 444  | retryable terminal 499  | Input Output
dead letter        | nil map      | retryable terminal 444  | retryable terminal 499  | Input Output
dead letter        | Goexit       | aborted terminal 444    | aborted terminal 499    | Input Output
dead letter        | sdk          | retryable terminal 444  | retryable terminal 499  | Input Output
dead letter        | context      | aborted terminal 444    | aborted terminal 499    | Input Output
`

// trial is the input of an invocation in which something happens.
type trial struct{ Stage, What string }

// trials makes it happen.
type trials struct {
	mu     sync.Mutex
	struck map[string]bool
}

// once reports whether it is the first time for a key.
func (ts *trials) once(key string) bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	first := !ts.struck[key]
	ts.struck[key] = true
	return first
}

// at makes happen what the invocation's input wants at a stage. rctx is nil for
// stages without durable operations.
func (ts *trials) at(stage string, ctx context.Context, rctx restate.Context, inv *pipeline.Invocation) error {
	var want trial
	if err := json.Unmarshal(inv.Body(), &want); err != nil || want.Stage != stage {
		return err
	}
	terminal := restate.ToTerminalError(errors.New("teapot"), restate.WithErrorCode(418))
	switch want.What {
	case "terminal":
		return terminal
	case "suspension":
		if err := restate.Sleep(rctx, 100*time.Millisecond); err != nil {
			return err
		}
		return nil
	case "cancellation":
		if err := restate.Sleep(rctx, time.Hour); err != nil {
			return err
		}
		return nil
	}
	if !ts.once(inv.ID() + stage) {
		return nil
	}
	switch want.What {
	case "error":
		return errors.New("struck")
	case "panic":
		panic("struck")
	case "nil map":
		noMap()["struck"]++
	case "Goexit":
		runtime.Goexit()
	case "sdk":
		restate.ServiceSend(rctx, "nobody", "Nothing").Send(make(chan int)) // cannot be encoded
	case "context":
		endContext(ctx)
		return terminal // which must not become the result
	}
	return nil
}

func noMap() map[string]int { return nil }

// trialObserver is an observer in which it happens. What it returns nobody hears.
type trialObserver struct {
	pipeline.ObserverBase
	ts *trials
}

func (o trialObserver) Started(ctx context.Context, inv *pipeline.Invocation) context.Context {
	_ = o.ts.at("observer start", ctx, restateContext(inv), inv)
	return ctx
}

func (o trialObserver) Ended(ctx context.Context, inv *pipeline.Invocation, _ pipeline.Ending) {
	_ = o.ts.at("observer end", ctx, restateContext(inv), inv)
}

// triggered is the error that brings an invocation to the error mapping.
type triggered struct{ then func() error }

func (triggered) Error() string { return "trigger" }

func matrixSpec(always, catchAll bool) spec {
	ts := &trials{struck: map[string]bool{}}
	run := func(ctx restate.Context) (string, error) {
		inv := invocation(ctx)
		if err := ts.at("handler", ctx, ctx, inv); err != nil {
			return "", err
		}
		var want trial
		_ = json.Unmarshal(inv.Body(), &want)
		switch want.Stage {
		case "closure", "step interceptor", "step after", "closure filter", "closure mapping":
			return restate.Run(ctx, func(rc restate.RunContext) (string, error) {
				if want.Stage == "closure mapping" && ts.once(inv.ID()+"trigger") {
					return "", triggered{func() error { return ts.at("closure mapping", rc, nil, inv) }}
				}
				if want.Stage == "closure filter" && ts.once(inv.ID()+"trigger") {
					return "", errors.New("trigger")
				}
				return "ran", ts.at("closure", rc, restateContext(inv), inv)
			})
		case "call interceptor":
			return "called", inv.WrapCall(ctx, &pipeline.Call{Verb: pipeline.VerbCall}, func(ctx restate.Context, _ *pipeline.Call) error {
				if err := restate.Sleep(ctx, time.Millisecond); err != nil {
					return err
				}
				return nil
			})
		case "filter", "error mapping":
			if ts.once(inv.ID() + "trigger") {
				return "", triggered{func() error { return ts.at("error mapping", ctx, nil, inv) }}
			}
		case "dead letter":
			return "", restate.ToTerminalError(errors.New("dead"), restate.WithErrorCode(444))
		}
		return "done", nil
	}
	m := methodFuncs{
		decode: func(inv *pipeline.Invocation) (any, error) {
			return "input", ts.at("decode", restateContext(inv), nil, inv)
		},
		call: func(ctx restate.Context, _ any) (any, error) { return run(ctx) },
	}
	stages := pipeline.Stages{
		Observers: []pipeline.Observer{trialObserver{ts: ts}},
		Guards: []pipeline.Guard{
			pipeline.GuardFunc(func(ctx context.Context, inv *pipeline.Invocation) (bool, error) {
				err := ts.at("guard", ctx, nil, inv)
				return err == nil, err
			}),
			pipeline.Durable(pipeline.DurableGuardFunc(func(ctx restate.Context, inv *pipeline.Invocation) (bool, error) {
				err := ts.at("durable guard", ctx, ctx, inv)
				return err == nil, err
			})),
		},
		Interceptors: []pipeline.Interceptor{
			pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
				if err := ts.at("interceptor before", ctx, ctx, inv); err != nil {
					return nil, err
				}
				result, err := next(ctx, inv)
				if err == nil {
					err = ts.at("interceptor after", ctx, ctx, inv)
				}
				return result, err
			}),
		},
		Pipes: []pipeline.Pipe{
			pipeline.PipeFunc(func(ctx restate.Context, inv *pipeline.Invocation, input any) (any, error) {
				return input, ts.at("pipe", ctx, ctx, inv)
			}),
		},
		Filters: []pipeline.Filter{
			pipeline.FilterFunc(func(ctx context.Context, inv *pipeline.Invocation, err error) error {
				if pipeline.StageOf(ctx) != "filter" {
					return errors.New("a filter has to see where it is")
				}
				if err := ts.at("closure filter", ctx, nil, inv); err != nil {
					return err
				}
				return ts.at("filter", ctx, nil, inv)
			}),
		},
		StepInterceptors: []pipeline.StepInterceptor{
			pipeline.StepInterceptorFunc(func(ctx restate.RunContext, step *pipeline.Step, next pipeline.StepNext) (any, error) {
				if err := ts.at("step interceptor", ctx, restateContext(step.Invocation()), step.Invocation()); err != nil {
					return nil, err
				}
				result, err := next(ctx, step)
				if err == nil {
					err = ts.at("step after", ctx, restateContext(step.Invocation()), step.Invocation())
				}
				return result, err
			}),
		},
		CallInterceptors: []pipeline.CallInterceptor{
			pipeline.CallInterceptorFunc(func(ctx restate.Context, call *pipeline.Call, next pipeline.CallNext) error {
				if err := ts.at("call interceptor", ctx, ctx, call.Invocation()); err != nil {
					return err
				}
				return next(ctx, call)
			}),
		},
		AsTerminalError: func(err error) restate.TerminalError {
			var t triggered
			if !errors.As(err, &t) {
				return nil
			}
			return restate.AsTerminalError(t.then())
		},
		DeadLetter: &pipeline.DeadLetter{
			Service: "dead", Handler: "Letters",
			Send: func(ctx restate.Context, _ pipeline.Letter) error {
				return ts.at("dead letter", ctx, ctx, invocation(ctx))
			},
		},
	}
	return spec{always: always, method: m, configure: func(cfg *pipeline.Config) {
		encode := func(result any) ([]byte, error) { return json.Marshal(result) }
		cfg.Method = encodingWith(cfg.Method, encode)
		// Encode has no context: the interceptor of the outermost level, which
		// has one, hands it over in the result.
		type encodable struct {
			result any
			then   func() error
		}
		cfg.Global.Interceptors = []pipeline.Interceptor{
			pipeline.InterceptorFunc(func(ctx restate.Context, inv *pipeline.Invocation, next pipeline.Next) (any, error) {
				result, err := next(ctx, inv)
				return encodable{result, func() error { return ts.at("encode", ctx, nil, inv) }}, err
			}),
		}
		cfg.Method = encodingWith(cfg.Method, func(result any) ([]byte, error) {
			e := result.(encodable)
			if err := e.then(); err != nil {
				return nil, err
			}
			return encode(e.result)
		})
		cfg.Handler = stages
		if catchAll {
			toTerminal := func(err error) error {
				return restate.ToTerminalError(errors.New("caught: "+err.Error()), restate.WithErrorCode(499))
			}
			cfg.Global.Filters = []pipeline.Filter{
				pipeline.FilterFunc(func(_ context.Context, _ *pipeline.Invocation, err error) error { return toTerminal(err) }),
			}
			cfg.Global.AsTerminalError = func(err error) restate.TerminalError {
				return restate.AsTerminalError(toTerminal(err))
			}
		}
	}}
}

func TestOutcomesOfEverythingAtEveryPoint(t *testing.T) {
	inModes(t, func(t *testing.T, always bool) {
		type row struct {
			app           *app
			name          string
			what          trial
			want, journal string
			id            string
		}
		var rows []row
		for _, catchAll := range []bool{false, true} {
			a := serve(t, matrixSpec(always, catchAll))
			for line := range strings.Lines(strings.TrimSpace(matrix)) {
				cells := strings.Split(line, "|")
				for i := range cells {
					cells[i] = strings.TrimSpace(cells[i])
				}
				r := row{app: a, what: trial{cells[0], cells[1]}, want: cells[2], journal: cells[4]}
				if catchAll {
					r.want, r.journal = cells[3], ""
				}
				r.name = fmt.Sprintf("%s in %s, catch-all %t", r.what.What, r.what.Stage, catchAll)
				r.id = a.send(r.what) // all at once: after a Goexit the SDK takes its time
				rows = append(rows, r)
			}
		}
		for _, r := range rows {
			t.Run(r.name, func(t *testing.T) {
				a := *r.app
				a.t = t
				a.check(r.id, r.what, always, r.want, r.journal)
			})
		}
	})
}

// check waits for a trial and compares how it went with the matrix.
func (a *app) check(id string, what trial, always bool, want, journal string) {
	t := a.t
	if what.What == "cancellation" {
		testkit.Until(t, func() bool { return slices.Contains(a.journal(id), "Sleep") }, "it does not sleep")
		a.cancel(id)
	}
	out := a.output(id)

	var got []string
	suspended := false
	for _, o := range a.outcomes(id) {
		if o == pipeline.Suspended {
			suspended = true
			continue
		}
		got = append(got, o.String())
	}
	require.Equal(t, want, strings.Join(append(got, fmt.Sprint(out.status)), " "), "%s", out.body)
	if always && (what.What == "suspension" || what.What == "cancellation") {
		require.True(t, suspended, "the invocation has to suspend in always-replay mode")
	}
	if journal != "" {
		require.Equal(t, journal, strings.Join(a.journal(id), " "))
	}

	message := "handler panicked"
	if strings.HasPrefix(what.Stage, "observer") {
		message = "pipeline: observer panicked"
	}
	panics := slices.DeleteFunc(a.log.of(id), func(l record) bool { return !strings.HasSuffix(l.message, " panicked") })
	isPanic := slices.Contains([]string{"panic", "nil map", "Goexit"}, what.What)
	switch {
	case !isPanic:
		require.Empty(t, panics)
	case want == "terminal 499" && (what.Stage == "error mapping" || what.Stage == "closure mapping"):
		require.Empty(t, panics, "the filter took the error before")
	default:
		require.Len(t, panics, 1, "a panic is logged once")
		require.Equal(t, message, panics[0].message)
		require.Contains(t, panics[0].attrs["stack"], "(*trials).at", "with the stack of who panicked")
	}
	for _, line := range a.log.of(id) {
		text, _, _ := strings.Cut(line.message+line.attrs["err"], "\nStack: ") // whose addresses are any numbers
		require.NotContains(t, text, "closed", "nobody may use an invocation after its suspension")
		require.NotContains(t, text, "598")
	}
	for _, e := range a.watch.of(t, id) {
		require.Equal(t, e.Outcome == pipeline.Completed || e.Outcome == pipeline.Suspended, e.Err == nil, "%+v", e)
		var buffer bytes.Buffer
		fmt.Fprint(&buffer, e.Err) // no error may be unprintable
	}
}

// restateContext is the SDK's context of the attempt, with all that it can do and
// without its gate.
func restateContext(inv *pipeline.Invocation) restate.Context {
	return restate.WithMockContext(inv.Context().Value(ungatedKey{}).(restate.MockableContext))
}

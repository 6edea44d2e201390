package durable

import (
	"context"
	"errors"
	"fmt"

	restate "github.com/restatedev/sdk-go"

	"github.com/fxrestate/go/internal/payload"
	"github.com/fxrestate/go/internal/sdk"
)

// Step is a side effect outside of Restate whose result is journaled: its name, the type
// of its result, its codec and its [Retry], declared once. Declare it as a variable of
// the package beside the handlers:
//
//	var complete = durable.NewStep[Completion]("model", durable.Retry{MaxAttempts: 5})
//
//	func (a *Agent) Answer(ctx restate.Context, question string) (Completion, error) {
//		return complete.Run(ctx, func(ctx context.Context) (Completion, error) {
//			return a.model.Complete(ctx, question)
//		})
//	}
//
// A step is a restate.Run with the name of the step: the journal has the same entry, and
// step interceptors, concurrency limits per name and the mapping of errors apply
// (https://docs.restate.dev/develop/go/durable-steps).
//
// The function gets a plain context with the values, the deadline and the cancellation of
// the handler's ctx. Durable operations return [ErrInsideRun] there. The function may run
// more than once until its result is journaled. If it returns a plain error, it runs
// again by its [Retry]. A terminal error is journaled as its result.
//
// A handler may run a step more than once, and several steps may have the same name: each
// run is an entry of its own in the journal. The zero value has no name, and each of its
// methods returns an error. So does a step with options out of their bounds. These errors
// are not terminal: the invocation continues when the mistake is fixed and deployed.
type Step[T any] struct {
	slot  slot[T]
	retry *Retry // nil: by default
	err   error  // what is wrong with the declaration
}

// StepOption is an option of [NewStep]: a [Retry], or [StepCodec].
type StepOption interface{ apply(*stepSettings) }

type stepSettings struct {
	retries []Retry
	codec   []CodecOption
}

type stepCodec struct{ CodecOption }

func (c stepCodec) apply(s *stepSettings) { s.codec = append(s.codec, c.CodecOption) }

// StepCodec chooses the codec of a step's result. Default: JSON.
func StepCodec(codec CodecOption) StepOption { return stepCodec{codec} }

// NewStep declares a step. Without a [Retry] the default applies, which
// fxrestate.Config.Steps sets; if there is none, the step is retried with the invocation.
// A Retry replaces the default as a whole.
func NewStep[T any](name string, opts ...StepOption) Step[T] {
	var settings stepSettings
	for _, o := range opts {
		if o != nil {
			o.apply(&settings)
		}
	}
	s := Step[T]{slot: newSlot[T](sortStep, name, sdk.Options(CodecOption.BeforeRun, settings.codec).Codec)}
	switch len(settings.retries) {
	case 0:
	case 1:
		s.retry = &settings.retries[0]
		s.err = s.retry.check("")
	default:
		s.err = errors.New("two values of Retry; leave one of them out")
	}
	return s
}

// Name returns the name of the step.
func (s Step[T]) Name() string { return s.slot.name }

// Run runs fn, unless its result is in the journal, and returns the result. The error is
// the terminal error that fn returned, that of the last retry, or that of a cancelled
// invocation. If fn returns a plain error, Run does not return: the attempt ends, and a
// later one runs fn again.
func (s Step[T]) Run(ctx restate.Context, fn func(ctx context.Context) (T, error)) (value T, err error) {
	opts, err := s.begin(ctx, fn == nil)
	if err != nil {
		return value, err
	}
	return s.run(ctx, closure(fn), opts)
}

func (s Step[T]) run(ctx restate.Context, fn func(restate.RunContext) (any, error), opts []restate.RunOption) (value T, err error) {
	defer sdk.Rescue(&err)
	var p payload.Payload[T]
	failure := sdk.Mockable(ctx).Run(fn, &p, opts...)
	value, _, err = s.slot.decode(ctx, p, failure)
	return value, err
}

// Start is [Step.Run] without waiting. fn runs on a goroutine of its own as soon as the
// handler waits for something.
func (s Step[T]) Start(ctx restate.Context, fn func(ctx context.Context) (T, error)) Future[T] {
	opts, err := s.begin(ctx, fn == nil)
	if err != nil {
		return failed[T](err)
	}
	f, result, err := s.start(ctx, closure(fn), opts)
	if err != nil {
		return failed[T](err)
	}
	return s.slot.future(ctx, f, func() (p payload.Payload[T], failure restate.TerminalError) {
		failure = result(&p)
		return p, failure
	})
}

func (s Step[T]) start(ctx restate.Context, fn func(restate.RunContext) (any, error), opts []restate.RunOption) (
	f restate.Future, result func(output any) restate.TerminalError, err error,
) {
	defer sdk.Rescue(&err)
	run := sdk.Mockable(ctx).RunAsync(fn, opts...)
	return run, run.Result, nil
}

// RunVoid is [Step.Run] for a step without a result, a Step[restate.Void].
// Its journal entry is that of restate.RunVoid.
func RunVoid(ctx restate.Context, step Step[restate.Void], fn func(ctx context.Context) error) error {
	opts, err := step.begin(ctx, fn == nil)
	if err != nil {
		return err
	}
	_, err = step.run(ctx, func(ctx restate.RunContext) (any, error) { return nil, fn(ctx) }, opts)
	return err
}

// begin returns the options of a run, or what is wrong with it.
func (s Step[T]) begin(ctx restate.Context, nothing bool) ([]restate.RunOption, error) {
	if err := s.slot.check(sortStep); err != nil {
		return nil, err
	}
	if s.err != nil {
		return nil, fmt.Errorf("durable: %s: %w", s.slot, s.err)
	}
	if nothing {
		return nil, fmt.Errorf("durable: %s: there is no function to run", s.slot)
	}
	var retry Retry
	if s.retry != nil {
		retry = *s.retry
	} else if byDefault, ok := ctx.Value(retryKey{}).(Retry); ok {
		if err := byDefault.check(""); err != nil {
			return nil, fmt.Errorf("durable: %s: its default: %w", s.slot, err)
		}
		retry = byDefault
	}
	return append(retry.options(), restate.WithName(s.slot.name), restate.WithCodec(s.slot.codec)), nil
}

// closure is fn as the SDK runs it. Step interceptors see its result.
func closure[T any](fn func(context.Context) (T, error)) func(restate.RunContext) (any, error) {
	return func(ctx restate.RunContext) (any, error) { return fn(ctx) }
}

package durable_test

import (
	"context"
	"errors"
	"fmt"
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

// Ledger is a collaborator that knows no Restate but a context.Context.
type Ledger struct{ writes atomic.Int32 }

// Write makes a durable step below whoever calls it.
func (l *Ledger) Write(ctx context.Context, line string) (string, error) {
	rc, err := durable.FromContext(ctx)
	if err != nil {
		return "", err
	}
	if rc.Value(clerk{}) != ctx.Value(clerk{}) {
		return "", restate.TerminalErrorf("the Restate context lost a value")
	}
	return restate.Run(rc, func(ctx restate.RunContext) (string, error) {
		l.writes.Add(1)
		_, limited := ctx.Deadline()
		return fmt.Sprint(line, " ", ctx.Value(clerk{}), " ", limited), nil
	}, restate.WithName("write"))
}

// clerk is the key of a value in a context.
type clerk struct{}

// Bank has a Ledger and hands it contexts of all sorts.
type Bank struct{ ledger *Ledger }

func NewBank(l *Ledger) *Bank { return &Bank{l} }

func (b *Bank) Direct(ctx restate.Context, line string) (string, error) {
	return b.ledger.Write(ctx, line)
}

func (b *Bank) Valued(ctx restate.Context, line string) (string, error) {
	child, cancel := context.WithTimeout(context.WithValue(ctx, clerk{}, "Ada"), time.Minute)
	defer cancel()
	return b.ledger.Write(child, line)
}

func (b *Bank) Stranger(_ restate.Context, line string) (string, error) {
	out, err := b.ledger.Write(context.Background(), line)
	return out, restate.ToTerminalError(err)
}

func startBank(t *testing.T) (*Ledger, string) {
	l, name := &Ledger{}, testkit.Unique("bank")
	testkit.Start(t, fx.Supply(l), fxrestate.Service[*Bank](NewBank, fxrestate.Name(name)))
	return l, name
}

func TestCollaboratorsFindTheInvocationsContext(t *testing.T) {
	t.Parallel()
	l, name := startBank(t)
	a := testkit.Post(t, testkit.Path(name, "Direct"), "+5")
	require.Equal(t, "+5 <nil> false", testkit.Decode[string](t, a))
	require.Contains(t, testkit.Journal(t, a.Header.Get("X-Restate-Id")), "Run write")
	require.Equal(t, "+6 Ada true", testkit.Decode[string](t, testkit.Post(t, testkit.Path(name, "Valued"), "+6")), "values and deadlines of the child")
	require.EqualValues(t, 2, l.writes.Load())
	require.Contains(t, testkit.Failed(t, testkit.Post(t, testkit.Path(name, "Stranger"), "+7")).Message,
		"does not descend from a handler's context; pass on the ctx that the handler got")
}

// KeyReader reads the key and the id of whatever invocation it is called in.
type KeyReader struct{}

func (KeyReader) read(ctx context.Context) (string, error) {
	c, err := durable.ObjectSharedFromContext(ctx)
	if err != nil {
		return "", err
	}
	return restate.Key(c) + " " + c.Request().ID, nil
}

// Desk asks its KeyReader before and after a step.
type Desk struct {
	reader KeyReader
	*meeting
}

func (d *Desk) Who(ctx restate.ObjectContext) ([]string, error) {
	before, err := d.reader.read(ctx)
	if err != nil {
		return nil, err
	}
	if err := restate.RunVoid(ctx, func(restate.RunContext) error { return d.attend(restate.Key(ctx)) }); err != nil {
		return nil, err
	}
	after, err := d.reader.read(context.WithValue(ctx, clerk{}, "Ada"))
	return []string{before, after, restate.Key(ctx) + " " + ctx.Request().ID}, err
}

func TestConcurrentInvocationsOfASingletonDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	const calls = 20
	name := testkit.Unique("desk")
	testkit.Start(t, fxrestate.Object[*Desk](testkit.Made(&Desk{meeting: newMeeting(calls)}), fxrestate.Name(name)))
	testkit.Each(t, calls, func(i int) error {
		key := fmt.Sprint("key", i)
		a, err := testkit.TryPost(t, testkit.Path(name, key, "Who"), nil)
		if err != nil {
			return err
		}
		id := key + " " + a.Header.Get("X-Restate-Id")
		if want := fmt.Sprintf("[%q,%[1]q,%[1]q]", id); string(a.Body) != want {
			return fmt.Errorf("%s is not %s", a.Body, want)
		}
		return nil
	})
}

// Tries are what the accessors for contexts say in a handler.
type Tries struct{ Object, ObjectShared, Workflow, WorkflowShared bool }

func tryAll(ctx context.Context) (Tries, error) {
	var errs []error
	ok := func(err error) bool {
		if err != nil && !errors.Is(err, durable.ErrWrongContext) {
			errs = append(errs, err)
		}
		return err == nil
	}
	_, object := durable.ObjectFromContext(ctx)
	_, objectShared := durable.ObjectSharedFromContext(ctx)
	_, workflow := durable.WorkflowFromContext(ctx)
	_, workflowShared := durable.WorkflowSharedFromContext(ctx)
	tries := Tries{ok(object), ok(objectShared), ok(workflow), ok(workflowShared)}
	return tries, errors.Join(errs...)
}

type (
	TryService  struct{}
	TryObject   struct{}
	TryWorkflow struct{}
)

func (TryService) Do(ctx restate.Context) (Tries, error)                    { return tryAll(ctx) }
func (TryObject) Exclusive(ctx restate.ObjectContext) (Tries, error)        { return tryAll(ctx) }
func (TryObject) Shared(ctx restate.ObjectSharedContext) (Tries, error)     { return tryAll(ctx) }
func (TryWorkflow) Run(ctx restate.WorkflowContext) (Tries, error)          { return tryAll(ctx) }
func (TryWorkflow) Shared(ctx restate.WorkflowSharedContext) (Tries, error) { return tryAll(ctx) }

func TestTypedAccessorsRefuseContextsOfAnotherKind(t *testing.T) {
	t.Parallel()
	service, object, workflow := testkit.Unique("service"), testkit.Unique("object"), testkit.Unique("workflow")
	testkit.Start(t,
		fxrestate.Service[TryService](testkit.Made(TryService{}), fxrestate.Name(service)),
		fxrestate.Object[TryObject](testkit.Made(TryObject{}), fxrestate.Name(object)),
		fxrestate.Workflow[TryWorkflow](testkit.Made(TryWorkflow{}), fxrestate.Name(workflow)),
	)
	for handler, want := range map[string]Tries{
		testkit.Path(service, "Do"):            {},
		testkit.Path(object, "k", "Exclusive"): {Object: true, ObjectShared: true},
		testkit.Path(object, "k", "Shared"):    {ObjectShared: true},
		testkit.Path(workflow, "k", "Run"):     {ObjectShared: true, Workflow: true, WorkflowShared: true},
		testkit.Path(workflow, "k", "Shared"):  {ObjectShared: true, WorkflowShared: true},
	} {
		t.Run(handler, func(t *testing.T) {
			require.Equal(t, want, testkit.Decode[Tries](t, testkit.Post(t, handler, nil)), handler)
		})
	}
}

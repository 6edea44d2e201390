package durable_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/internal/testkit"
)

type bookmark struct {
	Page int `json:"page"`
}

var (
	shelfMark  = durable.NewStateKey[bookmark]("mark")
	shelfRaw   = durable.NewStateKey[[]byte]("raw", restate.WithBinary)
	shelfProto = durable.NewStateKey[*wrapperspb.StringValue]("proto", restate.WithProto)
	shelfFunc  = durable.NewStateKey[func()]("func")
	shelfNone  durable.StateKey[string]

	loanReturned = durable.NewPromiseKey[bookmark]("returned")
	loanNone     durable.PromiseKey[string]
)

// Shelf is a virtual object whose state is declared.
type Shelf struct{}

func (Shelf) Put(ctx restate.ObjectContext, page int) error {
	return shelfMark.Set(ctx, bookmark{page})
}

func (Shelf) Clear(ctx restate.ObjectContext) error { return shelfMark.Clear(ctx) }

// Spoil stores what is no bookmark.
func (Shelf) Spoil(ctx restate.ObjectContext) error {
	restate.Set(ctx, shelfMark.Name(), "not a bookmark")
	return nil
}

// Mark is what Look found.
type Mark struct {
	Page, Or int
	There    bool
}

func (Shelf) Look(ctx restate.ObjectSharedContext) (out Mark, err error) {
	b, err := shelfMark.Get(ctx)
	if err != nil {
		return out, restate.ToTerminalError(err)
	}
	or, err := shelfMark.GetOr(ctx, bookmark{-1})
	if err != nil {
		return out, err
	}
	_, there, err := shelfMark.Lookup(ctx)
	return Mark{b.Page, or.Page, there}, err
}

// Codecs stores an empty value in each codec but JSON, which is not the same as
// none.
func (Shelf) Codecs(ctx restate.ObjectContext) ([]bool, error) {
	var seen []bool
	look := func() error {
		_, raw, err := shelfRaw.Lookup(ctx)
		if err != nil {
			return err
		}
		_, message, err := shelfProto.Lookup(ctx)
		seen = append(seen, raw, message)
		return err
	}
	if err := look(); err != nil {
		return nil, err
	}
	if err := errors.Join(shelfRaw.Set(ctx, []byte{}), shelfProto.Set(ctx, wrapperspb.String(""))); err != nil {
		return nil, err
	}
	if err := look(); err != nil {
		return nil, err
	}
	if err := shelfProto.Set(ctx, wrapperspb.String("text")); err != nil {
		return nil, err
	}
	text, err := shelfProto.Get(ctx)
	return append(seen, text.GetValue() == "text"), err
}

func (Shelf) Mistakes(ctx restate.ObjectContext) ([]string, error) {
	_, get := shelfNone.Get(ctx)
	return []string{get.Error(), shelfNone.Set(ctx, "").Error(), shelfNone.Clear(ctx).Error(), shelfFunc.Set(ctx, func() {}).Error()}, nil
}

func startShelf(t *testing.T) string {
	name := testkit.Unique("shelf")
	testkit.Start(t, fxrestate.Object[Shelf](testkit.Made(Shelf{}), fxrestate.Name(name)))
	return name
}

func TestDeclaredStateTellsAbsentFromZero(t *testing.T) {
	t.Parallel()
	name := startShelf(t)
	look := func() Mark { return testkit.Decode[Mark](t, testkit.Post(t, testkit.Path(name, "k", "Look"), nil)) }
	require.Equal(t, Mark{0, -1, false}, look())
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "k", "Put"), 0).Status)
	require.Equal(t, Mark{0, 0, true}, look())
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "k", "Put"), 7).Status)
	require.Equal(t, Mark{7, 7, true}, look())
	require.Equal(t, map[string]string{"mark": `{"page":7}`}, testkit.StateOf(t, name, "k"), "the same JSON as with restate.Set")
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "k", "Clear"), nil).Status)
	require.Equal(t, Mark{0, -1, false}, look())
	require.Equal(t, []bool{false, false, true, true, true}, testkit.Decode[[]bool](t, testkit.Post(t, testkit.Path(name, "k", "Codecs"), nil)))
}

func TestDeclaredStateNamesTheKeyOfAMistake(t *testing.T) {
	t.Parallel()
	name := startShelf(t)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "k", "Spoil"), nil).Status)
	require.Equal(t, `durable: StateKey[durable_test.bookmark] "mark": what is stored is no durable_test.bookmark: `+
		`json: cannot unmarshal string into Go value of type durable_test.bookmark`,
		testkit.Failed(t, testkit.Post(t, testkit.Path(name, "k", "Look"), nil)).Message)

	zero := "durable: a StateKey[string] without a name; declare it with durable.NewStateKey[string](name)"
	require.Equal(t, []string{zero, zero, zero, `durable: StateKey[func()] "func": encode: json: unsupported type: func()`},
		testkit.Decode[[]string](t, testkit.Post(t, testkit.Path(name, "k", "Mistakes"), nil)))
}

// Loan is a workflow that waits for a declared promise.
type Loan struct{}

func (Loan) Run(ctx restate.WorkflowContext, patience time.Duration) (int, error) {
	if patience > 0 {
		b, err := loanReturned.Future(ctx).OrTimeout(ctx, patience).Await(ctx)
		return b.Page, err
	}
	b, err := loanReturned.Result(ctx)
	return b.Page, err
}

func (Loan) Return(ctx restate.WorkflowSharedContext, page int) error {
	return loanReturned.Resolve(ctx, bookmark{page})
}

func (Loan) Lose(ctx restate.WorkflowSharedContext) error {
	return loanReturned.Reject(ctx, restate.ToTerminalError(errors.New("lost"), restate.WithErrorCode(http.StatusGone)))
}

// Spoil resolves the promise with what is no bookmark.
func (Loan) Spoil(ctx restate.WorkflowSharedContext) error {
	return restate.Promise[string](ctx, loanReturned.Name()).Resolve("not a bookmark")
}

func (Loan) Look(ctx restate.WorkflowSharedContext) (Mark, error) {
	b, there, err := loanReturned.Peek(ctx)
	if err != nil {
		return Mark{}, restate.ToTerminalError(err)
	}
	return Mark{Page: b.Page, There: there}, nil
}

func (Loan) Mistakes(ctx restate.WorkflowSharedContext) ([]string, error) {
	_, result := loanNone.Result(ctx)
	_, _, peek := loanNone.Peek(ctx)
	return []string{result.Error(), peek.Error(), loanNone.Resolve(ctx, "").Error(), loanNone.Reject(ctx, errors.New("x")).Error(), loanReturned.Reject(ctx, nil).Error()}, nil
}

func startLoan(t *testing.T) string {
	name := testkit.Unique("loan")
	testkit.Start(t, fxrestate.Workflow[Loan](testkit.Made(Loan{}), fxrestate.Name(name)))
	return name
}

func TestDeclaredPromiseIsResolvedOnce(t *testing.T) {
	t.Parallel()
	name := startLoan(t)
	require.Equal(t, Mark{}, testkit.Decode[Mark](t, testkit.Post(t, testkit.Path(name, "w", "Look"), nil)))
	id := testkit.Submit(t, testkit.Path(name, "w", "Run"), 0)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "w", "Return"), 0).Status)
	require.Equal(t, http.StatusConflict, testkit.Failed(t, testkit.Post(t, testkit.Path(name, "w", "Return"), 8)).Code)
	require.Equal(t, http.StatusConflict, testkit.Failed(t, testkit.Post(t, testkit.Path(name, "w", "Lose"), nil)).Code)
	require.Equal(t, 0, testkit.Decode[int](t, testkit.Attach(t, id)))
	require.Equal(t, Mark{There: true}, testkit.Decode[Mark](t, testkit.Post(t, testkit.Path(name, "w", "Look"), nil)), "zero is not absent")
}

func TestDeclaredPromiseIsRejectedOrTimesOut(t *testing.T) {
	t.Parallel()
	name := startLoan(t)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "lost", "Lose"), nil).Status)
	got := testkit.Failed(t, testkit.Post(t, testkit.Path(name, "lost", "Run"), 0))
	require.Equal(t, http.StatusGone, got.Code)
	require.Equal(t, "lost", got.Message)
	require.Equal(t, http.StatusGone, testkit.Failed(t, testkit.Post(t, testkit.Path(name, "lost", "Look"), nil)).Code)

	require.Equal(t, http.StatusRequestTimeout, testkit.Failed(t, testkit.Post(t, testkit.Path(name, "late", "Run"), 20*time.Millisecond)).Code)
}

func TestDeclaredPromiseNamesItselfInAMistake(t *testing.T) {
	t.Parallel()
	name := startLoan(t)
	require.Equal(t, http.StatusOK, testkit.Post(t, testkit.Path(name, "w", "Spoil"), nil).Status)
	require.Contains(t, testkit.Failed(t, testkit.Post(t, testkit.Path(name, "w", "Look"), nil)).Message,
		`durable: PromiseKey[durable_test.bookmark] "returned": what is stored is no durable_test.bookmark: json: `)
	zero := "durable: a PromiseKey[string] without a name; declare it with durable.NewPromiseKey[string](name)"
	require.Equal(t, []string{zero, zero, zero, zero, `durable: PromiseKey[durable_test.bookmark] "returned": Reject without a reason`},
		testkit.Decode[[]string](t, testkit.Post(t, testkit.Path(name, "w", "Mistakes"), nil)))
}

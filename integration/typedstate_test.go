package integration_test

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
	name := unique("shelf")
	start(t, fxrestate.Object[Shelf](made(Shelf{}), fxrestate.Name(name)))
	return name
}

func TestDeclaredStateTellsAbsentFromZero(t *testing.T) {
	t.Parallel()
	name := startShelf(t)
	look := func() Mark { return decode[Mark](t, call(t, path(name, "k", "Look"), nil)) }
	require.Equal(t, Mark{0, -1, false}, look())
	require.Equal(t, http.StatusOK, call(t, path(name, "k", "Put"), 0).status)
	require.Equal(t, Mark{0, 0, true}, look())
	require.Equal(t, http.StatusOK, call(t, path(name, "k", "Put"), 7).status)
	require.Equal(t, Mark{7, 7, true}, look())
	require.Equal(t, map[string]string{"mark": `{"page":7}`}, stateOf(t, name, "k"), "the same JSON as with restate.Set")
	require.Equal(t, http.StatusOK, call(t, path(name, "k", "Clear"), nil).status)
	require.Equal(t, Mark{0, -1, false}, look())
	require.Equal(t, []bool{false, false, true, true, true}, decode[[]bool](t, call(t, path(name, "k", "Codecs"), nil)))
}

func TestDeclaredStateNamesTheKeyOfAMistake(t *testing.T) {
	t.Parallel()
	name := startShelf(t)
	require.Equal(t, http.StatusOK, call(t, path(name, "k", "Spoil"), nil).status)
	require.Equal(t, `durable: StateKey[integration_test.bookmark] "mark": what is stored is no integration_test.bookmark: `+
		`json: cannot unmarshal string into Go value of type integration_test.bookmark`,
		failed(t, call(t, path(name, "k", "Look"), nil)).Message)

	zero := "durable: a StateKey[string] without a name; declare it with durable.NewStateKey[string](name)"
	require.Equal(t, []string{zero, zero, zero, `durable: StateKey[func()] "func": encode: json: unsupported type: func()`},
		decode[[]string](t, call(t, path(name, "k", "Mistakes"), nil)))
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
	name := unique("loan")
	start(t, fxrestate.Workflow[Loan](made(Loan{}), fxrestate.Name(name)))
	return name
}

func TestDeclaredPromiseIsResolvedOnce(t *testing.T) {
	t.Parallel()
	name := startLoan(t)
	require.Equal(t, Mark{}, decode[Mark](t, call(t, path(name, "w", "Look"), nil)))
	id := submit(t, path(name, "w", "Run"), 0)
	require.Equal(t, http.StatusOK, call(t, path(name, "w", "Return"), 0).status)
	require.Equal(t, http.StatusConflict, failed(t, call(t, path(name, "w", "Return"), 8)).Code)
	require.Equal(t, http.StatusConflict, failed(t, call(t, path(name, "w", "Lose"), nil)).Code)
	require.Equal(t, 0, decode[int](t, attach(t, id)))
	require.Equal(t, Mark{There: true}, decode[Mark](t, call(t, path(name, "w", "Look"), nil)), "zero is not absent")
}

func TestDeclaredPromiseIsRejectedOrTimesOut(t *testing.T) {
	t.Parallel()
	name := startLoan(t)
	require.Equal(t, http.StatusOK, call(t, path(name, "lost", "Lose"), nil).status)
	got := failed(t, call(t, path(name, "lost", "Run"), 0))
	require.Equal(t, http.StatusGone, got.Code)
	require.Equal(t, "lost", got.Message)
	require.Equal(t, http.StatusGone, failed(t, call(t, path(name, "lost", "Look"), nil)).Code)

	require.Equal(t, http.StatusRequestTimeout, failed(t, call(t, path(name, "late", "Run"), 20*time.Millisecond)).Code)
}

func TestDeclaredPromiseNamesItselfInAMistake(t *testing.T) {
	t.Parallel()
	name := startLoan(t)
	require.Equal(t, http.StatusOK, call(t, path(name, "w", "Spoil"), nil).status)
	require.Contains(t, failed(t, call(t, path(name, "w", "Look"), nil)).Message,
		`durable: PromiseKey[integration_test.bookmark] "returned": what is stored is no integration_test.bookmark: json: `)
	zero := "durable: a PromiseKey[string] without a name; declare it with durable.NewPromiseKey[string](name)"
	require.Equal(t, []string{zero, zero, zero, zero, `durable: PromiseKey[integration_test.bookmark] "returned": Reject without a reason`},
		decode[[]string](t, call(t, path(name, "w", "Mistakes"), nil)))
}

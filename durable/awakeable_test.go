package durable_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	restate "github.com/restatedev/sdk-go"
	"github.com/restatedev/sdk-go/encoding"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/durable"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/rpc"
)

// Two declarations of the same name, and one of the same name with another type.
var (
	number     = durable.NewAwakeable[int]("number")
	numberToo  = durable.NewAwakeable[int]("number")
	numberText = durable.NewAwakeable[string]("number")
	numberRaw  = durable.NewAwakeable[[]byte]("number", restate.WithBinary)
)

func TestAnAwakeableIsCompletedInsideHandlers(t *testing.T) {
	t.Parallel()
	teapot := restate.ToTerminalError(errors.New("no tea"), restate.WithErrorCode(http.StatusTeapot))
	for does, code := range map[string]struct {
		code func(ctx restate.Context, attempt int32) (string, error)
		want string
	}{
		"its id and value are the same on every attempt": {func(ctx restate.Context, attempt int32) (string, error) {
			id, value, err := number.New(ctx)
			if err != nil {
				return "", err
			}
			first, err := restate.Run(ctx, func(restate.RunContext) (string, error) { return id, nil })
			if err != nil {
				return "", err
			}
			if err := number.Resolve(ctx, id, 42); err != nil {
				return "", err
			}
			n, err := value.Await(ctx)
			if err == nil && attempt < trialAttempts {
				err = errors.New("again")
			}
			return fmt.Sprint(first == id, " ", n, " attempt ", attempt), err
		}, "true 42 attempt 3"},
		"each has an id of its own, whatever its name": {func(ctx restate.Context, _ int32) (string, error) {
			one, first, err := number.New(ctx)
			if err != nil {
				return "", err
			}
			two, second, err := numberToo.New(ctx)
			if err != nil {
				return "", err
			}
			three, third, err := number.New(ctx)
			if err != nil {
				return "", err
			}
			for i, id := range []string{one, two, three} {
				if err := numberToo.Resolve(ctx, id, i); err != nil {
					return "", err
				}
			}
			all, err := durable.All(third, first, second).Await(ctx)
			return fmt.Sprint(all, one != two, two != three), err
		}, "[2 0 1] true true"},
		"the first completion counts": {func(ctx restate.Context, _ int32) (string, error) {
			id, value, err := number.New(ctx)
			if err != nil {
				return "", err
			}
			if err := errors.Join(number.Resolve(ctx, id, 1), number.Resolve(ctx, id, 2), number.Reject(ctx, id, teapot)); err != nil {
				return "", err
			}
			n, err := value.Await(ctx)
			return fmt.Sprint(n), err
		}, "1"},
		"a rejection is terminal and has the code of its reason": {func(ctx restate.Context, _ int32) (string, error) {
			id, value, err := number.New(ctx)
			if err != nil {
				return "", err
			}
			if err := number.Reject(ctx, id, fmt.Errorf("order: %w", teapot)); err != nil {
				return "", err
			}
			_, err = value.Await(ctx)
			failure := restate.AsTerminalError(err)
			return fmt.Sprint(failure.Code(), " ", failure.Message()), nil
		}, "418 no tea"},
		"what does not come in time can be waited for again": {func(ctx restate.Context, _ int32) (string, error) {
			id, value, err := number.New(ctx)
			if err != nil {
				return "", err
			}
			_, late := value.OrTimeout(ctx, time.Millisecond).Await(ctx)
			if err := number.Resolve(ctx, id, 7); err != nil {
				return "", err
			}
			n, err := value.Await(ctx)
			return fmt.Sprint(durable.IsTimeout(late), " ", n), err
		}, "true 7"},
		"its codec is the declared one": {func(ctx restate.Context, _ int32) (string, error) {
			id, value, err := numberRaw.New(ctx)
			if err != nil {
				return "", err
			}
			if err := number.Resolve(ctx, id, 42); err != nil {
				return "", err
			}
			raw, err := value.Await(ctx)
			return "JSON " + string(raw), err
		}, "JSON 42"},
		"it works below a plain context": {func(ctx restate.Context, _ int32) (string, error) {
			below, err := durable.FromContext(context.WithValue(ctx, visitor{}, "Ada"))
			if err != nil {
				return "", err
			}
			id, value, err := number.New(below)
			if err != nil {
				return "", err
			}
			if err := number.Resolve(restate.WithValue(below, visitor{}, "Bob"), id, 3); err != nil {
				return "", err
			}
			n, err := value.Await(ctx)
			return fmt.Sprint(n), err
		}, "3"},
	} {
		t.Run(does, func(t *testing.T) {
			t.Parallel()
			try(t, fxrestate.Config{}, code.code).returns(t, code.want)
		})
	}
}

type visitor struct{}

// Another invocation completes it, with the call of a client.
func TestAnAwakeableIsCompletedByAnotherInvocation(t *testing.T) {
	t.Parallel()
	var resolver rpc.Service[*Resolver]
	try(t, fxrestate.Config{}, func(ctx restate.Context, _ int32) (string, error) {
		id, value, err := number.New(ctx)
		if err != nil {
			return "", err
		}
		if err := rpc.CallVoid(ctx, resolver, (*Resolver).Resolve, id); err != nil {
			return "", err
		}
		n, err := value.Await(ctx)
		return fmt.Sprint(n), err
	}, fxrestate.Service[*Resolver](func() *Resolver { return &Resolver{} }, fxrestate.Name("Resolver")), fx.Populate(&resolver)).returns(t, "42")
}

// Resolver completes awakeables of others.
type Resolver struct{}

func (*Resolver) Resolve(ctx restate.Context, id string) error { return number.Resolve(ctx, id, 42) }

func TestMistakesWithAwakeablesAreErrors(t *testing.T) {
	t.Parallel()
	withID := func(do func(ctx restate.Context, id string, value durable.Future[int]) error) func(restate.Context, int32) (string, error) {
		return func(ctx restate.Context, _ int32) (string, error) {
			id, value, err := number.New(ctx)
			if err != nil {
				return "", err
			}
			return "", do(ctx, id, value)
		}
	}
	for name, tt := range map[string]struct {
		code    func(restate.Context, int32) (string, error)
		status  int
		message string
		once    bool // it is not retried
	}{
		"an id of nothing, resolved": {withID(func(ctx restate.Context, _ string, _ durable.Future[int]) error {
			return number.Resolve(ctx, "nonsense\n", 1)
		}), 400, `durable: Awakeable[int] "number": Resolve: "nonsense\n" is not the id of an awakeable`, true},
		"an id of nothing, rejected": {withID(func(ctx restate.Context, id string, _ durable.Future[int]) error {
			return number.Reject(ctx, id+"A", errors.New("no"))
		}), 400, "", true},
		"a rejection without a reason": {withID(func(ctx restate.Context, id string, _ durable.Future[int]) error {
			return number.Reject(ctx, id, nil)
		}), 500, `durable: Awakeable[int] "number": Reject without a reason`, false},
		"a value of another type": {withID(func(ctx restate.Context, id string, value durable.Future[int]) error {
			if err := numberText.Resolve(ctx, id, "many"); err != nil {
				return err
			}
			_, err := value.Await(ctx)
			return err
		}), 400, `durable: Awakeable[int] "number": it was resolved with a value that is no int: json: cannot unmarshal string into Go value of type int`, true},
		"a value of another type, with the SDK's function": {func(ctx restate.Context, _ int32) (string, error) {
			own := restate.Awakeable[map[string]int](ctx)
			if err := numberText.Resolve(ctx, own.Id(), "many"); err != nil {
				return "", err
			}
			_, err := own.Result()
			return "", err
		}, 400, "durable: restate.Awakeable: it was resolved with a value that is no map[string]int: json: cannot unmarshal string into Go value of type map[string]int", true},
		"a value that does not encode": {withID(func(ctx restate.Context, id string, _ durable.Future[int]) error {
			return durable.NewAwakeable[chan int]("pipe").Resolve(ctx, id, nil)
		}), 500, `durable: Awakeable[chan int] "pipe": encode: json: unsupported type: chan int`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := try(t, fxrestate.Config{}, tt.code)
			if tt.message != "" {
				o.fails(t, tt.status, tt.message)
			}
			require.Equal(t, tt.status, o.Status, o.Body)
			require.Equal(t, tt.once, o.Attempts == 1, "%d attempts", o.Attempts)
		})
	}
}

func TestAZeroAwakeableSaysHowToDeclareIt(t *testing.T) {
	t.Parallel()
	const want = "durable: an Awakeable[int] without a name; declare it with durable.NewAwakeable[int](name)"
	for name, zero := range map[string]durable.Awakeable[int]{
		"not declared": {},
		"unnamed":      durable.NewAwakeable[int](""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, zero.Check(), want)
			id, value, err := zero.New(nil)
			require.EqualError(t, err, want)
			require.Empty(t, id)
			_, err = value.Await(nil)
			require.EqualError(t, err, want)
			require.EqualError(t, zero.Resolve(nil, "sign_1", 1), want)
			require.EqualError(t, zero.Reject(nil, "sign_1", errors.New("no")), want)
		})
	}
	require.Equal(t, "number", number.Name())
	require.Equal(t, encoding.BinaryCodec, numberRaw.Codec())
	require.NotNil(t, number.Codec(), "JSON")
}

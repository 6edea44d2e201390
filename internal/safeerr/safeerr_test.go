package safeerr_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/safeerr"
)

// odd is an error whose methods do what its fields say.
type odd struct {
	text   func() string
	unwrap func() error
	is     func(error) bool
	as     func(any) bool
}

func (e *odd) Error() string        { return e.text() }
func (e *odd) Unwrap() error        { return e.unwrap() }
func (e *odd) Is(target error) bool { return e.is(target) }
func (e *odd) As(target any) bool   { return e.as(target) }

// even returns a well-behaved error, for tests to change.
func even(change func(e *odd)) error {
	e := &odd{
		text: func() string { return "odd" }, unwrap: func() error { return nil },
		is: func(error) bool { return false }, as: func(any) bool { return false },
	}
	change(e)
	return e
}

// many is an error that wraps several.
type many []error

func (many) Error() string     { return "many" }
func (m many) Unwrap() []error { return m }

// byValue has its method on the value, so that the pointer may be nil.
type byValue struct{ text string }

func (e byValue) Error() string { return e.text }

// endlessErr always wraps another endlessErr.
type endlessErr int

func (e endlessErr) Error() string { return "endless" }
func (e endlessErr) Unwrap() error { return e + 1 }

// posing is not an error of the SDK, but looks like one.
type posing struct{ restate.TerminalError }

var errInside = errors.New("inside")

func cyclic() error {
	return even(func(e *odd) { e.unwrap = func() error { return e } })
}

func cyclicMany(others ...error) error {
	m := make(many, 1, 1+len(others))
	m = append(m, others...)
	m[0] = m
	return m
}

// shared is a chain in which each error wraps the next one twice.
func shared() error {
	err := errInside
	for range 60 {
		err = many{err, err}
	}
	return err
}

// deep returns a chain of n errors around one.
func deep(n int) error {
	err := errInside
	for range n {
		err = even(func(e *odd) {
			inner := err
			e.text = errInside.Error
			e.unwrap = func() error { return inner }
		})
	}
	return err
}

// within fails the test if fn does not return soon.
func within(t *testing.T, fn func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); fn() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		require.FailNow(t, "it does not return")
	}
}

func TestErrorsThatBehaveAreLeftAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"none":                                    nil,
		"a plain one":                             errInside,
		"of no text":                              errors.New(""),
		"a wrapped one":                           fmt.Errorf("outside: %w", errInside),
		"joined ones":                             errors.Join(errInside, nil, fs.ErrExist),
		"a terminal one":                          restate.TerminalErrorf("no"),
		"one that cannot be compared":             many{errInside},
		"one that wraps nothing but nil":          many{nil},
		"of as much text as may be":               errors.New(strings.Repeat("x", safeerr.MaxText)),
		"one that says what it is":                even(func(e *odd) { e.is = func(error) bool { return true } }),
		"one whose Is would panic":                even(func(e *odd) { e.is = func(error) bool { panic("is") } }),
		"a nil pointer whose method needs it not": (*needless)(nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := safeerr.Of(err)
			require.Equal(t, fmt.Sprintf("%T %p", err, err), fmt.Sprintf("%T %p", got, got), "another error")
		})
	}
}

type needless struct{}

func (*needless) Error() string { return "a nil pointer is fine" }

func TestErrorsThatDoNotBehaveGetAStandIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err      error
		text     string
		inside   bool // errInside is found
		terminal bool
	}{
		"Error panics": {
			err: even(func(e *odd) {
				e.text = func() string { panic("text") }
				e.unwrap = func() error { return errInside }
			}),
			text: "an error of type *safeerr_test.odd, whose method Error panicked", inside: true,
		},
		"a nil pointer": {
			err:  (*odd)(nil),
			text: "a nil *safeerr_test.odd was returned as an error; return a plain nil if there is no error",
		},
		"a nil pointer to what has its methods by value": {
			err:  (*byValue)(nil),
			text: "a nil *safeerr_test.byValue was returned as an error; return a plain nil if there is no error",
		},
		"Error of what it wraps panics": {
			err: even(func(e *odd) {
				inner := &byValue{"inner"}
				inner = nil
				e.text = func() string { return inner.Error() }
				e.unwrap = func() error { return inner }
			}),
			text: "a nil *safeerr_test.byValue was returned as an error",
		},
		"it wraps itself":                       {err: cyclic(), text: "odd"},
		"it is among those it wraps":            {err: cyclicMany(errInside), text: "many", inside: true},
		"it wraps more errors than are visited": {err: deep(200), text: "inside"},
		"it wraps ever others":                  {err: endlessErr(0), text: "endless"},
		"it wraps too many":                     {err: shared(), text: "many", inside: true},
		"the terminal error inside is found": {
			err: fmt.Errorf("outside: %w", even(func(e *odd) {
				e.unwrap = func() error { return errors.Join(restate.TerminalErrorf("no"), e) }
			})),
			text: "outside: odd", terminal: true,
		},
		"Unwrap panics": {
			err:  many{even(func(e *odd) { e.unwrap = func() error { panic("unwrap") } }), errInside},
			text: "many", inside: true,
		},
		"its text is too long": {
			err:  fmt.Errorf("%s%w", strings.Repeat("é", safeerr.MaxText), errInside),
			text: "ééé", inside: true,
		},
		"its text is not UTF-8": {err: fmt.Errorf("a\xffb %w", errInside), text: "a\uFFFDb inside", inside: true},
		"its text is all but UTF-8": {
			err:  fmt.Errorf("%s%w", strings.Repeat("\xffa", safeerr.MaxText/2-3), errInside),
			text: "\uFFFDa\uFFFDa", inside: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			within(t, func() {
				got := safeerr.Of(test.err)
				require.NotEqual(t, fmt.Sprintf("%T", test.err), fmt.Sprintf("%T", got))
				require.Same(t, got, safeerr.Of(got), "a stand-in is safe")
				text := got.Error()
				require.True(t, strings.HasPrefix(text, test.text), text)
				require.LessOrEqual(t, len(text), safeerr.MaxText)
				require.True(t, utf8.ValidString(text))

				// The standard library finds the inner errors, and an end of the chain.
				require.Equal(t, test.inside, errors.Is(got, errInside))
				require.NotErrorIs(t, got, fs.ErrNotExist)
				require.Equal(t, test.terminal, restate.IsTerminalError(got))
				var pathError *fs.PathError
				require.False(t, errors.As(got, &pathError))

				require.Equal(t, test.inside, safeerr.Is(test.err, errInside))
				require.Equal(t, test.terminal, safeerr.Terminal(test.err) != nil)
				require.Equal(t, text, safeerr.Text(test.err))
			})
		})
	}
}

func TestMethodsThatPanicAreSurvived(t *testing.T) {
	t.Parallel()
	err := many{even(func(e *odd) {
		e.is = func(error) bool { panic("is") }
		e.as = func(any) bool { panic("as") }
	}), errInside, restate.TerminalErrorf("no")}
	require.True(t, safeerr.Is(err, errInside))
	require.False(t, safeerr.Is(err, fs.ErrExist))
	require.False(t, safeerr.Is(err, many{}), "errors that cannot be compared")
	require.False(t, safeerr.Is(err, nil))
	require.False(t, safeerr.Is(nil, errInside))
	require.Equal(t, "no", safeerr.Terminal(err).Message())
	_, ok := safeerr.As[*fs.PathError](err)
	require.False(t, ok)

	for _, target := range []any{nil, "no pointer", (*error)(nil)} {
		t.Run(fmt.Sprintf("%T", target), func(t *testing.T) {
			require.False(t, safeerr.AsTarget(err, target))
		})
	}

	converts := even(func(e *odd) {
		e.as = func(target any) bool {
			t, ok := target.(*restate.TerminalError)
			if ok {
				*t = restate.TerminalErrorf("converted")
			}
			return ok
		}
	})
	require.Equal(t, "converted", safeerr.Terminal(converts).Message(), "methods As count")
}

func TestATerminalErrorIsTheSDKsOwnWithinBounds(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", safeerr.MaxMessage+1)
	for name, test := range map[string]struct {
		err      error
		message  string
		metadata map[string]string
	}{
		"as it is":                {restate.ToTerminalError(errInside, restate.WithErrorCode(404)), "inside", nil},
		"as long as an answer is": {restate.ToTerminalError(errors.New(long[1:]), restate.WithErrorCode(404)), long[1:], nil},
		"too long":                {restate.ToTerminalError(errors.New(long), restate.WithErrorCode(404)), safeerr.Bound(long, safeerr.MaxMessage), nil},
		"not UTF-8": {
			restate.ToTerminalError(errors.New("\xff"), restate.WithErrorCode(404), restate.WithMetadata("\xfe", "\xfd")),
			"\uFFFD",
			map[string]string{"\uFFFD": "\uFFFD"},
		},
		"of a type that embeds one": {posing{restate.ToTerminalError(errInside, restate.WithErrorCode(404))}, "inside", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, err := range []error{test.err, fmt.Errorf("outside: %w", test.err)} {
				t.Run(fmt.Sprintf("%T", err), func(t *testing.T) {
					got := safeerr.Terminal(err)
					require.NotNil(t, got)
					require.EqualValues(t, 404, got.Code())
					require.Equal(t, test.message, got.Message())
					if test.metadata != nil {
						require.Equal(t, test.metadata, got.Metadata().ToMap())
					}
					for _, out := range []error{safeerr.ForSDK(err), safeerr.Logged(err)} {
						t.Run(fmt.Sprintf("%T", out), func(t *testing.T) {
							require.Equal(t, test.message, restate.AsTerminalError(out).Message())
							require.LessOrEqual(t, len(out.Error()), safeerr.MaxText, "what the SDK logs")
						})
					}
				})
			}
		})
	}
	require.Nil(t, safeerr.Terminal(posing{}), "it embeds nothing")
	require.Nil(t, safeerr.Terminal(nil))
}

func TestARetryableErrorKeepsItsCode(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("till: %w", restate.ToRetryableError(errInside, restate.WithErrorCode(503)))
	out := safeerr.ForSDK(err)
	require.EqualError(t, out, "till: [503] inside")
	require.EqualValues(t, 503, restate.AsRetryableError(out).Code())
	require.Equal(t, "inside", restate.AsRetryableError(out).Message())

	mute := restate.ToRetryableError(even(func(e *odd) { e.text = func() string { panic("text") } }), restate.WithErrorCode(503))
	require.EqualValues(t, 503, safeerr.Retryable(mute).Code())
	require.NotPanics(t, func() { _ = safeerr.Retryable(mute).Message() })
	require.Nil(t, safeerr.Retryable(errInside))
}

func TestNothingButValuesGoesToTheSDK(t *testing.T) {
	t.Parallel()
	within(t, func() {
		for _, err := range []error{cyclic(), cyclicMany(), shared(), endlessErr(0), (*odd)(nil), context.Canceled} {
			t.Run(fmt.Sprintf("%T", err), func(t *testing.T) {
				out := safeerr.ForSDK(err)
				require.NotErrorIs(t, out, context.Canceled, "user code would be asked")
				require.False(t, restate.IsTerminalError(out))
				require.False(t, safeerr.IsLogged(out))
				require.True(t, safeerr.IsLogged(safeerr.Logged(err)))
				require.Equal(t, safeerr.Text(err), out.Error())
			})
		}
	})
	require.NoError(t, safeerr.ForSDK(nil))
	require.NoError(t, safeerr.Logged(nil))
	require.False(t, safeerr.IsLogged("text"))
}

// named says what it is.
type named struct{ says func() string }

func (n named) String() string { return n.says() }

func TestTheTextOfAPanicHasNoAddresses(t *testing.T) {
	t.Parallel()
	self := []any{nil}
	self[0] = self
	number := 7
	type kilometres float64
	type word string
	for name, test := range map[string]struct {
		value any
		text  string
	}{
		"nil":                     {nil, "nil"},
		"a string":                {"ouch", "ouch"},
		"a number":                {7, "7"},
		"a number with a name":    {kilometres(1.5), "1.5"},
		"a word with a name":      {word("ouch"), "ouch"},
		"a truth":                 {true, "true"},
		"an error":                {errInside, "inside"},
		"what has a text":         {named{func() string { return "says" }}, "says"},
		"what has none after all": {named{func() string { panic("says") }}, "a value of type safeerr_test.named, whose method String panicked"},
		"a nil error":             {(*odd)(nil), "a nil *safeerr_test.odd was returned as an error; return a plain nil if there is no error"},
		"a pointer":               {&number, "a value of type *int"},
		"a channel":               {make(chan int), "a value of type chan int"},
		"a function":              {func() {}, "a value of type func()"},
		"a struct":                {struct{ p *int }{&number}, "a value of type struct { p *int }"},
		"what holds itself":       {self, "a value of type []interface {}"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.text, safeerr.TextOf(test.value))
		})
	}
	long := safeerr.TextOf(strings.Repeat("x", 10<<20))
	require.Len(t, long, safeerr.MaxText)
	require.True(t, strings.HasSuffix(long, "… (cut, of 10485760 bytes)"))
	more := safeerr.TextOf(strings.Repeat("y", 10) + long)
	require.Len(t, more, safeerr.MaxText)
	require.True(t, strings.HasSuffix(more, "x… (cut, of 10485760 bytes)"), "the size of the text that was cut first")
}

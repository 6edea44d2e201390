package safeerr_test

import (
	"errors"
	"fmt"
	"testing"
	"unicode/utf8"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/safeerr"
)

// grow builds an error from a program: each byte says what the next error does with the
// ones before. It reports whether all of them are well-behaved.
func grow(program []byte) (err error, behaves bool) {
	var all []error
	behaves = true
	last := func(n int) error {
		if len(all) == 0 {
			return errInside
		}
		return all[n%len(all)]
	}
	for i, op := range program {
		n := int(op >> 4)
		switch op & 0xf {
		case 0:
			all = append(all, fmt.Errorf("%d: %w", i, last(i-1)))
		case 1:
			all = append(all, errors.Join(last(i-1), last(n)))
		case 2:
			all = append(all, restate.ToTerminalError(fmt.Errorf("terminal %d", i), restate.WithErrorCode(restate.Code(400+n))))
		case 3:
			all = append(all, restate.ToRetryableError(last(n), restate.WithErrorCode(503))) // without asking it
		case 4:
			inner := last(n)
			all = append(all, even(func(e *odd) {
				e.text = func() string { panic("text") }
				e.unwrap = func() error { return inner }
			}))
			behaves = false
		case 5:
			inner := last(n)
			all = append(all, even(func(e *odd) {
				e.unwrap = func() error { return errors.Join(inner, e) }
			}))
			behaves = false
		case 6:
			all = append(all, even(func(e *odd) {
				e.unwrap = func() error { panic("unwrap") }
				e.is = func(error) bool { panic("is") }
				e.as = func(any) bool { panic("as") }
			}))
			behaves = false
		case 7:
			all = append(all, fmt.Errorf("%s%w", program, last(n)))
		default:
			all = append(all, fmt.Errorf("%w and %w", last(i-1), last(n)))
		}
	}
	return last(len(all) - 1), behaves
}

func FuzzErrors(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte{2, 0, 0, 0x11})
	f.Add([]byte{4, 0, 1})
	f.Add([]byte{2, 5, 0, 0x05})
	f.Add([]byte{6, 2, 1})
	f.Add([]byte("\x07\xff\x07\xfe"))
	f.Add([]byte{8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8})
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) > 64 {
			return
		}
		err, behaves := grow(program)
		safe := safeerr.Of(err)
		for _, e := range []error{safe, safeerr.ForSDK(err), safeerr.Logged(err)} {
			text := e.Error()
			require.LessOrEqual(t, len(text), safeerr.MaxText)
			require.True(t, utf8.ValidString(text))
			require.Equal(t, safeerr.Terminal(err) != nil, restate.IsTerminalError(e))
		}
		errors.Is(safe, errors.ErrUnsupported) // comes back
		if behaves && len(program) < 10 {      // more may be too many for the standard library
			require.Equal(t, errors.Is(err, errInside), errors.Is(safe, errInside))
			require.Equal(t, errors.Is(err, errInside), safeerr.Is(err, errInside))
			require.Equal(t, restate.AsTerminalError(err), safeerr.Terminal(err))
		}
	})
}

package safeerr

import (
	"errors"
	"reflect"
	"strings"

	restate "github.com/restatedev/sdk-go"
)

// Of returns err if it is safe. Otherwise it returns an error with a safe text, in which
// errors.Is and errors.As still find the errors that err wraps, as far as they can be
// read.
//
// An error is safe if its text can be read, is valid UTF-8 and has at most [MaxText]
// bytes, and if its chain is finite. Of does not call the methods Is and As, because
// their behaviour depends on the target.
func Of(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := err.(*standIn); ok {
		return err
	}
	raw, text := "", ""
	ok := survives(func() bool {
		raw = err.Error()
		return true
	})
	if ok {
		text = Bound(raw, MaxText)
	} else {
		text = mute(err)
	}
	if ok && text == raw && !endless(err) {
		return err
	}
	return &standIn{text: text, err: err}
}

// standIn replaces an error that is not safe.
type standIn struct {
	text string
	err  error
}

func (e *standIn) Error() string        { return e.text }
func (e *standIn) Is(target error) bool { return Is(e.err, target) }
func (e *standIn) As(target any) bool   { return AsTarget(e.err, target) }

// Terminal returns the terminal error that err is or wraps, or nil. The result is always
// an error of the SDK, with a message of at most [MaxMessage] bytes of valid UTF-8.
func Terminal(err error) restate.TerminalError {
	t, ok := As[restate.TerminalError](err)
	if !ok {
		return nil
	}
	var code restate.Code
	var message string
	metadata := map[string]string{}
	same := ofSDK(t)
	ok = survives(func() bool {
		code, message = t.Code(), t.Message()
		for k, v := range t.Metadata().Iter() {
			safeKey, safeValue := valid(k), valid(v)
			same = same && safeKey == k && safeValue == v
			metadata[safeKey] = safeValue
		}
		return true
	})
	if !ok {
		return nil // it embeds a nil error
	}
	safe := Bound(message, MaxMessage)
	if same && safe == message {
		return t
	}
	return restate.ToTerminalError(errors.New(safe), restate.WithErrorCode(code), restate.WithMetadataMap(metadata))
}

// Retryable is like Terminal for the SDK's retryable errors, with a message of at most
// [MaxText] bytes.
func Retryable(err error) restate.RetryableError {
	r, ok := As[restate.RetryableError](err)
	if !ok {
		return nil
	}
	var code restate.Code
	var message string
	ok = survives(func() bool {
		code = r.Code()
		return true
	})
	if !ok {
		return nil
	}
	if message, ok = Read(r.Message); !ok {
		message = Text(err)
	}
	return restate.ToRetryableError(errors.New(message), restate.WithErrorCode(code))
}

// ForSDK converts err for the SDK: to an error of plain values, with its text and with
// the terminal or retryable error that err is or wraps.
func ForSDK(err error) error {
	if err == nil {
		return nil
	}
	out := &plain{text: Text(err)}
	if t := Terminal(err); t != nil {
		out.wraps = t
	} else if r := Retryable(err); r != nil {
		out.wraps = r
	}
	return out
}

// Logged is ForSDK for an error that is already logged, and that the SDK will log again:
// see [IsLogged].
func Logged(err error) error {
	if err == nil {
		return nil
	}
	return &logged{ForSDK(err)}
}

// IsLogged reports whether a value that the SDK logs was made by [Logged].
func IsLogged(value any) bool {
	_, ok := value.(*logged)
	return ok
}

type logged struct{ error }

func (e *logged) Unwrap() error { return e.error }

// plain is an error of plain values.
type plain struct {
	text  string
	wraps error
}

func (e *plain) Error() string { return e.text }
func (e *plain) Unwrap() error { return e.wraps }

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// ofSDK reports whether an error has a type of the SDK, whose methods are safe.
func ofSDK(err error) bool {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return strings.HasPrefix(t.PkgPath(), "github.com/restatedev/sdk-go/")
}

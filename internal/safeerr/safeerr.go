package safeerr

import (
	"errors"
	"reflect"
	"strings"

	restate "github.com/restatedev/sdk-go"
)

// Of returns err, or, if that is not safe, an error with a safe text in which
// errors.Is and errors.As still find what err wraps, as far as it can be looked
// through.
//
// Safe is an error whose text can be read, is valid UTF-8 and at most [MaxText] bytes
// long, and whose chain has an end. Of does not call methods Is and As: what they do
// depends on what they are asked.
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

// standIn stands in for an error that is not safe.
type standIn struct {
	text string
	err  error
}

func (e *standIn) Error() string        { return e.text }
func (e *standIn) Is(target error) bool { return Is(e.err, target) }
func (e *standIn) As(target any) bool   { return AsTarget(e.err, target) }

// Terminal returns the terminal error that err is or wraps, with a message of at most
// [MaxMessage] bytes of valid UTF-8, or nil. It is the SDK's own, whatever err wraps.
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
		return nil // it embeds one that is nil
	}
	safe := Bound(message, MaxMessage)
	if same && safe == message {
		return t
	}
	return restate.ToTerminalError(errors.New(safe), restate.WithErrorCode(code), restate.WithMetadataMap(metadata))
}

// Retryable is Terminal for the SDK's errors that are retried, with a message of at
// most [MaxText] bytes.
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

// ForSDK returns what the SDK is given for err: an error of plain values, with the
// text, and with the terminal or retryable error that err is or wraps.
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

// Logged is ForSDK for an error that the SDK is going to log although there is a line
// about it already: see [IsLogged].
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

// ofSDK reports whether an error's type is the SDK's, whose methods are safe.
func ofSDK(err error) bool {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return strings.HasPrefix(t.PkgPath(), "github.com/restatedev/sdk-go/")
}

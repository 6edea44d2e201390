package safeerr

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Text returns the text of an error, of at most [MaxText] bytes of valid UTF-8. If
// its method panics it returns what there is to say about that.
func Text(err error) string {
	if text, ok := Read(err.Error); ok {
		return text
	}
	return mute(err)
}

// mute is the text of an error whose own cannot be read. It names the innermost of
// its chain that is to blame.
func mute(err error) string {
	Chain(err, func(e error) bool {
		if _, ok := Read(e.Error); !ok {
			err = e
		}
		return false
	})
	if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Sprintf("a nil %T was returned as an error; return nil itself where there is none", err)
	}
	return fmt.Sprintf("an error of type %T, whose method Error panicked", err)
}

// TextOf returns the text of what code panicked with, within the bounds of [Text].
// Of values that have no text of their own it tells the type: what they hold may be
// addresses, or lead back to themselves.
func TextOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "nil"
	case error:
		return Text(v)
	case string:
		return Bound(v, MaxText)
	case fmt.Stringer:
		if text, ok := Read(v.String); ok {
			return text
		}
		return fmt.Sprintf("a value of type %T, whose method String panicked", value)
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Bool,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return fmt.Sprint(value)
	case reflect.String:
		return Bound(v.String(), MaxText)
	default:
		return fmt.Sprintf("a value of type %T", value)
	}
}

// Read returns what fn returns, within the bounds of [Text]. It reports false when fn
// panics.
func Read(fn func() string) (text string, ok bool) {
	ok = survives(func() bool {
		text = fn()
		return true
	})
	if !ok {
		return "", false
	}
	return Bound(text, MaxText), true
}

// Bound returns text as valid UTF-8 of at most limit bytes. One that was cut says how
// long it was.
func Bound(text string, limit int) string {
	if len(text) <= limit && utf8.ValidString(text) {
		return text
	}
	size := len(text)
	// What is not UTF-8 grows when it is replaced.
	valid := strings.ToValidUTF8(text[:min(size, limit)], "\uFFFD")
	if size <= limit && len(valid) <= limit {
		return valid
	}
	end := fmt.Sprintf("%s%d%s", cutBefore, size, cutAfter)
	if earlier := strings.LastIndex(text[max(0, size-limit/2):], cutBefore); earlier >= 0 && strings.HasSuffix(text, cutAfter) {
		end = text[max(0, size-limit/2)+earlier:] // a part of it was cut before
	}
	n := min(len(valid), limit-len(end))
	for n > 0 && n < len(valid) && !utf8.RuneStart(valid[n]) {
		n--
	}
	return valid[:n] + end
}

// What stands before and after the size of a text that was cut.
const (
	cutBefore = "… (cut, of "
	cutAfter  = " bytes)"
)

package safeerr

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Text returns the text of an error, of at most [MaxText] bytes of valid UTF-8. If its
// method Error panics, the text says so.
func Text(err error) string {
	if text, ok := Read(err.Error); ok {
		return text
	}
	return mute(err)
}

// mute returns the text for an error whose own text cannot be read. It names the
// innermost error of the chain that panics.
func mute(err error) string {
	Chain(err, func(e error) bool {
		if _, ok := Read(e.Error); !ok {
			err = e
		}
		return false
	})
	if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Sprintf("a nil %T was returned as an error; return a plain nil if there is no error", err)
	}
	return fmt.Sprintf("an error of type %T, whose method Error panicked", err)
}

// TextOf returns the text of the value of a panic, with the limits of [Text]. For a
// value without a text it returns the type, because the contents may be addresses or
// cyclic.
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

// Read returns the result of fn, with the limits of [Text]. It returns false if fn
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

// Bound returns text as valid UTF-8 of at most limit bytes. A text that was cut includes
// its original length.
func Bound(text string, limit int) string {
	if len(text) <= limit && utf8.ValidString(text) {
		return text
	}
	size := len(text)
	// Replacing invalid UTF-8 makes the text longer.
	valid := strings.ToValidUTF8(text[:min(size, limit)], "\uFFFD")
	if size <= limit && len(valid) <= limit {
		return valid
	}
	end := fmt.Sprintf("%s%d%s", cutBefore, size, cutAfter)
	if earlier := strings.LastIndex(text[max(0, size-limit/2):], cutBefore); earlier >= 0 && strings.HasSuffix(text, cutAfter) {
		end = text[max(0, size-limit/2)+earlier:] // the text was already cut before
	}
	n := min(len(valid), limit-len(end))
	for n > 0 && n < len(valid) && !utf8.RuneStart(valid[n]) {
		n--
	}
	return valid[:n] + end
}

// The text before and after the original size of a cut text.
const (
	cutBefore = "… (cut, of "
	cutAfter  = " bytes)"
)

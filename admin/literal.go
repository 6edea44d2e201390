package admin

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// bind replaces each placeholder of a query by the literal of its argument.
func bind(sql string, args []any) (string, error) {
	var bound strings.Builder
	used := 0
	for text := range tokens(sql) {
		if text != "?" {
			bound.WriteString(text)
			continue
		}
		if used < len(args) {
			literal, err := literals(args[used])
			if err != nil {
				return "", fmt.Errorf("admin: argument %d of a query: %w", used+1, err)
			}
			// Spaces keep the literal apart from what is around it: E? and -? would
			// otherwise begin an escaped string and a comment.
			bound.WriteString(" " + literal + " ")
		}
		used++
	}
	if used != len(args) {
		return "", fmt.Errorf("admin: a query has %d placeholders (?) and %d arguments", used, len(args))
	}
	return bound.String(), nil
}

// noValues selects no rows. Within IN (…) it is the list without a value, which SQL does not
// have: nothing is in it, and everything is not in it.
const noValues = "SELECT NULL WHERE FALSE"

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// literals returns the literal of a value, or those of the elements of a slice.
func literals(arg any) (string, error) {
	value := reflect.ValueOf(arg)
	if !value.IsValid() || value.Kind() != reflect.Slice && value.Kind() != reflect.Array || value.Type().Elem().Kind() == reflect.Uint8 {
		return literal(value)
	}
	if value.Len() == 0 {
		return noValues, nil
	}
	list := make([]string, value.Len())
	for i := range list {
		var err error
		if list[i], err = literal(value.Index(i)); err != nil {
			return "", err
		}
	}
	return strings.Join(list, ", "), nil
}

// literal returns one value as a literal.
func literal(value reflect.Value) (string, error) {
	if !value.IsValid() {
		return "NULL", nil
	}
	switch {
	case value.Type() == timeType:
		at := value.Interface().(time.Time)
		return fmt.Sprintf("to_timestamp_millis(%d)", at.UnixMilli()), nil
	case value.Type() == durationType:
		return "", errors.New("a time.Duration has no literal: pass its number in the unit of the column")
	}
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if value.IsNil() {
			return "NULL", nil
		}
		return literal(value.Elem())
	case reflect.String:
		if !utf8.ValidString(value.String()) {
			return "", errors.New("a string that is not UTF-8 would arrive as another one: pass it as []byte")
		}
		return Quote(value.String()), nil
	case reflect.Bool:
		return strings.ToUpper(strconv.FormatBool(value.Bool())), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(value.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(value.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		if math.IsNaN(value.Float()) || math.IsInf(value.Float(), 0) {
			return "", fmt.Errorf("%v is not a number of SQL", value.Float())
		}
		return strconv.FormatFloat(value.Float(), 'e', -1, value.Type().Bits()), nil
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return "X'" + hex.EncodeToString(value.Bytes()) + "'", nil
		}
	}
	return "", fmt.Errorf("a %s has no literal: pass a string, a number, a bool, a time.Time, a []byte or a slice of one of them", value.Type())
}

package textvalue_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/textvalue"
)

type (
	name  string
	level int
	picky struct{ text string }
)

func (p *picky) UnmarshalText(text []byte) error {
	if len(text) > 3 {
		return errors.New("internal: " + string(text))
	}
	p.text = string(text)
	return nil
}

func TestTextFillsWhatItFits(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		text string
		want any
	}{
		"a string":                     {"a b", "a b"},
		"an empty string":              {"", ""},
		"a string of another name":     {"x", name("x")},
		"a bool":                       {"true", true},
		"a bool in short":              {"0", false},
		"an int":                       {"-7", -7},
		"the smallest int8":            {"-128", int8(-128)},
		"the largest uint64":           {"18446744073709551615", uint64(math.MaxUint64)},
		"an int of another name":       {"+3", level(3)},
		"a float":                      {"-1.5e3", -1500.0},
		"the largest float32":          {"3.4028235e38", float32(math.MaxFloat32)},
		"a time":                       {"2026-01-02T03:04:05Z", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
		"an address":                   {"::1", netip.MustParseAddr("::1")},
		"a large number":               {"12345678901234567890", *must(new(big.Int).SetString("12345678901234567890", 10))},
		"a type with UnmarshalText":    {"abc", picky{"abc"}},
		"an encoding/json.Number":      {"12", json.Number("12")},
		"a string that looks like one": {"NaN", "NaN"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			v := reflect.New(reflect.TypeOf(test.want)).Elem()
			require.True(t, textvalue.Takes(v.Type()))
			require.NoError(t, textvalue.Set(v, test.text))
			require.Equal(t, test.want, v.Interface())
		})
	}
}

func must(n *big.Int, ok bool) *big.Int {
	if !ok {
		panic("no number")
	}
	return n
}

func TestTextThatDoesNotFitIsExplainedAndNotRepeated(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		text string
		into any
		want string
	}{
		"a bool":                    {"perhaps", false, "is not true or false"},
		"an int":                    {"1.0", 0, "is not a whole number, or is too large"},
		"an int in another base":    {"0x10", 0, "is not a whole number, or is too large"},
		"an int with an underscore": {"1_000", 0, "is not a whole number, or is too large"},
		"an empty int":              {"", 0, "is not a whole number, or is too large"},
		"an int8":                   {"128", int8(0), "is not a whole number, or is too large"},
		"a uint":                    {"-1", uint(0), "is not a whole number from 0 on, or is too large"},
		"a float":                   {"one", 0.0, "is not a number, or is too large"},
		"no number":                 {"NaN", 0.0, "is not a number, or is too large"},
		"a number without an end":   {"-Infinity", float32(0), "is not a number, or is too large"},
		"a float too large":         {"1e999", 0.0, "is not a number, or is too large"},
		"a float32 too large":       {"3.5e38", float32(0), "is not a number, or is too large"},
		"a time":                    {"yesterday", time.Time{}, "is not valid"},
		"a type with UnmarshalText": {"abcd", picky{}, "is not valid"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, textvalue.Set(reflect.New(reflect.TypeOf(test.into)).Elem(), test.text), test.want)
		})
	}
}

func TestTypesThatNoTextFills(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		[]string{}, map[string]int{}, struct{}{}, new(int), func() {}, make(chan int), complex64(0), [1]int{}, uintptr(0),
	} {
		t.Run(reflect.TypeOf(v).String(), func(t *testing.T) {
			t.Parallel()
			require.False(t, textvalue.Takes(reflect.TypeOf(v)))
		})
	}
}

// FuzzSet checks that every accepted value can be JSON, and that an error does not
// repeat the text.
func FuzzSet(f *testing.F) {
	for _, text := range []string{"", "0", "-1", "NaN", "Inf", "1e400", "0x1p-2", "true", "\xff", "1_0", "٣"} {
		f.Add(text)
	}
	explanations := []string{
		"is not true or false", "is not a whole number, or is too large",
		"is not a whole number from 0 on, or is too large", "is not a number, or is too large",
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, into := range []any{"", false, 0, int8(0), uint(0), uint16(0), float32(0), 0.0} {
			v := reflect.New(reflect.TypeOf(into)).Elem()
			if err := textvalue.Set(v, text); err != nil {
				require.Contains(t, explanations, err.Error())
				continue
			}
			encoded, err := json.Marshal(v.Interface())
			require.NoError(t, err)
			again := reflect.New(v.Type())
			require.NoError(t, json.Unmarshal(encoded, again.Interface()))
			if want := v.Interface(); v.Kind() == reflect.String {
				require.Equal(t, strings.ToValidUTF8(text, "\ufffd"), strings.ToValidUTF8(want.(string), "\ufffd"))
			} else {
				require.Equal(t, want, again.Elem().Interface())
			}
		}
	})
}

func TestTheTextOfAValueIsWhatFillsIt(t *testing.T) {
	t.Parallel()
	for want, value := range map[string]any{
		"a b": "a b", "": name(""), "true": true, "-128": int8(-128), "3": level(3),
		"18446744073709551615": uint64(math.MaxUint64), "-1500": -1500.0, "0.1": float32(0.1),
		"2026-01-02T03:04:05Z": time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "::1": netip.MustParseAddr("::1"),
		"12345678901234567890": *must(new(big.Int).SetString("12345678901234567890", 10)),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			v := reflect.New(reflect.TypeOf(value)).Elem()
			require.True(t, textvalue.Gives(v.Type()))
			require.NoError(t, textvalue.Set(v, want))
			require.Equal(t, value, v.Interface())
			text, err := textvalue.Text(v)
			require.NoError(t, err)
			require.Equal(t, want, text)
		})
	}
	require.False(t, textvalue.Gives(reflect.TypeFor[picky]()), "it takes text that it does not give")
	require.False(t, textvalue.Gives(reflect.TypeFor[[]string]()))
	infinite := math.Inf(1)
	_, err := textvalue.Text(reflect.ValueOf(&infinite).Elem())
	require.Error(t, err)
}

package schematest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

type (
	// Level writes and reads text.
	Level int
	// Shout writes text and reads a number.
	Shout int
	// Whisper reads text and writes a number.
	Whisper int
	// Far writes text where it has an address.
	Far int
	// FarStruct does, and is a struct.
	FarStruct struct{ N int }
	// Words is a slice that writes text.
	Words []string
	// Env is a map that writes text.
	Env map[string]string
	// Point writes and reads JSON.
	Point struct{ X, Y int }
	// Money writes JSON alone.
	Money struct{ Cents int }
	// Date reads JSON alone, in more than one form.
	Date struct{ Year int }
	// FarPoint writes JSON where it has an address.
	FarPoint struct{ X int }
	// Handler is a function that writes JSON.
	Handler func()
	// Complex is a complex number that writes text.
	Complex complex128
	// Marshalers has all of them in fields, by value and by pointer.
	Marshalers struct {
		Level    Level        `json:"level"`
		LevelP   *Level       `json:"levelP"`
		Shout    Shout        `json:"shout"`
		Whisper  Whisper      `json:"whisper"`
		Far      Far          `json:"far"`
		FarP     *Far         `json:"farP"`
		Fars     []Far        `json:"fars"`
		FarMap   map[int]Far  `json:"farMap"`
		Struct   FarStruct    `json:"struct"`
		Words    Words        `json:"words"`
		Env      *Env         `json:"env"`
		Point    Point        `json:"point"`
		Money    []Money      `json:"money"`
		Date     Date         `json:"date"`
		FarPoint FarPoint     `json:"farPoint"`
		Handler  Handler      `json:"handler"`
		Complex  Complex      `json:"complex"`
		Letters  [2]Letter    `json:"letters"`
		Bytes    []Letter     `json:"bytes"`
		Digits   []FarLetter  `json:"digits"`
		Self     *Marshalers  `json:"self"`
		Any      []Marshalers `json:"any"`
	}
	// Letter is a byte that writes text.
	Letter byte
	// FarLetter is one that does where it has an address.
	FarLetter byte
)

// MarshalText and the others are as the types say.
func (l Level) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "level-%d", int(l)), nil }

func (l *Level) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "level-%d", (*int)(l))
	return err
}

func (s Shout) MarshalText() ([]byte, error) { return []byte(strings.Repeat("A", int(s))), nil }

func (w *Whisper) UnmarshalText(text []byte) error { *w = Whisper(len(text)); return nil }

func (f *Far) MarshalText() ([]byte, error) { return strconv.AppendInt(nil, int64(*f), 2), nil }

func (f *Far) UnmarshalText(text []byte) error {
	n, err := strconv.ParseInt(string(text), 2, 64)
	*f = Far(n)
	return err
}

func (f *FarStruct) MarshalText() ([]byte, error) { return []byte(strconv.Itoa(f.N)), nil }

func (w Words) MarshalText() ([]byte, error) { return []byte(strings.Join(w, " ")), nil }

func (w *Words) UnmarshalText(text []byte) error { *w = strings.Fields(string(text)); return nil }

func (e Env) MarshalText() ([]byte, error) { return fmt.Append(nil, len(e)), nil }

func (p Point) MarshalJSON() ([]byte, error) { return json.Marshal([2]int{p.X, p.Y}) }

func (p *Point) UnmarshalJSON(data []byte) error {
	var xy [2]int
	err := json.Unmarshal(data, &xy)
	p.X, p.Y = xy[0], xy[1]
	return err
}

func (m Money) MarshalJSON() ([]byte, error) { return []byte(strconv.Itoa(m.Cents)), nil }

func (d *Date) UnmarshalJSON(data []byte) error { d.Year = len(data); return nil }

func (p *FarPoint) MarshalJSON() ([]byte, error) { return []byte(strconv.Itoa(p.X)), nil }

func (Handler) MarshalJSON() ([]byte, error) { return []byte(`"handler"`), nil }

func (c Complex) MarshalText() ([]byte, error) { return fmt.Append(nil, complex128(c)), nil }

func (l Letter) MarshalText() ([]byte, error) { return []byte{byte(l)%26 + 'a'}, nil }

func (l *FarLetter) MarshalText() ([]byte, error) { return []byte{byte(*l)%26 + 'a'}, nil }

func methods() []Type {
	level, far := Level(3), Far(5)
	all := Marshalers{
		3, &level, 2, 2, 5, &far,
		[]Far{1},
		map[int]Far{1: 2},
		FarStruct{1},
		Words{"a", "b"},
		&Env{"a": "b"},
		Point{1, 2},
		[]Money{{3}},
		Date{4},
		FarPoint{5},
		func() {}, 1i,
		[2]Letter{1, 2},
		[]Letter{3},
		[]FarLetter{4},
		nil,
		[]Marshalers{{}},
	}
	all.Self = &Marshalers{}
	return []Type{
		of("MarshalText and UnmarshalText", Level(3), `1`, `null`),
		of("a pointer to a type with MarshalText", &level, `1`),
		of("MarshalText alone", Shout(2), `true`),
		of("UnmarshalText alone", Whisper(2), `true`),
		of("MarshalText of the pointer", Far(5), `true`),
		of("a pointer to a type with MarshalText of the pointer", &far, `1`),
		of("a struct with MarshalText of the pointer", FarStruct{1}, `true`),
		of("a slice with MarshalText", Words{"a", "b"}, `[]`, `null`),
		of("a map with MarshalText", Env{"a": "b"}, `[]`),
		of("MarshalJSON and UnmarshalJSON", Point{1, 2}),
		of("MarshalJSON alone", Money{3}),
		of("UnmarshalJSON alone", Date{4}),
		of("MarshalJSON of the pointer", FarPoint{5}),
		of("a pointer to a type with MarshalJSON", &Point{1, 2}),
		of("a function with MarshalJSON", Handler(func() {})),
		of("a complex number with MarshalText", Complex(1i), `true`),
		of("a slice of bytes with MarshalText", []Letter{1, 2}, `"AQI="`),
		of("fields with methods", all, `{}`),
	}
}

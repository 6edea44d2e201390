package invocationid

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strings"
)

// ID is the id of an invocation: 8 bytes by which the server finds the partition, and 16
// that are the invocation's.
type ID [24]byte

// The text of an id, such as inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN. Each part has a fixed
// number of digits.
const (
	prefix         = "inv_"
	version        = '1'
	partitionWidth = 11
	uuidWidth      = 22
	digits         = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// String is the id for people.
func (i ID) String() string {
	var text [len(prefix) + 1 + partitionWidth + uuidWidth]byte
	copy(text[:], prefix)
	text[len(prefix)] = version
	rest := text[len(prefix)+1:]
	// The numbers are those that a little-endian machine has after it has put the bytes
	// into the other order.
	encode(rest[:partitionWidth], 0, binary.LittleEndian.Uint64(i[:]))
	encode(rest[partitionWidth:], binary.LittleEndian.Uint64(i[16:]), binary.LittleEndian.Uint64(i[8:]))
	return string(text[:])
}

func encode(to []byte, high, low uint64) {
	for at := len(to) - 1; at >= 0; at-- {
		var rest uint64
		high, rest = high/62, high%62
		low, rest = bits.Div64(rest, low, 62)
		to[at] = digits[rest]
	}
}

// What is wrong with an id, in the server's words.
var (
	ErrFormat  = errors.New("bad format")
	ErrLength  = errors.New("bad length")
	ErrVersion = errors.New("unrecognized codec version")
	ErrDigits  = errors.New("base62 decode error")
	ErrType    = errors.New("id doesn't match the expected type")
)

// names are the names that the server has for them.
var names = map[error]string{
	ErrFormat: "Format", ErrLength: "Length", ErrVersion: "Version", ErrDigits: "Codec", ErrType: "TypeMismatch",
}

// resources are what the server has ids of.
var resources = map[string]bool{"inv": true, "dp": true, "sub": true, "prom": true, "sign": true, "snap": true, "mut": true, "vq": true}

// UnrecognizedError is the kind of an id that there is not.
type UnrecognizedError string

// Error returns the server's words.
func (u UnrecognizedError) Error() string { return "unrecognized resource type: " + string(u) }

// ErrorName returns how the server shows what is wrong with an id within another error.
func ErrorName(err error) string {
	if kind, ok := err.(UnrecognizedError); ok {
		return fmt.Sprintf("UnrecognizedType(%q)", string(kind))
	}
	return names[err]
}

// Cut returns what an id of a kind is behind its version.
func Cut(text, kind string) (rest string, err error) {
	if text == "" {
		return "", ErrLength
	}
	resource, rest, ok := strings.Cut(text, "_")
	switch {
	case !ok:
		return "", ErrFormat
	case !resources[resource]:
		return "", UnrecognizedError(resource)
	case rest == "":
		return "", ErrLength
	case rest[0] != version:
		return "", ErrVersion
	case resource != kind:
		return "", ErrType
	default:
		return rest[1:], nil
	}
}

// Parse reads the text of an id.
func Parse(text string) (i ID, err error) {
	text, err = Cut(text, "inv")
	switch {
	case err != nil:
		return i, err
	case len(text) != partitionWidth+uuidWidth:
		return i, ErrLength
	}
	high, low, ok := decode(text[:partitionWidth])
	if !ok || high != 0 {
		return i, ErrDigits
	}
	binary.LittleEndian.PutUint64(i[:], low)
	if high, low, ok = decode(text[partitionWidth:]); !ok {
		return i, ErrDigits
	}
	binary.LittleEndian.PutUint64(i[16:], high)
	binary.LittleEndian.PutUint64(i[8:], low)
	return i, nil
}

// decode returns the number, and false if there is none or if it is too large.
func decode(text string) (high, low uint64, ok bool) {
	for i := range len(text) {
		digit := strings.IndexByte(digits, text[i])
		if digit < 0 {
			return 0, 0, false
		}
		overflow, top := bits.Mul64(high, 62)
		carry, bottom := bits.Mul64(low, 62)
		var c uint64
		low, c = bits.Add64(bottom, uint64(digit), 0)
		if carry, c = bits.Add64(carry, 0, c); c != 0 {
			return 0, 0, false
		}
		if high, c = bits.Add64(top, carry, 0); c != 0 || overflow != 0 {
			return 0, 0, false
		}
	}
	return high, low, true
}

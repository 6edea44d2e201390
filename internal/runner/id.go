package runner

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"

	"github.com/fxrestate/go/internal/awakeableid"
)

// id is the id of an invocation: 8 bytes by which the server finds the partition, and 16
// that are the invocation's.
type id [24]byte

// The text of an id, such as inv_1gdJBtdVEcM95mw1LLMMJY1Y0thJ9ugFGN. Each part has a fixed
// number of digits.
const (
	idPrefix       = "inv_"
	idVersion      = '1'
	partitionWidth = 11
	uuidWidth      = 22
	digits         = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// String is the id for people.
func (i id) String() string {
	var text [len(idPrefix) + 1 + partitionWidth + uuidWidth]byte
	copy(text[:], idPrefix)
	text[len(idPrefix)] = idVersion
	rest := text[len(idPrefix)+1:]
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
	errIDFormat  = errors.New("bad format")
	errIDLength  = errors.New("bad length")
	errIDVersion = errors.New("unrecognized codec version")
	errIDDigits  = errors.New("base62 decode error")
	errIDType    = errors.New("id doesn't match the expected type")
)

// idErrors are the names that the server has for them.
var idErrors = map[error]string{
	errIDFormat: "Format", errIDLength: "Length", errIDVersion: "Version", errIDDigits: "Codec", errIDType: "TypeMismatch",
}

// resources are what the server has ids of.
var resources = map[string]bool{"inv": true, "dp": true, "sub": true, "prom": true, "sign": true, "snap": true, "mut": true, "vq": true}

// unrecognized is the kind of an id that there is not.
type unrecognized string

func (u unrecognized) Error() string { return "unrecognized resource type: " + string(u) }

// idErrorName returns how the server shows what is wrong with an id within another error.
func idErrorName(err error) string {
	if kind, ok := err.(unrecognized); ok {
		return fmt.Sprintf("UnrecognizedType(%q)", string(kind))
	}
	return idErrors[err]
}

// cutID returns what an id of a kind is behind its version.
func cutID(text, kind string) (rest string, err error) {
	if text == "" {
		return "", errIDLength
	}
	prefix, rest, ok := strings.Cut(text, "_")
	switch {
	case !ok:
		return "", errIDFormat
	case !resources[prefix]:
		return "", unrecognized(prefix)
	case rest == "":
		return "", errIDLength
	case rest[0] != idVersion:
		return "", errIDVersion
	case prefix != kind:
		return "", errIDType
	default:
		return rest[1:], nil
	}
}

// parseID reads the text of an id.
func parseID(text string) (i id, err error) {
	text, err = cutID(text, "inv")
	switch {
	case err != nil:
		return i, err
	case len(text) != partitionWidth+uuidWidth:
		return i, errIDLength
	}
	high, low, ok := decode(text[:partitionWidth])
	if !ok || high != 0 {
		return i, errIDDigits
	}
	binary.LittleEndian.PutUint64(i[:], low)
	if high, low, ok = decode(text[partitionWidth:]); !ok {
		return i, errIDDigits
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

// ids makes ids.
type ids struct{ random *rand.ChaCha8 }

func newIDs(seed uint64) ids {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return ids{rand.NewChaCha8(key)}
}

// next returns an id that no other invocation has.
func (g ids) next() (i id) {
	_, _ = g.random.Read(i[:]) // it cannot fail
	return i
}

// of returns the id of what there is one of: of a workflow's run, or of a call with an
// idempotency key.
func idOf(kind string, parts ...string) (i id) {
	text := kind + "," + strings.Join(parts, ",")
	sum := sha256.Sum256([]byte(text))
	copy(i[8:], sum[:])
	copy(i[:8], sum[16:])
	return i
}

// RandomSeed is where the server begins the random numbers of an invocation: the hash of the
// bytes of its id behind their number, as Rust's default hasher has it. A server with the
// experimental unique seeds begins elsewhere.
func RandomSeed(id []byte) uint64 {
	return sipHash(append(binary.LittleEndian.AppendUint64(nil, uint64(len(id))), id...))
}

// sipHash is SipHash-1-3 with a key of zeros, of bytes that are a multiple of eight.
func sipHash(b []byte) uint64 {
	v := [4]uint64{0x736f6d6570736575, 0x646f72616e646f6d, 0x6c7967656e657261, 0x7465646279746573}
	round := func() {
		v[0] += v[1]
		v[2] += v[3]
		v[1] = bits.RotateLeft64(v[1], 13) ^ v[0]
		v[3] = bits.RotateLeft64(v[3], 16) ^ v[2]
		v[0] = bits.RotateLeft64(v[0], 32) + v[3]
		v[2] += v[1]
		v[3] = bits.RotateLeft64(v[3], 21) ^ v[0]
		v[1] = bits.RotateLeft64(v[1], 17) ^ v[2]
		v[2] = bits.RotateLeft64(v[2], 32)
	}
	block := func(m uint64) {
		v[3] ^= m
		round()
		v[0] ^= m
	}
	for at := 0; at < len(b); at += 8 {
		block(binary.LittleEndian.Uint64(b[at:]))
	}
	block(uint64(len(b)) << 56)
	v[2] ^= 0xff
	for range 3 {
		round()
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}

// parseAwakeable reads the id of an awakeable: the invocation and the index of the signal
// that completes it.
func parseAwakeable(text string) (i id, signal uint32, err error) {
	encoded, err := cutID(text, "sign")
	if err != nil || !awakeableid.Valid(text) {
		encoded, err = cutID(text, "prom") // whose error it is that the server shows
	}
	if err != nil {
		return i, 0, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	switch {
	case err != nil:
		return i, 0, errIDDigits
	case len(raw) != len(i)+4:
		return i, 0, errIDLength
	}
	return id(raw[:len(i)]), binary.BigEndian.Uint32(raw[len(i):]), nil
}

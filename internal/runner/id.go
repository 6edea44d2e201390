package runner

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"strings"

	"github.com/fxrestate/go/internal/awakeableid"
	"github.com/fxrestate/go/internal/invocationid"
)

// id is the id of an invocation.
type id = invocationid.ID

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
	encoded, err := invocationid.Cut(text, "sign")
	if err != nil || !awakeableid.Valid(text) {
		encoded, err = invocationid.Cut(text, "prom") // whose error it is that the server shows
	}
	if err != nil {
		return i, 0, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	switch {
	case err != nil:
		return i, 0, invocationid.ErrDigits
	case len(raw) != len(i)+4:
		return i, 0, invocationid.ErrLength
	}
	return id(raw[:len(i)]), binary.BigEndian.Uint32(raw[len(i):]), nil
}

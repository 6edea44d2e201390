package journal

import (
	"encoding/binary"
	"math/bits"
)

// randomSeed is where the server begins the random numbers of an invocation: the hash of its
// id as Rust's default hasher has it, which is SipHash-1-3 without a key, of the length and
// the bytes. A server with the experimental unique seeds begins elsewhere.
func randomSeed(id []byte) uint64 {
	return sipHash(append(binary.LittleEndian.AppendUint64(nil, uint64(len(id))), id...))
}

// sipHash is SipHash-1-3 without a key.
func sipHash(data []byte) uint64 {
	v := [4]uint64{0x736f6d6570736575, 0x646f72616e646f6d, 0x6c7967656e657261, 0x7465646279746573}
	round := func() {
		v[0] += v[1]
		v[1] = bits.RotateLeft64(v[1], 13) ^ v[0]
		v[0] = bits.RotateLeft64(v[0], 32)
		v[2] += v[3]
		v[3] = bits.RotateLeft64(v[3], 16) ^ v[2]
		v[0] += v[3]
		v[3] = bits.RotateLeft64(v[3], 21) ^ v[0]
		v[2] += v[1]
		v[1] = bits.RotateLeft64(v[1], 17) ^ v[2]
		v[2] = bits.RotateLeft64(v[2], 32)
	}
	take := func(m uint64) {
		v[3] ^= m
		round()
		v[0] ^= m
	}
	rest := data
	for ; len(rest) >= 8; rest = rest[8:] {
		take(binary.LittleEndian.Uint64(rest))
	}
	var last [8]byte
	copy(last[:], rest)
	last[7] = byte(len(data))
	take(binary.LittleEndian.Uint64(last[:]))
	v[2] ^= 0xff
	for range 3 {
		round()
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}

// Package awakeableid knows what the id of an awakeable looks like.
package awakeableid

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// size is that of the invocation's id and the awakeable's index, in bytes.
const size = 24 + 4

// Valid reports whether id has the form of the server's ids. It does not tell whether
// there is such an awakeable: nobody knows that but the server.
func Valid(id string) bool {
	encoded, ok := strings.CutPrefix(id, "sign_1")
	if !ok {
		encoded, ok = strings.CutPrefix(id, "prom_1") // of older protocols
	}
	if !ok || len(encoded) != base64.RawURLEncoding.EncodedLen(size) {
		return false
	}
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	return err == nil && len(decoded) == size // it skips line breaks
}

// Of returns the id of an awakeable: that of the invocation, in bytes, with the index of the
// awakeable's signal, which is 17 for the first.
func Of(invocation [24]byte, signal uint32) string {
	return "sign_1" + base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(invocation[:], signal))
}

package testkit

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// SigningKey signs requests as a server does.
type SigningKey struct{ private ed25519.PrivateKey }

// NewSigningKey makes a key.
func NewSigningKey(t testing.TB) SigningKey {
	t.Helper()
	key, err := newSigningKey()
	require.NoError(t, err)
	return key
}

func newSigningKey() (SigningKey, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return SigningKey{private}, err
}

// SigningServer is for [ServerEnv]: the package's server signs all its requests with the
// key, which is new. Endpoints without keys do not care.
func SigningServer(key *SigningKey) func(dir string) (map[string]string, error) {
	return func(dir string) (map[string]string, error) {
		made, err := newSigningKey()
		if err != nil {
			return nil, err
		}
		*key = made
		der, err := x509.MarshalPKCS8PrivateKey(made.private)
		if err != nil {
			return nil, err
		}
		file := filepath.Join(dir, "signing.pem")
		return map[string]string{"RESTATE_REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE": file},
			os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
	}
}

// ID is the public key in the form of Restate's.
func (k SigningKey) ID() string {
	return "publickeyv1_" + Base58(k.private.Public().(ed25519.PublicKey))
}

// Token signs a request for a path.
func (k SigningKey) Token(path string, valid time.Duration) string {
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	now := time.Now()
	token := part(map[string]string{"typ": "JWT", "alg": "EdDSA", "kid": k.ID()}) + "." +
		part(map[string]any{"aud": path, "nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(valid).Unix()})
	return token + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(k.private, []byte(token)))
}

// Base58 is the encoding of public keys.
func Base58(b []byte) string {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	n, mod := new(big.Int).SetBytes(b), new(big.Int)
	var out []byte
	for n.Sign() > 0 {
		n.DivMod(n, big.NewInt(58), mod)
		out = append([]byte{alphabet[mod.Int64()]}, out...)
	}
	for i := 0; i < len(b) && b[i] == 0; i++ {
		out = append([]byte{'1'}, out...)
	}
	return string(out)
}

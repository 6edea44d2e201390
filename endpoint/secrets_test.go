package endpoint_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	signingKeyFile = "signing.pem"
	authorityFile  = "authority.pem"
)

var (
	// signingKey is the key that the server signs requests with.
	signingKey ed25519.PrivateKey
	// authority is what the server and authorityPool trust, and certificate is a
	// certificate of 127.0.0.1 from it.
	authorityPool = x509.NewCertPool()
	certificate   tls.Certificate
)

// writeSecrets makes the keys and writes what the server needs of them.
func writeSecrets(dir string) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	signingKey = key
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := writePEM(filepath.Join(dir, signingKeyFile), "PRIVATE KEY", der); err != nil {
		return err
	}

	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "endpoint tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caKey, caDER, err := certify(ca, ca, nil)
	if err != nil {
		return err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "endpoint"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"host.docker.internal"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leafKey, leafDER, err := certify(leaf, ca, caKey)
	if err != nil {
		return err
	}
	certificate = tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: leafKey}
	parsed, err := x509.ParseCertificate(caDER)
	if err != nil {
		return err
	}
	authorityPool.AddCert(parsed)
	return writePEM(filepath.Join(dir, authorityFile), "CERTIFICATE", caDER)
}

// certify makes a certificate with a new key, signed by the parent's or, without
// one, by itself.
func certify(template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if parentKey == nil {
		parentKey = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	return key, der, err
}

func writePEM(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// keyID is the public key of key in the form of Restate's.
func keyID(key ed25519.PrivateKey) string {
	return "publickeyv1_" + base58(key.Public().(ed25519.PublicKey))
}

func base58(b []byte) string {
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

// sign makes the token by which the server signs a request for a path.
func sign(key ed25519.PrivateKey, path string, valid time.Duration) string {
	part := func(v any) string {
		b, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	now := time.Now()
	token := part(map[string]string{"typ": "JWT", "alg": "EdDSA", "kid": keyID(key)}) + "." +
		part(map[string]any{"aud": path, "nbf": now.Add(-time.Minute).Unix(), "exp": now.Add(valid).Unix()})
	return token + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(token)))
}

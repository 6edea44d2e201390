package endpoint_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/fxrestate/go/internal/testkit"
)

const authorityFile = "authority.pem"

var (
	// signingKey is the key that the server signs requests with.
	signingKey testkit.SigningKey
	// authority is what the server and authorityPool trust, and certificate is a
	// certificate of 127.0.0.1 from it.
	authorityPool = x509.NewCertPool()
	certificate   tls.Certificate
)

// writeAuthority makes the certificates and writes what the server needs of them.
func writeAuthority(dir string) error {
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

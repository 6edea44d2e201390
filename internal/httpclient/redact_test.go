package httpclient_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/httpclient"
)

func TestHeadersAreSecretByTheirNames(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]bool{
		"Authorization": true, "Proxy-Authorization": true, "Cookie": true, "X-Api-Key": true, "x-apikey": true,
		"X-Amz-Security-Token": true, "X_SECRET": true, "X-Keys": true, "X-Auth-Request": true, "X-Session-Id": true, "CF-Access-JWT": true,
		"X-Env": false, "X-Tenant": false, "Accept": false, "X-Author": false, "X-Keyboard": false, "X-Request-Id": false, "": false,
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, secret, httpclient.SecretHeader(name), name)
		})
	}
}

func TestOnlySecretsAreReplaced(t *testing.T) {
	t.Parallel()
	base, err := url.Parse("http://user:passw0rd@localhost")
	require.NoError(t, err)
	redact := httpclient.Redactor("t0ken", base, map[string]string{
		"X-Env": "prod", "X-Api-Key": "t0ken-and-more", "X-Short-Key": "yes", "Proxy-Authorization": "Basic dXNlcg==",
	})
	for text, want := range map[string]string{
		"product not found":        "product not found",
		"yesterday":                "yesterday",
		"user has no t0ken":        "user has no [redacted]",
		"t0ken-and-more is unkown": "[redacted] is unkown",
		"passw0rd of user":         "[redacted] of user",
		"Basic dXNlcg== or":        "[redacted] or",
		"credentials dXNlcg==":     "credentials [redacted]",
	} {
		t.Run(text, func(t *testing.T) {
			require.Equal(t, want, redact.Replace(text))
		})
	}
}

func TestAURLIsShownWithoutCredentials(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"http://localhost":               "http://localhost",
		"http://user:password@localhost": "http://localhost",
		"user:p@ss@localhost":            "localhost",
		"http://user:%zz@localhost":      "http://localhost",
	} {
		t.Run(raw, func(t *testing.T) {
			require.Equal(t, want, httpclient.WithoutUserinfo(raw))
		})
	}
	_, err := httpclient.ParseURL("http://user:%zz@localhost", "http://localhost:1")
	require.EqualError(t, err, `URL "http://localhost": not a URL, want something like "http://localhost:1"`)
}

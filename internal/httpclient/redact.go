package httpclient

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Redacted stands where a secret was.
const Redacted = "[redacted]"

// minSecret is the length from which on a value is replaced. Short ones ("1",
// "yes") are no secrets, and a text without them would be unreadable.
const minSecret = 4

// Redactor replaces the secrets of a client in text that came from outside: a
// gateway that rejects a token may well repeat it. The secrets are the token, the
// password in the URL, and the values of the headers that [SecretHeader] names.
func Redactor(token string, base *url.URL, headers map[string]string) *strings.Replacer {
	secrets := []string{token}
	if password, ok := base.User.Password(); ok {
		secrets = append(secrets, password)
	}
	for name, value := range headers {
		if !SecretHeader(name) {
			continue
		}
		secrets = append(secrets, value)
		// Whoever reads "Bearer abc" may repeat the abc alone.
		if _, credentials, found := strings.Cut(value, " "); found && isAuthorization(name) {
			secrets = append(secrets, credentials)
		}
	}
	return newReplacer(secrets)
}

// HeaderValues replaces the values of headers, whatever their names.
func HeaderValues(headers map[string]string) *strings.Replacer {
	return newReplacer(slices.Collect(maps.Values(headers)))
}

func newReplacer(secrets []string) *strings.Replacer {
	// Longest first, in case one secret begins with another.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, secret := range secrets {
		if len(secret) >= minSecret {
			pairs = append(pairs, secret, Redacted)
		}
	}
	return strings.NewReplacer(pairs...)
}

// SecretHeader tells by its name whether a header carries a secret: one of the
// name's words is or ends with one of those that such headers are named by, as in
// Authorization, X-Api-Key, X-ApiKey and Set-Cookie. A header such as X-Env does
// not: replacing its "prod" would spoil every "product" in a message.
func SecretHeader(name string) bool {
	for word := range strings.FieldsFuncSeq(strings.ToLower(name), func(r rune) bool { return r == '-' || r == '_' || r == '.' }) {
		if slices.ContainsFunc(secretWords, func(secret string) bool {
			return strings.HasSuffix(word, secret) || strings.HasSuffix(word, secret+"s")
		}) {
			return true
		}
	}
	return false
}

func isAuthorization(name string) bool {
	return strings.HasSuffix(strings.ToLower(name), "authorization")
}

// secretWords name headers with secrets.
var secretWords = []string{
	"auth", "authorization", "cookie", "credential", "jwt", "key", "password", "passwd",
	"secret", "session", "signature", "token",
}

package httpclient

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Redacted replaces a secret.
const Redacted = "[redacted]"

// minSecret is the minimum length of a value that is replaced. Shorter values ("1",
// "yes") are not secrets, and replacing them would make texts unreadable.
const minSecret = 4

// Redactor replaces the secrets of a client in text from outside, because a gateway that
// rejects a token may repeat it. The secrets are the token, the password in the URL, and
// the values of headers for which [SecretHeader] is true.
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
		// A gateway that reads "Bearer abc" may repeat only the abc.
		if _, credentials, found := strings.Cut(value, " "); found && isAuthorization(name) {
			secrets = append(secrets, credentials)
		}
	}
	return newReplacer(secrets)
}

// HeaderValues replaces the values of all given headers.
func HeaderValues(headers map[string]string) *strings.Replacer {
	return newReplacer(slices.Collect(maps.Values(headers)))
}

func newReplacer(secrets []string) *strings.Replacer {
	// Longest first, because one secret may begin with another.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, secret := range secrets {
		if len(secret) >= minSecret {
			pairs = append(pairs, secret, Redacted)
		}
	}
	return strings.NewReplacer(pairs...)
}

// SecretHeader tells from its name whether a header carries a secret. That is so if one
// word of the name is, or ends with, one of secretWords, as in Authorization, X-Api-Key,
// X-ApiKey and Set-Cookie. Headers such as X-Env are not secret: replacing its "prod"
// would damage every "product" in a message.
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

// secretWords are the words in the names of headers with secrets.
var secretWords = []string{
	"auth", "authorization", "cookie", "credential", "jwt", "key", "password", "passwd",
	"secret", "session", "signature", "token",
}

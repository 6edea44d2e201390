package ingress

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

const redacted = "[redacted]"

// String shows the configuration with its secrets replaced.
func (c Config) String() string {
	token := ""
	if c.AuthToken != "" {
		token = redacted
	}
	return fmt.Sprintf("{URL:%s AuthToken:%s Headers:%s Retry:%+v}",
		withoutUserinfo(c.URL), token, slices.Sorted(maps.Keys(c.Headers)), c.Retry)
}

// GoString is String, for %#v.
func (c Config) GoString() string { return "ingress.Config" + c.String() }

// MarshalText is String, for loggers that encode as JSON or text.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// withoutUserinfo drops user and password from a URL, also in text that is no
// valid URL, where it may drop more than that.
func withoutUserinfo(raw string) string {
	at := strings.LastIndexByte(raw, '@')
	if at < 0 {
		return raw
	}
	scheme, _, found := strings.Cut(raw[:at], "://")
	if !found {
		return raw[at+1:]
	}
	return scheme + "://" + raw[at+1:]
}

// redactor replaces the secrets of cfg in text that came from outside: a
// gateway that rejects a token may well repeat it.
func redactor(cfg Config, base *url.URL) *strings.Replacer {
	secrets := []string{cfg.AuthToken}
	if password, ok := base.User.Password(); ok {
		secrets = append(secrets, password)
	}
	secrets = slices.AppendSeq(secrets, maps.Values(cfg.Headers))
	// Longest first, in case one secret begins with another.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, secret := range secrets {
		// Short values ("1", "yes") are no secrets, and replacing them would
		// make a message unreadable.
		if len(secret) >= 4 {
			pairs = append(pairs, secret, redacted)
		}
	}
	return strings.NewReplacer(pairs...)
}

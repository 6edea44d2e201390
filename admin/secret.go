package admin

import (
	"github.com/fxrestate/go/internal/httpclient"
)

// String shows the configuration with its secrets replaced.
func (c Config) String() string {
	return "{" + c.settings().String() + "}"
}

// GoString is String, for %#v.
func (c Config) GoString() string { return "admin.Config" + c.String() }

// MarshalText is String, for loggers that encode as JSON or text.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// RedactURL drops user and password from a URL, for showing it. It does so in
// text that is no valid URL too, where it may drop more than that.
func RedactURL(raw string) string { return httpclient.WithoutUserinfo(raw) }

package admin

import (
	"github.com/fxrestate/go/internal/httpclient"
)

// String shows the configuration with its secrets replaced.
func (c Config) String() string {
	return "{" + c.settings().String() + "}"
}

// GoString does the same as String, for %#v.
func (c Config) GoString() string { return "admin.Config" + c.String() }

// MarshalText does the same as String, for loggers that encode JSON or text.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// RedactURL removes user and password from a URL, so that it can be shown. In a
// text that is not a valid URL it may remove more than that.
func RedactURL(raw string) string { return httpclient.WithoutUserinfo(raw) }

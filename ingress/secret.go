package ingress

import (
	"fmt"
	"maps"
	"slices"

	"github.com/fxrestate/go/internal/httptext"
)

// String shows the configuration with its secrets replaced.
func (c Config) String() string {
	token := ""
	if c.AuthToken != "" {
		token = httptext.Redacted
	}
	return fmt.Sprintf("{URL:%s AuthToken:%s Headers:%s Retry:%+v}",
		httptext.WithoutUserinfo(c.URL), token, slices.Sorted(maps.Keys(c.Headers)), c.Retry)
}

// GoString is String, for %#v.
func (c Config) GoString() string { return "ingress.Config" + c.String() }

// MarshalText is String, for loggers that encode as JSON or text.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

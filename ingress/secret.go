package ingress

import (
	"fmt"
)

// String shows the configuration with its secrets replaced.
func (c Config) String() string {
	return fmt.Sprintf("{%s Retry:%+v}", c.settings(), c.Retry)
}

// GoString is String, for %#v.
func (c Config) GoString() string { return "ingress.Config" + c.String() }

// MarshalText is String, for loggers that encode as JSON or text.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

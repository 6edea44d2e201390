package httpserver

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// The defaults of [Config].
const (
	DefaultAddr         = ":3000"
	DefaultDrainTimeout = 5 * time.Second
	DefaultReadyPath    = "/readyz"
	DefaultLivePath     = "/livez"
)

// NoPath as the path of a probe leaves it out.
const NoPath = "-"

// Config configures a [Server]. The zero value listens on [DefaultAddr].
type Config struct {
	// Addr is the TCP address to listen on, as "host:port". Port 0 takes a free one,
	// which [Server.URL] then tells. Default: DefaultAddr.
	Addr string
	// ReadyPath and LivePath answer a request of any method whether the application is ready and whether
	// it is alive, also while it starts. The routes do not see these requests. NoPath
	// leaves a probe out. Default: DefaultReadyPath and DefaultLivePath.
	ReadyPath, LivePath string
	// DrainTimeout is how long a stop waits for requests before it ends their contexts.
	// It waits for at most half of the time that the stop has, so that what stops later
	// has its time too. Default: DefaultDrainTimeout. Negative: end them at once.
	DrainTimeout time.Duration
	// Outlast reports requests that [Server.Drain] leaves alone, since something else
	// ends them: the IsInvocation of an endpoint that is mounted among the routes. They
	// reach the routes until Stop. Default: nil, there are none. Package fxrestate sets it
	// for a mounted endpoint.
	Outlast func(*http.Request) bool
	// Configure adjusts the server before it serves, for instance its timeouts. With a
	// TLSConfig it serves https. Default: HTTP/1.1 and HTTP/2 in clear text.
	Configure func(*http.Server)
}

// WithDefaults fills in the defaults.
func (c Config) WithDefaults() Config {
	c.Addr = cmp.Or(c.Addr, DefaultAddr)
	c.ReadyPath = cmp.Or(c.ReadyPath, DefaultReadyPath)
	c.LivePath = cmp.Or(c.LivePath, DefaultLivePath)
	c.DrainTimeout = cmp.Or(c.DrainTimeout, DefaultDrainTimeout)
	return c
}

// Validate reports all fields with wrong values.
func (c Config) Validate() error {
	var errs []error
	bad := func(field, value, bound string) {
		errs = append(errs, fmt.Errorf("httpserver: %s is %q: it must %s", field, value, bound))
	}
	c = c.WithDefaults()
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		bad("Addr", c.Addr, `be "host:port" or ":port"`)
	}
	checkPath := func(field, path string) {
		if path != NoPath && !strings.HasPrefix(path, "/") {
			bad(field, path, fmt.Sprintf("begin with a slash, or be %q for none", NoPath))
		}
	}
	checkPath("ReadyPath", c.ReadyPath)
	checkPath("LivePath", c.LivePath)
	if c.ReadyPath == c.LivePath && c.ReadyPath != NoPath {
		bad("LivePath", c.LivePath, "be another path than ReadyPath")
	}
	return errors.Join(errs...)
}

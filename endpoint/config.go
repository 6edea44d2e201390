package endpoint

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Mode says who serves the endpoint.
type Mode string

// The modes of an endpoint.
const (
	// Listen serves on a listener of the endpoint's own. It is the default.
	Listen Mode = "listen"
	// Mounted leaves serving to a server of the user's: mount the endpoint with
	// [Endpoint.Under].
	Mounted Mode = "mounted"
	// Lambda opens no listener: [Endpoint.LambdaHandler] takes the invocations.
	Lambda Mode = "lambda"
)

// OnMismatch says what happens to an invocation whose handler does other things than its
// journal says, because it is not deterministic or was changed since.
type OnMismatch string

// What happens on a mismatch.
const (
	// Retry leaves it to the retry policy, as Restate does. It is the default. A retry
	// helps once the code of before is back.
	Retry OnMismatch = "retry"
	// Pause pauses the invocation at once. An operator finds it with the mismatch as its
	// failure, and resumes it once the code is right, perhaps on another deployment.
	Pause OnMismatch = "pause"
)

// The defaults of [Config].
const (
	DefaultAddr         = ":9080"
	DefaultDrainTimeout = 10 * time.Second
	DefaultSuspendAfter = 50 * time.Millisecond
	// DefaultMaxMessageBytes is the limit of a restate-server with default settings.
	DefaultMaxMessageBytes = 32 << 20
)

// What MaxInFlight is derived from: a core of the SDK and its buffers for each
// attempt, in half of the memory that the process may use.
const (
	memoryPerAttempt = 700 << 10
	minMaxInFlight   = 100
	maxMaxInFlight   = 10_000
)

// What MaxInFlightBytes is derived from: the SDK and what decodes a message need
// twelve times its size, of another quarter of the memory.
const (
	memoryPerByte       = 12
	minMaxInFlightBytes = DefaultMaxMessageBytes
	maxMaxInFlightBytes = 4 << 30
)

// Config configures an endpoint. The zero value listens on [DefaultAddr].
type Config struct {
	// Mode says who serves the endpoint. Default: Listen.
	Mode Mode
	// Addr is the TCP address to listen on, as "host:port". Port 0 takes a free
	// one, which [Endpoint.Port] then tells. Default: DefaultAddr. In the other
	// modes it must be empty.
	Addr string
	// TLS serves https with this configuration. Default: HTTP/2 in clear text
	// (h2c), and HTTP/1.1, on one port.
	TLS *tls.Config
	// Configure adjusts the server before it serves, for instance its timeouts
	// or HTTP/2 settings. Do not set a WriteTimeout: invocations are streams.
	Configure func(*http.Server)
	// Context returns a context made from that of a request, for values that the
	// contexts of all handlers are to have. It is called for each attempt. Default:
	// nil, nothing is added.
	Context func(ctx context.Context) context.Context
	// IdentityKeys are the public keys ("publickeyv1_…") of the Restate servers
	// that may send requests; requests that none of them signed get a 401.
	// Default: none, every request is taken
	// (https://docs.restate.dev/services/security).
	IdentityKeys []string
	// Version serves each version of the application below a path of its own, so that
	// a rollout never continues an invocation on other code. Not in mode Lambda.
	// Default: none.
	Version Version
	// RequestResponse ends each attempt where it has to wait, instead of holding
	// its stream open. It is for what cannot stream both ways, such as a
	// buffering proxy. Default: false, and always on with Lambda.
	RequestResponse bool
	// MaxInFlight is how many attempts run at a time. What comes beyond it waits
	// in the order of arrival, while attempts that only wait for something make
	// room: they are suspended, so that a handler may call others of the same
	// endpoint. What finds no place in five seconds, and what comes when ten
	// times as many wait (at least 1,000), is answered 503 with a Retry-After of
	// one to four seconds, which makes the server come back and counts as no
	// attempt. Default: half of the memory that the process may use (its cgroup,
	// else the machine) divided by the 0.7 MB that an attempt takes, between 100
	// and 10,000.
	MaxInFlight int
	// MaxInFlightBytes bounds the messages of all attempts together: inputs,
	// state, results, as they come in. The first 16 KiB of each do not count.
	// Attempts beyond it are answered 503 with Retry-After, but for one at a
	// time, which may bring twice as much; beyond that it gets a 413. What
	// arrives when an attempt runs counts and is not refused. Default: a quarter
	// of the memory divided by twelve, since a message needs that many times its
	// size, between 32 MiB and 4 GiB.
	MaxInFlightBytes int64
	// MaxMessageBytes bounds a single message. An attempt with a larger one is
	// answered 413, or cut when it runs already, and the log says so. Raise it
	// when the server's own limit is raised (its message-size-limit). Default:
	// DefaultMaxMessageBytes, that of the server. At most 4 GiB.
	MaxMessageBytes int64
	// SuspendAfter is how long an attempt must have waited for something, without
	// a message and a step under way, before it is suspended to make room or
	// because the endpoint stops. A shorter one stops faster; one that is shorter
	// than a round trip to the server makes attempts replay more often. Default:
	// DefaultSuspendAfter. Negative: at once.
	SuspendAfter time.Duration
	// OnMismatch says what happens to an invocation whose handler does other things
	// than its journal says (error RT0016). Default: Retry.
	OnMismatch OnMismatch
	// DrainTimeout is how long a stop waits for attempts in flight before it
	// cuts them; Restate then retries them. It must be shorter than fx's stop
	// timeout. Default: DefaultDrainTimeout. Negative: cut at once.
	DrainTimeout time.Duration
}

// WithDefaults fills in the defaults.
func (c Config) WithDefaults() Config {
	c.Mode = cmp.Or(c.Mode, Listen)
	if c.Mode == Listen {
		c.Addr = cmp.Or(c.Addr, DefaultAddr)
	}
	if c.Mode == Lambda {
		c.RequestResponse = true
	}
	c.MaxInFlight = cmp.Or(c.MaxInFlight, defaultMaxInFlight())
	c.MaxInFlightBytes = cmp.Or(c.MaxInFlightBytes, defaultMaxInFlightBytes())
	c.MaxMessageBytes = cmp.Or(c.MaxMessageBytes, DefaultMaxMessageBytes)
	c.SuspendAfter = cmp.Or(c.SuspendAfter, DefaultSuspendAfter)
	c.OnMismatch = cmp.Or(c.OnMismatch, Retry)
	c.DrainTimeout = cmp.Or(c.DrainTimeout, DefaultDrainTimeout)
	return c
}

// Validate reports all fields out of their bounds.
func (c Config) Validate() error {
	var errs []error
	bad := func(field string, value any, bound string) {
		errs = append(errs, fmt.Errorf("endpoint: %s is %#v: %s", field, value, bound))
	}
	switch c.Mode {
	case "", Listen:
		if c.Addr != "" {
			if _, _, err := net.SplitHostPort(c.Addr); err != nil {
				bad("Addr", c.Addr, "it must be \"host:port\" or \":port\"")
			}
		}
		if t := c.TLS; t != nil && len(t.Certificates) == 0 && t.GetCertificate == nil && t.GetConfigForClient == nil {
			bad("TLS", "without a certificate", "it must have Certificates, GetCertificate or GetConfigForClient")
		}
	case Mounted, Lambda:
		if c.Addr != "" {
			bad("Addr", c.Addr, fmt.Sprintf("it must be empty in mode %q, which does not listen", c.Mode))
		}
		if c.TLS != nil {
			bad("TLS", "set", fmt.Sprintf("it must be nil in mode %q, which does not listen", c.Mode))
		}
		if c.Configure != nil {
			bad("Configure", "set", fmt.Sprintf("it must be nil in mode %q, which has no server", c.Mode))
		}
	default:
		bad("Mode", c.Mode, fmt.Sprintf("it must be %q, %q or %q", Listen, Mounted, Lambda))
	}
	for i, key := range c.IdentityKeys {
		if !strings.HasPrefix(key, "publickeyv1_") {
			bad(fmt.Sprintf("IdentityKeys[%d]", i), key, "it must be a public key that begins with \"publickeyv1_\"")
		}
	}
	c.Version.validate(c.Mode, bad)
	if c.MaxInFlight < 0 {
		bad("MaxInFlight", c.MaxInFlight, "it must be positive, or 0 for the default")
	}
	if c.MaxInFlightBytes < 0 {
		bad("MaxInFlightBytes", c.MaxInFlightBytes, "it must be positive, or 0 for the default")
	}
	if c.MaxMessageBytes < 0 || c.MaxMessageBytes > math.MaxUint32 {
		bad("MaxMessageBytes", c.MaxMessageBytes, "it must be positive and less than 4 GiB, or 0 for the default")
	}
	if c.OnMismatch != "" && c.OnMismatch != Retry && c.OnMismatch != Pause {
		bad("OnMismatch", c.OnMismatch, fmt.Sprintf("it must be %q or %q", Retry, Pause))
	}
	return errors.Join(errs...)
}

// defaultMaxInFlight derives the number of attempts from the memory that the
// process may use.
func defaultMaxInFlight() int {
	return int(min(max(memoryLimit()/2/memoryPerAttempt, minMaxInFlight), maxMaxInFlight))
}

// defaultMaxInFlightBytes derives the bytes of messages from the same memory.
func defaultMaxInFlightBytes() int64 {
	return int64(min(max(memoryLimit()/4/memoryPerByte, minMaxInFlightBytes), maxMaxInFlightBytes))
}

// memoryLimit is how much memory the process may use.
func memoryLimit() uint64 {
	limit := uint64(math.MaxUint64)
	for _, provider := range []memlimit.Provider{memlimit.FromCgroup, memlimit.FromSystem} {
		if n, err := provider(); err == nil && n > 0 {
			limit = min(limit, n)
		}
	}
	if n := debug.SetMemoryLimit(-1); n > 0 && uint64(n) < limit {
		limit = uint64(n)
	}
	return limit
}

package fxrestate

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/internal/httpclient"
)

// Cloud is an environment of Restate Cloud (https://docs.restate.dev/cloud). [Config] gets
// from it what is not set by hand:
//
//   - Ingress and Admin: URL and AuthToken. One whose URL is set by hand, such as that of
//     a proxy, gets no token either: this token is sent to the environment only.
//   - Endpoint.IdentityKeys: IdentityKey is added to those that are set.
//   - Register.URL, with Tunnel.
//
// [Config.Validate] checks the fields. Cloud prints, logs and marshals without its token.
type Cloud struct {
	// EnvironmentID is the id of the environment, with its prefix "env_". Required.
	EnvironmentID string
	// Region is where the environment runs: "us" or "eu", or the identifier that the
	// Cloud UI shows for a region of your own. Required.
	Region string
	// Token is an API key of the environment, "key_…". Its role must allow what the
	// application does: calls through the ingress, and with Register the use of the admin
	// API. Required, unless Ingress and Admin have URLs or credentials of their own.
	Token string
	// IdentityKey is the public key that the environment signs requests with,
	// "publickeyv1_…". It is not a secret. Required, so that nobody else can invoke the
	// handlers, unless Endpoint.IdentityKeys is set or the mode is endpoint.Lambda.
	IdentityKey string
	// Tunnel is the name of the tunnel to an endpoint that Restate Cloud cannot reach.
	// The client of the tunnel runs beside the application and has the same name. With a
	// tunnel the application is registered, also where Register is nil, and Register.URL
	// is the endpoint as the tunnel's client reaches it. Default of that:
	// http://localhost:{{port}}. Default: "", no tunnel, and Register.URL is public.
	Tunnel string
}

// IngressURL returns the URL of the environment's ingress. The fields must be valid.
func (c Cloud) IngressURL() string { return c.environment() + ":8080" }

// AdminURL returns the URL of the environment's admin API. The fields must be valid.
func (c Cloud) AdminURL() string { return c.environment() + ":9070" }

func (c Cloud) environment() string {
	return fmt.Sprintf("https://%s.env.%s%s", c.unprefixedID(), c.Region, cloudDomain)
}

// unprefixedID is the id as URLs have it.
func (c Cloud) unprefixedID() string { return strings.TrimPrefix(c.EnvironmentID, "env_") }

// cloudDomain ends the name of every host of Restate Cloud.
const cloudDomain = ".restate.cloud"

// localURL is the endpoint as a tunnel's client on the same machine reaches it.
const localURL = "http://localhost:" + deployment.PortPlaceholder

// TunnelURL returns the URL by which the environment reaches an endpoint through the
// tunnel. The argument is the URL by which the tunnel's client reaches the endpoint, and
// may contain {{port}} and a path. It must have a host name or an IPv4 address, because
// URLs of tunnels have no form for IPv6 addresses. The fields must be valid.
func (c Cloud) TunnelURL(endpointURL string) (string, error) {
	if err := (deployment.Config{URL: endpointURL}).Validate(); err != nil {
		return "", err
	}
	through, err := c.through(endpointURL)
	if err != nil {
		return "", fmt.Errorf("fxrestate: the URL %q %w", endpointURL, err)
	}
	return through, nil
}

// through returns the URL of a valid one through the tunnel, or what is wrong with it.
func (c Cloud) through(endpointURL string) (string, error) {
	scheme, rest, _ := strings.Cut(endpointURL, "://")
	scheme = strings.ToLower(scheme)
	address, path, _ := strings.Cut(rest, "/")
	host, port, hasPort := strings.Cut(address, ":")
	switch {
	case strings.HasPrefix(address, "["):
		return "", errors.New("has an IPv6 address, which the URL of a tunnel cannot contain: write a host name")
	case strings.HasSuffix(host, cloudDomain):
		return "", errors.New("is in Restate Cloud already: write the endpoint as the tunnel's client reaches it")
	case !hasPort && scheme == "https":
		port = "443"
	case !hasPort:
		port = "80"
	}
	through := fmt.Sprintf("https://tunnel.%s%s:9080/%s/%s/%s/%s/%s/%s", c.Region, cloudDomain, c.unprefixedID(), c.Tunnel, scheme, host, port, path)
	return strings.TrimRight(through, "/"), nil
}

// String shows the environment without its token.
func (c Cloud) String() string {
	token := ""
	if c.Token != "" {
		token = httpclient.Redacted
	}
	return fmt.Sprintf("{EnvironmentID:%s Region:%s Token:%s IdentityKey:%s Tunnel:%s}", c.EnvironmentID, c.Region, token, c.IdentityKey, c.Tunnel)
}

// GoString does the same as String, for %#v.
func (c Cloud) GoString() string { return "fxrestate.Cloud" + c.String() }

// MarshalText does the same as String, for loggers that encode JSON or text.
func (c Cloud) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

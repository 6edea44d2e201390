package deployment

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/fxrestate/go/admin"
)

// PortPlaceholder in Config.URL stands for the port that the endpoint is bound
// to, for endpoints that let the system choose one.
const PortPlaceholder = "{{port}}"

// ErrNoPort reports that Config.URL contains [PortPlaceholder] while the
// endpoint has no port of its own: it runs on AWS Lambda, or inside a server
// whose port is not known.
var ErrNoPort = errors.New("the endpoint has no listener of its own: write the port out")

// Config says how the endpoint is registered.
//
// Config prints, logs and marshals without the values of AdditionalHeaders.
type Config struct {
	// URL of the endpoint as the server reaches it, which may be another than
	// the one seen from here: http://localhost:{{port}} for a server on the
	// same machine, http://host.docker.internal:{{port}} for one in Docker
	// Desktop, http://my-service.my-namespace:9080 on Kubernetes. "{{port}}"
	// is replaced by the bound port. A path is the prefix under which the
	// endpoint is mounted. In place of an IPv6 address give a name:
	// restate-server 1.7.12 takes such addresses with UseHTTP11 only. Required.
	URL string

	// Force replaces the deployment that has this URL already, so that changed
	// handlers are seen; invocations in flight may be unable to continue with
	// them. Default true. With false a known URL is left as it is. Either is
	// sent explicitly: what its absence means is one thing in the API's
	// description and another in the server.
	Force *bool

	// Metadata is kept with the deployment and shown by the admin API.
	Metadata map[string]string

	// AdditionalHeaders are sent by the server with each request to the
	// endpoint, for instance to pass a gateway. The admin API shows their
	// values to everybody who may ask.
	AdditionalHeaders map[string]string

	// UseHTTP11 is for endpoints, or gateways before them, without HTTP/2.
	UseHTTP11 bool

	// Required is for the application: whether it fails to start when it is
	// not registered in time, instead of serving and trying on.
	Required bool
}

// Validate reports all unusable fields at once.
func (c Config) Validate() error {
	var problems []error
	if err := checkURL(c.URL); err != nil {
		problems = append(problems, fmt.Errorf("deployment: URL %q: %w", admin.RedactURL(c.URL), err))
	}
	for _, name := range slices.Sorted(maps.Keys(c.AdditionalHeaders)) {
		if err := admin.CheckHeader(name, c.AdditionalHeaders[name]); err != nil {
			problems = append(problems, fmt.Errorf("deployment: AdditionalHeaders: %w", err))
		}
	}
	if _, ok := c.Metadata[""]; ok {
		problems = append(problems, errors.New(`deployment: Metadata: a key is "", want a name`))
	}
	return errors.Join(problems...)
}

// String shows the configuration without the values of headers.
func (c Config) String() string {
	force := "default"
	if c.Force != nil {
		force = fmt.Sprint(*c.Force)
	}
	return fmt.Sprintf("{URL:%s Force:%s Metadata:%v AdditionalHeaders:%s UseHTTP11:%t Required:%t}",
		admin.RedactURL(c.URL), force, c.Metadata, slices.Sorted(maps.Keys(c.AdditionalHeaders)), c.UseHTTP11, c.Required)
}

// GoString is String, for %#v.
func (c Config) GoString() string { return "deployment.Config" + c.String() }

// MarshalText is String, for loggers that encode as JSON or text.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

func checkURL(raw string) error {
	if raw == "" {
		return errors.New(`is empty, want the endpoint's address as the server reaches it, such as "http://localhost:{{port}}"`)
	}
	raw = strings.ReplaceAll(raw, PortPlaceholder, "1")
	if strings.Contains(raw, "{{") {
		return fmt.Errorf("has an unknown placeholder, only %q is replaced", PortPlaceholder)
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return errors.Unwrap(err)
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("does not start with http:// or https://")
	case u.Hostname() == "":
		return errors.New("has no host")
	case u.User != nil:
		return errors.New("has a user or password, which the server would not send: put credentials into AdditionalHeaders")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("has a query or fragment, which no endpoint understands")
	}
	return nil
}

// resolveURL replaces the placeholder by port.
func resolveURL(raw string, port int) (string, error) {
	if !strings.Contains(raw, PortPlaceholder) {
		return raw, nil
	}
	if port < 1 || port > 65535 {
		return "", fmt.Errorf("deployment: URL %q: port %d, want 1 to 65535: %w", raw, port, ErrNoPort)
	}
	return strings.ReplaceAll(raw, PortPlaceholder, fmt.Sprint(port)), nil
}

// listedURL writes a valid URL the way the server lists it: the scheme in lower
// case, and a slash where there is no path. All else is kept, so that to the
// server http://host/app and http://host/app/ are two deployments.
func listedURL(raw string) string {
	scheme, rest, _ := strings.Cut(raw, "://")
	if !strings.Contains(rest, "/") {
		rest += "/"
	}
	return strings.ToLower(scheme) + "://" + rest
}

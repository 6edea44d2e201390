package deployment

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/fxrestate/go/admin"
)

// PortPlaceholder in Config.URL is replaced by the port that the endpoint is
// bound to. Use it where the system chooses the port.
const PortPlaceholder = "{{port}}"

// DefaultDrainLimit is the default of Config.DrainLimit.
const DefaultDrainLimit = 10 * time.Minute

// ErrNoPort reports that Config.URL contains [PortPlaceholder] but the endpoint
// has no port: it runs on AWS Lambda, or is mounted in a server whose port is not
// known.
var ErrNoPort = errors.New("the endpoint has no listener of its own: write the port out")

// Config says how the endpoint is registered.
//
// Config prints, logs and marshals without the values of AdditionalHeaders.
type Config struct {
	// URL of the endpoint as the server reaches it. It may differ from the URL on
	// this machine: http://localhost:{{port}} for a server on the same machine,
	// http://host.docker.internal:{{port}} for one in Docker Desktop,
	// http://my-service.my-namespace:9080 on Kubernetes. "{{port}}" is replaced by
	// the bound port. A path is the prefix under which the endpoint is mounted.
	// Use a host name in place of an IPv6 address: restate-server 1.7.12 accepts
	// IPv6 addresses with UseHTTP11 only. Required.
	URL string

	// Mode says when the endpoint is registered. Default: Development.
	Mode Mode

	// InPlace says what happens to invocations in flight when the interface at a known
	// URL changes. Default: Proceed in development, Refuse in production.
	InPlace InPlace

	// DrainLimit bounds the wait of the policy WaitDrained. Default: DefaultDrainLimit.
	DrainLimit time.Duration

	// Superseded says what happens when new invocations go to another deployment although
	// this one is known with the same interface. Default: TakeOver in development,
	// RefuseSuperseded in production.
	Superseded Superseded

	// MoveStranded moves deployments of this application with the same interface to its
	// URL when they have invocations in flight at a port where nobody listens any more.
	// That happens to an endpoint on port 0, which comes back on another one. Where
	// several processes share the host of the URL, the port must be one of this machine.
	// Default: false, they are logged with the way out. It needs {{port}} in URL.
	MoveStranded bool

	// DeleteDrained deletes deployments of this application once they serve no new
	// invocations and have none in flight. It looks a minute after the registration and,
	// while some are left, every minute. Default: false.
	DeleteDrained bool

	// OnDeploymentMetadataChange is called before a registration if the metadata of a
	// service (restate.WithMetadata) differs from that of the deployment that will be
	// replaced. An error aborts the registration with an [*AbortedError]. It is not
	// called if nothing is registered for the services yet. Default: nil.
	OnDeploymentMetadataChange OnMetadataChange

	// Application names the application in the metadata of its deployments. One program
	// that runs as several applications gives each a name. Default: the path of the
	// program's main package, or the working directory's name under "go run main.go".
	Application string

	// ReplaceOther replaces a deployment of another application that has the URL, with
	// all its services, and in production takes over services that have the same names
	// elsewhere. Default: false, that is an [*OtherApplicationError].
	ReplaceOther bool

	// WithoutSubscriptions leaves the subscriptions to Kafka as they are: none is created,
	// replaced or removed. For a server without the clusters that the program names, and
	// where somebody else sees to subscriptions. Default: false.
	WithoutSubscriptions bool

	// Breaking allows a new URL to change the kind of a service, which fails with META0006
	// otherwise. Default: false. A deployment that is replaced may always change it.
	Breaking bool

	// Metadata is kept with the deployment and shown by the admin API, beside the keys
	// that begin with "fxrestate.", which are ours. A change of it is stored with the
	// next start.
	Metadata map[string]string

	// AdditionalHeaders are the headers that the server sends with each request to
	// the endpoint, for instance to pass a gateway. Their values are visible to
	// everybody who can read the admin API.
	AdditionalHeaders map[string]string

	// UseHTTP11 is for endpoints without HTTP/2, or behind a gateway without it.
	UseHTTP11 bool

	// Required makes the start of the application fail when the registration is
	// not done in time. Without it, the application serves and keeps trying. The
	// application uses this field, not the Registrar.
	Required bool
}

// Validate reports all invalid fields at once.
func (c Config) Validate() error {
	var problems []error
	if err := checkURL(c.URL); err != nil && c.Mode != Manual {
		problems = append(problems, fmt.Errorf("deployment: URL %q: %w", admin.RedactURL(c.URL), err))
	}
	for _, name := range slices.Sorted(maps.Keys(c.AdditionalHeaders)) {
		if err := admin.CheckHeader(name, c.AdditionalHeaders[name]); err != nil {
			problems = append(problems, fmt.Errorf("deployment: AdditionalHeaders: %w", err))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.Metadata)) {
		switch {
		case key == "":
			problems = append(problems, errors.New(`deployment: Metadata: a key is "", want a name`))
		case strings.HasPrefix(key, reservedPrefix):
			problems = append(problems, fmt.Errorf("deployment: Metadata: the key %q begins with %q, which is kept for the framework's own", key, reservedPrefix))
		}
	}
	problems = append(problems,
		oneOf("Mode", c.Mode, Development, Production, DryRun, Manual),
		oneOf("InPlace", c.InPlace, Proceed, WaitDrained, Refuse, PauseAndList),
		oneOf("Superseded", c.Superseded, TakeOver, RefuseSuperseded, ServePinned))
	if c.DrainLimit < 0 {
		problems = append(problems, fmt.Errorf("deployment: DrainLimit is %s, want a positive duration", c.DrainLimit))
	}
	if c.DrainLimit > 0 && c.InPlace != WaitDrained {
		problems = append(problems, fmt.Errorf("deployment: DrainLimit is set, and only InPlace: %q waits", string(WaitDrained)))
	}
	if c.MoveStranded && !strings.Contains(c.URL, PortPlaceholder) {
		problems = append(problems, fmt.Errorf("deployment: MoveStranded is true, and URL has no %q: an endpoint on a port of its own is not stranded", PortPlaceholder))
	}
	return errors.Join(problems...)
}

// String shows the configuration without the values of headers.
func (c Config) String() string {
	c = c.WithDefaults()
	return fmt.Sprintf("{URL:%s Mode:%s InPlace:%s DrainLimit:%s Superseded:%s MoveStranded:%t DeleteDrained:%t Application:%s ReplaceOther:%t WithoutSubscriptions:%t Breaking:%t Metadata:%v AdditionalHeaders:%s UseHTTP11:%t Required:%t}",
		admin.RedactURL(c.URL), c.Mode, c.InPlace, c.DrainLimit, c.Superseded, c.MoveStranded, c.DeleteDrained, c.Application, c.ReplaceOther, c.WithoutSubscriptions, c.Breaking, c.Metadata,
		slices.Sorted(maps.Keys(c.AdditionalHeaders)), c.UseHTTP11, c.Required)
}

// WithDefaults fills in the defaults, of which some depend on the mode.
func (c Config) WithDefaults() Config {
	c.Mode = cmp.Or(c.Mode, Development)
	c.InPlace = cmp.Or(c.InPlace, byMode(c.Mode, Proceed, Refuse))
	c.Superseded = cmp.Or(c.Superseded, byMode(c.Mode, TakeOver, RefuseSuperseded))
	c.DrainLimit = cmp.Or(c.DrainLimit, DefaultDrainLimit)
	c.Application = cmp.Or(c.Application, application())
	return c
}

func byMode[T any](mode Mode, development, production T) T {
	if mode == Development {
		return development
	}
	return production
}

// withoutPackage is the path of every main package that is given by its files.
const withoutPackage = "command-line-arguments"

// application is the path of the program's main package.
func application() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Path != "" && info.Path != withoutPackage {
		return info.Path
	}
	if dir, err := os.Getwd(); err == nil {
		return filepath.Base(dir)
	}
	return filepath.Base(os.Args[0])
}

// GoString does the same as String, for %#v.
func (c Config) GoString() string { return "deployment.Config" + c.String() }

// MarshalText does the same as String, for loggers that encode JSON or text.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

func checkURL(raw string) error {
	if raw == "" {
		return errors.New(`is empty, want the endpoint's address as the server reaches it, such as "http://localhost:{{port}}"`)
	}
	raw = strings.ReplaceAll(raw, PortPlaceholder, "1")
	if strings.Contains(raw, "{{") {
		return fmt.Errorf("has an unknown placeholder, only %q is replaced", PortPlaceholder)
	}
	if strings.Contains(raw, "{port}") {
		return fmt.Errorf(`has "{port}", which is not replaced: write %q for the port that the endpoint is bound to`, PortPlaceholder)
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return errors.Unwrap(err)
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("does not start with http:// or https://")
	case u.Hostname() == "":
		return errors.New("has no host")
	case u.Port() != "" && strings.Trim(u.Port(), "0") == "":
		return fmt.Errorf("has port 0, which nobody can call: write %q for the port that the endpoint is bound to", PortPlaceholder)
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

// listedURL returns a valid URL in the form in which the server lists it: the
// scheme in lower case, and a slash where there is no path. The rest stays as it
// is, because http://host/app and http://host/app/ are two deployments.
func listedURL(raw string) string {
	scheme, rest, _ := strings.Cut(raw, "://")
	if !strings.Contains(rest, "/") {
		rest += "/"
	}
	return strings.ToLower(scheme) + "://" + rest
}

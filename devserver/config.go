package devserver

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// DefaultVersion is the version of restate-server that is installed when
// [Config].Version is empty.
const DefaultVersion = "1.7.12"

// BinaryEnv is the environment variable that names the restate-server to run
// when [Config].Binary is empty.
const BinaryEnv = "RESTATE_SERVER_BIN"

const (
	defaultStartTimeout = 30 * time.Second

	// nodeName is fixed because the server keeps its data under this name and
	// would otherwise take the host's, which changes with the network a
	// laptop is in and with every container.
	nodeName = "devserver"
)

// Config says which restate-server to run, and where. The zero value runs
// [DefaultVersion] on free ports with its data in a temporary directory.
type Config struct {
	// Version is the version that is looked for on PATH and in the cache,
	// installed with npm, or run with docker, such as "1.7.12". A server that
	// Binary or RESTATE_SERVER_BIN names is run whatever its version is;
	// Progress tells when it is another, and [Server.Version] which.
	//
	// Default: [DefaultVersion].
	Version string

	// Binary is the path of the restate-server to run; nothing else is tried.
	// It must be the server itself, or a script that ends in exec of it: a
	// script that starts it as a child leaves it behind when this process is
	// killed. (The start script of the npm package is recognised, and the
	// binary beside it is run.)
	//
	// Default: the value of RESTATE_SERVER_BIN, else what is found.
	Binary string

	// Dir is the directory of the server's data. It is created when missing,
	// for the user alone, and never removed: a server started on it again has
	// the deployments, invocations and state of the one before. In a directory
	// that others can read, the data is in one that they cannot.
	//
	// Default: a temporary directory, which [Server.Stop] removes. Where that
	// is not called, the next start with a temporary directory does.
	Dir string

	// CacheDir is the directory that installed servers are kept in, about
	// 216 MB each. It is shared: whoever finds nothing there installs, the
	// others wait.
	//
	// Default: "fxrestate" in [os.UserCacheDir].
	CacheDir string

	// Env holds variables of the server's environment, mostly its settings:
	// "RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s" suspends at every
	// await, "RESTATE_DEFAULT_NUM_PARTITIONS": "4" starts faster than 24 do.
	// https://docs.restate.dev/references/server-config lists them; the
	// server ignores names it does not know. Addresses, directory and node
	// name are set by this package and are refused here.
	//
	// Of this process's own environment the server gets everything but
	// RUST_LOG and what starts with RESTATE_, so that settings meant for
	// other programs do not reach it.
	//
	// Default: none.
	Env map[string]string

	// IngressPort and AdminPort are the TCP ports of the two HTTP APIs on
	// 127.0.0.1.
	//
	// Default, each: a free one, other at each start.
	IngressPort, AdminPort int

	// StartTimeout limits the time from the start of the process until it is
	// ready. Finding and installing it does not count.
	//
	// Default: 30 seconds.
	StartTimeout time.Duration

	// Log gets the server's log, as the server writes it, from one goroutine.
	// What it returns is ignored; while it blocks, the server does. Warnings of
	// failed queries in its first second come from waiting until it is ready.
	//
	// Default: only the tail is kept, for errors and [Server.LogTail].
	Log io.Writer

	// Progress gets a line when something takes long (a download, or waiting
	// for another process that downloads), when a server of another version
	// than Version is run or passed over, and when a temporary directory is
	// removed that another process had left.
	//
	// Default: none are written.
	Progress io.Writer
}

// versionSyntax is safe in a file name and in an npm package specification.
const versionSyntax = `[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?`

var versionPattern = regexp.MustCompile("^" + versionSyntax + "$")

// ownedEnv are the settings that Config.Env may not hold, each with what to
// use instead.
var ownedEnv = map[string]string{
	"RESTATE_INGRESS__BIND_ADDRESS": "set Config.IngressPort",
	"RESTATE_INGRESS__BIND_PORT":    "set Config.IngressPort",
	"RESTATE_INGRESS__BIND_IP":      "the server always listens on 127.0.0.1",
	"RESTATE_ADMIN__BIND_ADDRESS":   "set Config.AdminPort",
	"RESTATE_ADMIN__BIND_PORT":      "set Config.AdminPort",
	"RESTATE_ADMIN__BIND_IP":        "the server always listens on 127.0.0.1",
	"RESTATE_BIND_ADDRESS":          "the server always listens on 127.0.0.1",
	"RESTATE_BIND_IP":               "the server always listens on 127.0.0.1",
	"RESTATE_BIND_PORT":             "a free port is used",
	"RESTATE_ADVERTISED_HOST":       "the server always listens on 127.0.0.1",
	"RESTATE_ADVERTISED_ADDRESS":    "the server always listens on 127.0.0.1",
	"RESTATE_USE_RANDOM_PORTS":      "free ports are used unless Config.IngressPort and Config.AdminPort are set",
	"RESTATE_LISTEN_MODE":           "the server always listens on TCP",
	"RESTATE_BASE_DIR":              "set Config.Dir",
	"RESTATE_NODE_NAME":             "the data is kept under a fixed name",
}

// withDefaults checks c and returns it with its zero fields filled, except
// Dir, the ports and Binary, which are decided later.
func (c Config) withDefaults() (Config, error) {
	if c.Version == "" {
		c.Version = DefaultVersion
	}
	if !versionPattern.MatchString(c.Version) {
		return c, fmt.Errorf("devserver: Config.Version %q: want a full version such as %s", c.Version, DefaultVersion)
	}
	for _, port := range []struct {
		field string
		value int
	}{{"IngressPort", c.IngressPort}, {"AdminPort", c.AdminPort}} {
		if port.value < 0 || port.value > 65535 {
			return c, fmt.Errorf("devserver: Config.%s %d: want a port from 1 to 65535, or 0 for a free one", port.field, port.value)
		}
	}
	if c.StartTimeout < 0 {
		return c, fmt.Errorf("devserver: Config.StartTimeout %v: want a positive duration, or 0 for %v", c.StartTimeout, defaultStartTimeout)
	}
	if c.StartTimeout == 0 {
		c.StartTimeout = defaultStartTimeout
	}
	for name, value := range c.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			return c, fmt.Errorf("devserver: Config.Env: %q=%q cannot be an environment variable", name, value)
		}
		// The server does not care about the case of its settings.
		if instead, owned := ownedEnv[strings.ToUpper(name)]; owned {
			return c, fmt.Errorf("devserver: Config.Env must not set %s: %s", name, instead)
		}
	}
	if c.Dir != "" {
		dir, err := filepath.Abs(c.Dir)
		if err != nil {
			return c, fmt.Errorf("devserver: Config.Dir: %w", err)
		}
		c.Dir = dir
	}
	if c.CacheDir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return c, fmt.Errorf("devserver: no cache directory, set Config.CacheDir: %w", err)
		}
		c.CacheDir = filepath.Join(cache, "fxrestate")
	}
	dir, err := filepath.Abs(c.CacheDir)
	if err != nil {
		return c, fmt.Errorf("devserver: Config.CacheDir: %w", err)
	}
	c.CacheDir = dir
	return c, nil
}

// progress writes a line to Config.Progress.
func (c Config) progress(format string, args ...any) {
	if c.Progress != nil {
		fmt.Fprintf(c.Progress, "devserver: "+format+"\n", args...)
	}
}

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

	// nodeName is fixed because the server keeps its data under this name. The
	// default, the host name, changes with a laptop's network and with every
	// container.
	nodeName = "devserver"
)

// Config says which restate-server to run, on which ports and with which data.
// The zero value runs [DefaultVersion] on free ports, with its data in a
// temporary directory.
type Config struct {
	// Version is the version to look for on PATH and in the cache, to install
	// with npm, or to run with docker, such as "1.7.12". A server that Binary or
	// RESTATE_SERVER_BIN names runs whatever its version is: a different version
	// is reported to Progress, and by [Server.Version].
	//
	// Default: [DefaultVersion].
	Version string

	// Binary is the path of the restate-server to run; nothing else is tried.
	// It must be the server itself, or a script that ends in exec of it. If a
	// script starts the server as a child, the server keeps running when this
	// process is killed. (The start script of the npm package is recognised, and
	// the binary beside it is run.)
	//
	// Default: the value of RESTATE_SERVER_BIN, else the server that is found.
	Binary string

	// Dir is the directory of the server's data. If it is missing, it is created
	// with access for this user only. It is never removed: the next server
	// started on it has the same deployments, invocations and state. If other
	// users can read the directory, the data is in a subdirectory that they
	// cannot read.
	//
	// Default: a temporary directory, which [Server.Stop] removes. If Stop is not
	// called, the next start with a temporary directory removes it.
	Dir string

	// CacheDir is the directory that installed servers are kept in, about 216 MB
	// each. Processes share it: the first one installs the server, and the others
	// wait.
	//
	// Default: "fxrestate" in [os.UserCacheDir].
	CacheDir string

	// Env holds environment variables for the server, mostly settings. For
	// example, "RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s" suspends at
	// every await, and "RESTATE_DEFAULT_NUM_PARTITIONS": "4" starts faster than
	// the default 24. See https://docs.restate.dev/references/server-config; the
	// server ignores names that it does not know. This package sets addresses,
	// directory and node name itself: they are an error here.
	//
	// The server also inherits this process's environment, except RUST_LOG and
	// variables that start with RESTATE_: those may be settings for other
	// programs.
	//
	// Default: none.
	Env map[string]string

	// IngressPort and AdminPort are the TCP ports of the two HTTP APIs on
	// 127.0.0.1.
	//
	// Default: a free port each, which differs from start to start.
	IngressPort, AdminPort int

	// StartTimeout limits the time from the start of the process until it is
	// ready. It does not include finding and installing the server.
	//
	// Default: 30 seconds.
	StartTimeout time.Duration

	// Log receives the server's log as the server writes it, from one goroutine.
	// Its errors are ignored, and the server blocks while it blocks. Warnings
	// about failed queries in the first second are normal: they come from the
	// readiness check.
	//
	// Default: only the tail is kept, for errors and [Server.LogTail].
	Log io.Writer

	// Progress receives a line when something takes long (a download, or waiting
	// for the download of another process), when a server with a version other
	// than Version is run or skipped, and when a temporary directory of a dead
	// process is removed.
	//
	// Default: nothing is written.
	Progress io.Writer

	member *member // of a cluster; nil: a server of its own
}

// versionSyntax is safe in a file name and in an npm package specification.
const versionSyntax = `[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?`

var versionPattern = regexp.MustCompile("^" + versionSyntax + "$")

// ownedEnv are the settings that Config.Env must not contain, each with the
// alternative.
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

// withDefaults checks c and returns it with defaults for its zero fields, except
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
		// The server ignores the case of its settings.
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

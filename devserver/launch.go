package devserver

import (
	"io"
	"maps"
	"os"
)

// A launch holds the parameters of one start.
type launch struct {
	dir    string
	ports  *ports
	env    map[string]string
	member *member  // of a cluster; nil: a server of its own
	lock   *os.File // of dir, for the server to hold
	out    io.Writer
}

// settings returns the server's settings as environment variables, for a server
// that listens on bindIP and has its data at dataDir. The user's variables
// override the defaults for the log format.
func (l launch) settings(bindIP, dataDir string) map[string]string {
	s := map[string]string{
		"RESTATE_DISABLE_TELEMETRY":      "true",
		"RESTATE_LOG_FORMAT":             "compact", // one line each: more of them in a tail
		"RESTATE_LOG_DISABLE_ANSI_CODES": "true",
	}
	maps.Copy(s, l.member.defaults())
	maps.Copy(s, l.env)
	maps.Copy(s, map[string]string{
		"RESTATE_NODE_NAME":   l.member.nodeName(),
		"RESTATE_BASE_DIR":    dataDir,
		"RESTATE_LISTEN_MODE": "tcp",
		"RESTATE_BIND_IP":     bindIP,
		// By default the server advertises the machine's first address, which it
		// may be unable to reach itself.
		"RESTATE_ADVERTISED_HOST":       "127.0.0.1",
		"RESTATE_BIND_ADDRESS":          hostPort(bindIP, l.ports.node),
		"RESTATE_INGRESS__BIND_ADDRESS": hostPort(bindIP, l.ports.ingress),
		"RESTATE_ADMIN__BIND_ADDRESS":   hostPort(bindIP, l.ports.admin),
	})
	maps.Copy(s, l.member.settings())
	return s
}

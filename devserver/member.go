package devserver

import (
	"encoding/json"
	"fmt"
	"maps"
)

// A member is a server's place in a cluster. It is not changed once its server was
// started. A nil member is a server of its own.
type member struct {
	name string
	// port is the node's, under which the other nodes know it.
	port int
	env  map[string]string
}

func (m *member) nodeName() string {
	if m == nil {
		return nodeName
	}
	return m.name
}

// nodePort is the port that is decided already, or 0.
func (m *member) nodePort() int {
	if m == nil {
		return 0
	}
	return m.port
}

func (m *member) settings() map[string]string {
	if m == nil {
		return nil
	}
	return m.env
}

// join decides the settings of servers that are to be one cluster. Their ports are
// reserved.
func join(servers []*Server) error {
	addresses := make([]string, len(servers))
	for i, s := range servers {
		addresses[i] = "http://" + hostPort("127.0.0.1", s.ports.node)
	}
	all, err := json.Marshal(addresses)
	if err != nil {
		return err
	}
	common := map[string]string{
		"RESTATE_CLUSTER_NAME": "devserver",
		// A majority, so that the data survives the loss of the others.
		"RESTATE_DEFAULT_REPLICATION":        fmt.Sprint(len(servers)/2 + 1),
		"RESTATE_METADATA_CLIENT__ADDRESSES": string(all),
	}
	for i, s := range servers {
		m := s.cfg.member
		m.port, m.env = s.ports.node, maps.Clone(common)
		m.env["RESTATE_ADVERTISED_ADDRESS"] = addresses[i]
		m.env["RESTATE_AUTO_PROVISION"] = fmt.Sprint(i == 0)
	}
	return nil
}

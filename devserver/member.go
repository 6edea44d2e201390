package devserver

import (
	"encoding/json"
	"fmt"
)

// A member is a server's place in a cluster. It is not changed once its server was
// started. A nil member is a server of its own.
type member struct {
	name string
	// port is the node's, under which the other nodes know it.
	port      int
	index     int
	addresses []string // of all members
}

// clusterName is fixed as nodeName is.
const clusterName = "devserver"

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

// defaults are settings that Config.Env may change.
func (m *member) defaults() map[string]string {
	if m == nil {
		return nil
	}
	return map[string]string{
		// A majority, so that the data survives the loss of the others.
		"RESTATE_DEFAULT_REPLICATION": fmt.Sprint(len(m.addresses)/2 + 1),
		// How long the others use no node that is new or has come back. By default it is
		// five seconds, for which queries fail and calls may wait.
		"RESTATE_GOSSIP_SUSPECT_INTERVAL": "200ms",
	}
}

// ownedByCluster are the settings that ClusterConfig.Server.Env must not contain.
var ownedByCluster = []string{"RESTATE_CLUSTER_NAME", "RESTATE_METADATA_CLIENT__ADDRESSES", "RESTATE_AUTO_PROVISION"}

// settings are those that make a server a member.
func (m *member) settings() map[string]string {
	if m == nil {
		return nil
	}
	all, _ := json.Marshal(m.addresses)
	return map[string]string{
		"RESTATE_CLUSTER_NAME":               clusterName,
		"RESTATE_METADATA_CLIENT__ADDRESSES": string(all),
		"RESTATE_ADVERTISED_ADDRESS":         m.addresses[m.index],
		"RESTATE_AUTO_PROVISION":             fmt.Sprint(m.index == 0),
	}
}

// join makes one cluster of servers whose ports are reserved.
func join(servers []*Server) {
	addresses := make([]string, len(servers))
	for i, s := range servers {
		addresses[i] = "http://" + hostPort("127.0.0.1", s.ports.node)
	}
	for i, s := range servers {
		m := s.cfg.member
		m.port, m.index, m.addresses = s.ports.node, i, addresses
	}
}

package stableport_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/internal/stableport"
)

func TestPortsAreTakenOnce(t *testing.T) {
	t.Parallel()
	var ports stableport.Ports
	seen := map[int]bool{}
	for range 100 {
		port, err := ports.Take()
		require.NoError(t, err)
		require.False(t, seen[port])
		seen[port] = true
	}
	for port := range seen {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		require.NoError(t, err)
		require.NoError(t, l.Close())
		ports.Give(port)
	}
}

func TestAPortIsKeptFromOtherProcessesUntilItIsGivenBack(t *testing.T) {
	t.Parallel()
	var ports stableport.Ports
	port, err := ports.Take()
	require.NoError(t, err)
	reserve := func() error { // as another process does
		c, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			require.NoError(t, c.Close())
		}
		return err
	}
	require.Error(t, reserve())
	ports.Give(port)
	require.NoError(t, reserve())
	ports.Give(port) // a second time does nothing
}

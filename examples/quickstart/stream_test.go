package main

import (
	"bufio"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnOpenStreamDoesNotHoldUpTheStop(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), "-packing", "1h")
	add := p.line(`^\s+curl -X POST .*`)[0]
	place := p.line(`^\s+curl -X PUT .*`)[0]
	url := strings.TrimPrefix(strings.TrimSpace(p.line(`^\s+curl http.*`)[0]), "curl ")
	_, _ = p.request(add)
	code, _ := p.request(place)
	require.Equal(t, http.StatusAccepted, code)
	p.becomes(url, "packing")

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/events", http.NoBody)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	events := bufio.NewScanner(res.Body)
	require.True(t, events.Scan())
	require.Equal(t, "data: packing", events.Text())

	require.NoError(t, p.Process.Signal(syscall.SIGTERM))
	require.Zero(t, p.ends(), p.logged())
	require.NotContains(t, p.logged(), "ended requests that were not answered in time")
	for events.Scan() {
	}
	require.NoError(t, events.Err(), "the stream ends as streams do")
}

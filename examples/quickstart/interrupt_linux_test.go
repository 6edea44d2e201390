package main

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// servers counts the running servers whose data is below the given directory.
func servers(t *testing.T, data string) (n int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	for _, file := range files {
		env, err := os.ReadFile(file) // empty for a zombie, an error for processes of other users
		if err == nil && bytes.Contains(env, []byte("RESTATE_BASE_DIR="+data+"/")) {
			n++
		}
	}
	return n
}

func TestCtrlCStopsEverythingInOrder(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		when func(p *process, data string)
		code int
		says string
	}{
		"while it starts": {
			when: func(p *process, data string) {
				require.Eventually(p.t, func() bool { return servers(p.t, data) == 1 }, 5*time.Minute, time.Millisecond)
			},
			code: 1, says: "quickstart: fxrestate: interrupted while it started",
		},
		"while it serves": {
			when: func(p *process, data string) {
				p.line(`^ready: `)
				require.Equal(p.t, 1, servers(p.t, data), "the test looks for the right process")
			},
		},
		"during the demo": {
			args: []string{"-demo", "-packing", "1h"},
			when: func(p *process, _ string) { p.line(`"step":"packing"`) },
			code: 1, says: "interrupt signal received",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			p := start(t, data, test.args...)
			test.when(p, data)
			require.NoError(t, p.Process.Signal(syscall.SIGINT))
			require.Equal(t, test.code, p.ends(), p.logged())
			require.Contains(t, p.logged(), test.says)
			require.Zero(t, servers(t, data))
		})
	}
}

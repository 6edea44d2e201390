//go:build browser

package browser

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// names are those of the program.
var names = []string{"chromium", "chromium-browser", "google-chrome", "chrome"}

// stopTime is how long a browser may take to end.
const stopTime = 30 * time.Second

// Browser is a headless Chromium. It is safe for concurrent use.
type Browser struct {
	pipe *pipe

	mu   sync.Mutex
	tabs map[string]*Tab // by session
}

// Start runs a browser until the test ends. The test fails if none is installed.
func Start(t testing.TB) *Browser {
	t.Helper()
	var program string
	for _, name := range names {
		found, err := exec.LookPath(name)
		if err == nil {
			program = cmp.Or(program, found)
		}
	}
	require.NotEmpty(t, program, "no Chromium is installed: .ci/run browser installs Debian's")
	home, err := os.MkdirTemp("", "browser")
	require.NoError(t, err)
	flags := []string{
		"--headless", "--remote-debugging-pipe", "--user-data-dir=" + home, "--no-first-run", "--disable-gpu",
		"--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
		"--hide-scrollbars", "--font-render-hinting=none", "--lang=en-US",
	}
	if os.Geteuid() == 0 {
		flags = append(flags, "--no-sandbox") // it refuses root, and the pages are ours
	}
	toRead, out, err := os.Pipe()
	require.NoError(t, err)
	in, toWrite, err := os.Pipe()
	require.NoError(t, err)
	var log bytes.Buffer
	command := exec.Command(program, flags...)
	command.ExtraFiles = []*os.File{toRead, toWrite}
	command.Stderr, command.WaitDelay = &log, time.Second
	command.Env = append(os.Environ(), "HOME="+home)
	require.NoError(t, command.Start())
	require.NoError(t, toRead.Close())
	require.NoError(t, toWrite.Close())

	b := &Browser{tabs: map[string]*Tab{}}
	b.pipe = &pipe{out: out, events: b.told, waiting: map[int]chan message{}}
	var reading sync.WaitGroup
	reading.Go(func() { b.pipe.read(in) })
	t.Cleanup(func() {
		_ = b.pipe.call("", "Browser.close", nil, nil) // it may answer or be gone
		kill := time.AfterFunc(stopTime, func() { _ = command.Process.Kill() })
		defer kill.Stop()
		_ = command.Wait()
		_ = out.Close()
		_ = in.Close()
		reading.Wait()
		_ = os.RemoveAll(home) // a child of it may still write
		if t.Failed() {
			t.Logf("the browser wrote: %s", log.Bytes())
		}
	})
	var version struct{ Product string }
	require.NoError(t, b.pipe.call("", "Browser.getVersion", nil, &version))
	t.Log(version.Product)
	return b
}

func (b *Browser) told(e event) {
	b.mu.Lock()
	tab := b.tabs[e.Session]
	b.mu.Unlock()
	if tab != nil {
		tab.told(e)
	}
}

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// mainEnv makes the test binary run the application, so that a test can kill it.
const mainEnv = "QUICKSTART_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(mainEnv) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a running quickstart.
type process struct {
	*exec.Cmd
	t     *testing.T
	lines chan string // of standard output
	mu    sync.Mutex
	log   bytes.Buffer // standard error
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(b)
}

func (p *process) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// start runs the application with the given data and a free port.
func start(t *testing.T, data string, args ...string) *process {
	t.Helper()
	return startWith(t, nil, append([]string{"-data", data}, args...)...)
}

// startWith runs the application with variables of the environment.
func startWith(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0], args...), t: t, lines: make(chan string, 1000)}
	p.Env = append(append(os.Environ(), mainEnv+"=1", "ADDR=127.0.0.1:0"), env...)
	p.Stderr = p
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		if p.ProcessState == nil {
			_ = p.Process.Kill()
			_ = p.Wait()
		}
	})
	return p
}

// ends waits for the end of the application and returns its exit code, or -1 if a
// signal killed it.
func (p *process) ends() int {
	for range p.lines {
	}
	_ = p.Wait() // the exit code says it
	return p.ProcessState.ExitCode()
}

// line waits for a line of standard output that matches.
func (p *process) line(pattern string) []string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(5 * time.Minute) // the first run of all installs the server
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				require.FailNowf(p.t, "the application ended", "before it printed %s:\n%s", pattern, p.logged())
			}
			if m := re.FindStringSubmatch(line); m != nil {
				return m
			}
		case <-timeout:
			require.FailNowf(p.t, "nothing printed", "no line matches %s:\n%s", pattern, p.logged())
		}
	}
}

// request sends the request of a printed curl command.
func (p *process) request(curl string) (int, map[string]any) {
	p.t.Helper()
	m := regexp.MustCompile(`^\s*curl (?:-X (\S+) )?(\S+)(?: -d '(.*)')?$`).FindStringSubmatch(curl)
	require.NotNil(p.t, m, curl)
	req, err := http.NewRequestWithContext(p.t.Context(), m[1], m[2], strings.NewReader(m[3]))
	require.NoError(p.t, err)
	if m[3] != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl -d does
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(p.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(p.t, err)
	var out map[string]any
	require.NoError(p.t, json.Unmarshal(body, &out), string(body))
	return res.StatusCode, out
}

// becomes polls an order's status until it is at the given step.
func (p *process) becomes(url, step string) map[string]any {
	p.t.Helper()
	var status map[string]any
	require.Eventually(p.t, func() bool {
		_, status = p.request("curl " + url)
		return status["step"] == step
	}, time.Minute, 50*time.Millisecond, "%s: %v", step, p.logged())
	return status
}

func TestDemoSeesAnOrderThrough(t *testing.T) {
	t.Parallel()
	p := start(t, t.TempDir(), "-demo", "-packing", "200ms")
	p.line(`^ready: http://127\.0\.0\.1:\d+$`)
	p.line(`"step":"shipped","total":3900`)
	for range p.lines {
	}
	require.NoError(t, p.Wait(), p.logged())
}

func TestPrintedRequestsWorkAndAKilledOrderIsFinished(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := start(t, data, "-packing", "3s")
	add := p.line(`^\s+curl -X POST .*`)[0]
	place := p.line(`^\s+curl -X PUT .*`)[0]
	status := p.line(`^\s+curl http.*`)[0]

	code, cart := p.request(add)
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, 3900.0, cart["total"])
	code, _ = p.request(place)
	require.Equal(t, http.StatusAccepted, code)
	url := strings.TrimPrefix(strings.TrimSpace(status), "curl ")
	receipt := p.becomes(url, "packing")["receipt"]
	require.NotEmpty(t, receipt)

	require.NoError(t, p.Process.Kill())
	require.Error(t, p.Wait())

	again := start(t, data, "-packing", "3s")
	base := again.line(`^ready: (http.*)$`)[1]
	order := url[strings.LastIndex(url, "/"):]
	require.Equal(t, receipt, again.becomes(base+"/orders"+order, "shipped")["receipt"])
	logs := p.logged() + again.logged()
	require.Equal(t, 1, strings.Count(logs, "card charged"), logs)
	require.Equal(t, 1, strings.Count(logs, "parcel collected"), logs)

	require.NoError(t, again.Process.Signal(syscall.SIGINT))
	for range again.lines {
	}
	require.NoError(t, again.Wait(), again.logged())
}

func TestMistakesEndWithAReason(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })

	for name, tc := range map[string]struct{ env, says string }{
		"half of a running server": {"RESTATE_ADMIN_URL=http://127.0.0.1:9070", "set both RESTATE_INGRESS_URL and RESTATE_ADMIN_URL"},
		"a taken port":             {"ADDR=" + taken.Addr().String(), "set ADDR to another address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-data", t.TempDir())
			cmd.Env = append(os.Environ(), mainEnv+"=1", tc.env)
			out, err := cmd.CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(out), tc.says)
		})
	}
}

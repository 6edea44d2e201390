package endpoint_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"testing"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/internal/testkit"
)

// warmEnv makes the test binary a process that starts an endpoint, takes one
// invocation and prints how many bytes both allocated. How long they take depends on
// what else the machine does.
const warmEnv = "FXRESTATE_TEST_WARM"

func warmProcess() error {
	def := restate.NewService("echo").Handler("echo", restate.NewServiceHandler(func(_ restate.Context, in string) (string, error) { return in, nil }))
	e, err := endpoint.New(endpoint.Config{Mode: endpoint.Mounted, RequestResponse: true}, nil, def)
	if err != nil {
		return err
	}
	begin := allocated()
	if err := e.Start(context.Background()); err != nil {
		return err
	}
	started := allocated()
	r := httptest.NewRequest(http.MethodPost, "/invoke/echo/echo", bytes.NewReader(invocationOf("1", `"hello"`)))
	r.Header.Set("Content-Type", invocationV5)
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	invoked := allocated()
	if w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte("hello")) {
		return fmt.Errorf("answer %d: %q", w.Code, w.Body.Bytes())
	}
	fmt.Println(started-begin, invoked-started)
	return nil
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// The SDK compiles its core at a process's first invocation: the start does that.
func TestStartCompilesTheCore(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(testkit.Context(t), exe)
	cmd.Env = append(os.Environ(), warmEnv+"=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var start, invocation int
	_, err = fmt.Sscan(string(out), &start, &invocation)
	require.NoError(t, err, string(out))
	// Compiling takes tens of times what an invocation takes.
	require.Less(t, invocation*5, start, "the first invocation allocated %d bytes, the start %d", invocation, start)
}

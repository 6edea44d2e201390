package doctor_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	restate "github.com/restatedev/sdk-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/doctor"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/deployment"
	"github.com/fxrestate/go/devserver"
	"github.com/fxrestate/go/endpoint"
	"github.com/fxrestate/go/fxrestate"
	"github.com/fxrestate/go/ingress"
	"github.com/fxrestate/go/internal/manifest"
	"github.com/fxrestate/go/internal/testkit"
)

var update = flag.Bool("update", false, "write what comes out into testdata")

// examined is what the command said.
type examined struct {
	code     int
	out, err string
}

// with is how a terminal is.
type with struct {
	columns int
	json    bool
	env     map[string]string
}

// examine runs the command.
func examine(t *testing.T, w with, args ...string) examined {
	t.Helper()
	return examineWith(t, w, append(args, "--timeout", testkit.Within.String())...)
}

// examineFor gives each check a time.
func examineFor(t *testing.T, timeout string, args ...string) examined {
	t.Helper()
	return examineWith(t, with{}, append(args, "--timeout", timeout)...)
}

func examineWith(t *testing.T, w with, args ...string) examined {
	t.Helper()
	var out, errs bytes.Buffer
	term := &terminal.Terminal{Out: &out, Err: &errs, Columns: w.columns, JSON: w.json, Getenv: func(name string) string {
		if name == "LANG" && w.env[name] == "" {
			return "C.UTF-8"
		}
		return w.env[name]
	}}
	cmd := doctor.Command(term)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	if err != nil {
		errs.WriteString(err.Error())
	}
	return examined{terminal.Code(err), out.String(), errs.String()}
}

// stable replaces what differs from run to run.
var stable = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`inv_[A-Za-z0-9]+`), "inv_1"},
	{regexp.MustCompile(`sub_[A-Za-z0-9]+`), "sub_1"},
	{regexp.MustCompile(`dp_[A-Za-z0-9]+`), "dp_1"},
	{regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+`), "$1:1"},
	{regexp.MustCompile(`failed \d+ times?, for \d+[smh]`), "failed 9 times, for 9s"},
	{regexp.MustCompile(`next attempt in \w+`), "next attempt in 59m"},
	{regexp.MustCompile(`paused since \d+[smh]`), "paused since 9s"},
}

// golden compares what was said with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	for _, s := range stable {
		got = s.pattern.ReplaceAllString(got, s.with)
	}
	file := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// Clerk is a service that does not always get on.
type Clerk struct{}

// File gets on.
func (*Clerk) File(restate.Context) error { return nil }

// Print fails, and says so in colour.
func (*Clerk) Print(restate.Context) error {
	return errors.New("\x1b[31mno paper\x1b[0m in the printer")
}

// Idle waits for ever, and is bound to no deployment meanwhile.
func (*Clerk) Idle(ctx restate.Context) error {
	_, err := restate.Awakeable[string](ctx).Result()
	return err
}

// Wait waits for ever, on the deployment on which it began.
func (*Clerk) Wait(ctx restate.Context) error {
	if _, err := restate.Run(ctx, func(restate.RunContext) (int, error) { return 1, nil }); err != nil {
		return err
	}
	_, err := restate.Awakeable[string](ctx).Result()
	return err
}

// clerk runs an application with one service on a server, until it is stopped or the test
// ends.
func clerk(t *testing.T, on *devserver.Server, name string, opts ...restate.ServiceDefinitionOption) (stop func()) {
	t.Helper()
	a := testkit.Build(t, fx.Supply(fxrestate.Config{
		Ingress:  ingress.Config{URL: on.IngressURL()},
		Admin:    admin.Config{URL: on.AdminURL()},
		Endpoint: endpoint.Config{Addr: testkit.StableAddr(t)},
		Register: &deployment.Config{URL: "http://" + on.EndpointHost() + ":{{port}}", Required: true},
	}), fxrestate.Service[*Clerk](testkit.Made(&Clerk{}), append(opts, fxrestate.Name(name))...))
	a.RequireStart()
	stop = sync.OnceFunc(a.RequireStop)
	t.Cleanup(stop)
	return stop
}

// send sends an invocation, and waits until it has a status.
func send(t *testing.T, on *devserver.Server, client *admin.Client, target, status string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, on.IngressURL()+"/"+target+"/send", http.NoBody)
	require.NoError(t, err)
	res, err := testkit.HTTPClient().Do(req)
	require.NoError(t, err)
	var sent struct {
		ID string `json:"invocationId"`
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&sent))
	require.NoError(t, res.Body.Close())
	testkit.Eventually(t, func() error {
		found, err := client.Invocations(t.Context(), admin.InvocationFilter{IDs: []string{sent.ID}})
		if err != nil || len(found) != 1 {
			return fmt.Errorf("%s is there %d times: %w", sent.ID, len(found), err)
		}
		if string(found[0].Status) != status || found[0].LastFailure == "" && status != "suspended" {
			return fmt.Errorf("%s is %s", target, found[0].Status)
		}
		return nil
	})
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	server := testkit.StartServer(t, testkit.ServerConfig())
	client, err := admin.New(admin.Config{URL: server.AdminURL()})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	args := []string{"--admin", server.AdminURL()}

	empty := examine(t, with{}, args...)
	require.Equal(t, terminal.CodeOK, empty.code, empty.out)
	golden(t, "empty", empty.out)

	clerk(t, server, "clerk")
	healthy := examine(t, with{}, args...)
	require.Equal(t, terminal.CodeOK, healthy.code, healthy.out)
	golden(t, "healthy", healthy.out)
	ascii := examine(t, with{env: map[string]string{"LC_ALL": "C"}}, args...)
	golden(t, "ascii", ascii.out)
	requireCompared(t, client, args)

	// Somebody else's application at the same URL is no trouble; what fails is.
	retried := restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(time.Hour), restate.WithMaxRetryInterval(time.Hour))
	paused := restate.WithInvocationRetryPolicy(restate.WithInitialRetryInterval(10*time.Millisecond), restate.WithMaxRetryAttempts(2))
	clerk(t, server, "failing", retried)
	clerk(t, server, "stopping", paused)
	send(t, server, client, "failing/Print", "backing-off")
	send(t, server, client, "stopping/Print", "paused")
	// One whose process is gone, one that has another place by now, one that is deleted.
	soon := restate.WithInactivityTimeout(time.Millisecond)
	goes, moves := clerk(t, server, "away", soon), clerk(t, server, "moved")
	clerk(t, server, "deleted", soon)
	send(t, server, client, "away/Wait", "suspended")
	send(t, server, client, "deleted/Wait", "suspended")
	send(t, server, client, "deleted/Idle", "suspended")
	clerk(t, server, "moved")
	goes()
	moves()
	_, err = client.CreateKafkaCluster(t.Context(), "letters", map[string]string{"bootstrap.servers": testkit.StableAddr(t)})
	require.NoError(t, err)
	for _, service := range []string{"clerk", "deleted"} {
		_, err = client.CreateSubscription(t.Context(), admin.CreateSubscriptionRequest{Source: "kafka://letters/in", Sink: "service://" + service + "/File"})
		require.NoError(t, err)
	}
	service, err := client.Service(t.Context(), "deleted")
	require.NoError(t, err)
	require.NoError(t, client.DeleteDeployment(t.Context(), service.DeploymentID, true))

	sick := examine(t, with{}, args...)
	require.Equal(t, terminal.CodeFound, sick.code, sick.out)
	golden(t, "sick", sick.out)
	for line := range strings.Lines(examine(t, with{columns: 40}, args...).out) {
		if line = strings.TrimRight(line, "\n"); !strings.HasPrefix(line, "    → ") { // to be copied
			require.LessOrEqual(t, utf8.RuneCountInString(line), 40, line)
		}
	}
	shown := examine(t, with{json: true}, args...)
	require.Equal(t, terminal.CodeFound, shown.code)
	golden(t, "sick-json", shown.out)
}

// requireCompared compares a file with the application that is registered, and with another
// one.
func requireCompared(t *testing.T, client *admin.Client, args []string) {
	t.Helper()
	list, err := client.Deployments(t.Context())
	require.NoError(t, err)
	served, err := manifest.At(t.Context(), strings.TrimRight(list[0].URI, "/"), nil)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "clerk.json")
	compared := func(manifest string) (code int, said string) {
		require.NoError(t, os.WriteFile(file, []byte(manifest), 0o600))
		got := examine(t, with{}, append(args, file)...)
		_, said, ok := strings.Cut(strings.ReplaceAll(got.out, file, "clerk.json"), " Application: ")
		require.True(t, ok, got.out)
		return got.code, said
	}
	code, said := compared(string(served))
	require.Equal(t, terminal.CodeOK, code, said)
	require.Equal(t, "clerk.json is registered as it is, with 1 service\n", said)

	code, said = compared(strings.Replace(string(served), `"File"`, `"Stamp"`, 1))
	require.Equal(t, terminal.CodeFound, code)
	golden(t, "drift", said)
	code, said = compared(strings.Replace(string(served), `"clerk"`, `"unknown"`, 1))
	require.Equal(t, terminal.CodeFound, code)
	require.Contains(t, said, "    \"unknown\" is not known to the server\n")
	code, said = compared("{")
	require.Equal(t, terminal.CodeFailed, code)
	require.Contains(t, said, "could not be checked\n")
}

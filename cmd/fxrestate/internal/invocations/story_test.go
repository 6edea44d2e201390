package invocations_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/commandtest"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/testkit"
)

// next returns the first command line in a text that begins so, without the name of the
// program and without the flag of the server, which the console adds.
func next(t testing.TB, text, begin string) []string {
	t.Helper()
	line := regexp.MustCompile(`fxrestate (` + begin + `[^\n]*)`).FindStringSubmatch(text)
	require.NotNil(t, line, "no command %q in\n%s", begin, text)
	words, _, _ := strings.Cut(line[1], " --admin ")
	return strings.Fields(words)
}

func TestAStuckInvocationIsFoundUnderstoodAndResumedWithThreeCommands(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	shop.Send(t, key, "Sleep", admin.StatusSuspended)
	id := shop.Send(t, key, "Pause", admin.StatusPaused)

	listed := on(100).Run(t, "invocations", "list", "--service", shop.Name)
	require.Equal(t, terminal.CodeOK, listed.Code)
	described := on(100).Run(t, next(t, listed.Err, "invocations describe")...)
	require.Equal(t, terminal.CodeOK, described.Code)
	require.Contains(t, described.Out, "card declined", "the cause")
	close(shop.Mended)
	resume := next(t, described.Out, "invocations resume")
	require.Equal(t, []string{"invocations", "resume", id}, resume)
	resumed := on(100).Run(t, append(resume, "--yes")...)
	require.Equal(t, terminal.CodeOK, resumed.Code, resumed.Err)
	require.Equal(t, `"in"`, string(testkit.Attach(t, id).Body))
}

func TestTheHolderOfAKeyIsFound(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	holder, waiting := shop.Send(t, key, "Hold", admin.StatusSuspended), shop.Send(t, key, "Hold", admin.StatusPending)
	described := on(100).Run(t, "invocations", "describe", waiting)
	require.Equal(t, []string{"invocations", "describe", holder}, next(t, described.Out, "invocations describe"))
}

func TestAnInvocationWhoseDeploymentIsGoneGoesOnWithTheLatest(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	id := shop.Send(t, key, "Pause", admin.StatusPaused)
	latest := shop.Register(t)
	old := on(100).Run(t, "invocations", "describe", id)
	require.Contains(t, old.Out, "; the latest is\n")
	require.Equal(t, []string{"invocations", "resume", id}, next(t, old.Out, "invocations resume"))
	require.Equal(t, []string{"invocations", "resume", id, "--deployment", "latest"}, next(t, old.Out, "invocations resume inv_[0-9A-Za-z]* --deployment"))

	require.NoError(t, testkit.Admin().DeleteDeployment(testkit.Context(t), shop.Deployment, true))
	for _, word := range []string{"gone", "old"} {
		listed := on(100).Run(t, "invocations", "list", "--service", shop.Name, "--deployment", word)
		require.Contains(t, listed.Out, id, word)
	}
	gone := on(100).Run(t, "invocations", "describe", id)
	require.Contains(t, gone.Out, shop.Deployment+", which is gone")
	close(shop.Mended)
	resume := next(t, gone.Out, "invocations resume")
	resumed := on(100).Run(t, append(resume, "--yes")...)
	require.Equal(t, terminal.CodeOK, resumed.Code, resumed.Err)
	testkit.Attach(t, id)
	require.Equal(t, latest, testkit.Look(t, id).Deployment)
}

func TestTheAwakeableThatIsWaitedForIsNamed(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	id := shop.Send(t, key, "Await", admin.StatusSuspended)
	awakeable := testkit.Receive(t, shop.Awakeables)
	require.Contains(t, on(200).Run(t, "invocations", "describe", id).Out, "awakeable "+awakeable+"\n")
}

func TestHostileKeysDoNotReachTheTerminal(t *testing.T) {
	t.Parallel()
	shop := commandtest.NewShop(t)
	key := "\x1b[2J\r\u202e/é\n'; DROP"
	id := shop.Send(t, key, "Pause", admin.StatusPaused)
	for _, line := range [][]string{
		{"invocations", "list", "--service", shop.Name},
		{"invocations", "list", "--key", key},
		{"invocations", "list", shop.Name + "/" + key + "/Pause"},
		{"invocations", "describe", id},
		{"invocations", "kill", "--key", key, "--dry-run"},
	} {
		for _, columns := range []int{0, 40, 100} {
			t.Run(fmt.Sprintf("%q %d", line, columns), func(t *testing.T) {
				r := on(columns).Run(t, line...)
				require.Equal(t, terminal.CodeOK, r.Code, r.Err)
				require.Contains(t, r.Out, id)
				require.NotRegexp(t, `[\x00-\x09\x0b-\x1f\x7f-\x9f\x{202e}]`, r.Out+r.Err)
			})
		}
	}
}

// The token of a gateway comes from the environment, which only a test that is not parallel
// may set.
func TestTheServerMayBeBehindAGatewayWithAToken(t *testing.T) {
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	id := shop.Send(t, key, "Pause", admin.StatusPaused)
	gateway := testkit.NewProxy(t, testkit.Server().AdminURL())
	gateway.Token = "open sesame"
	through := on(100)
	through.Admin = gateway.URL
	r := through.Run(t, "invocations", "list", "--service", shop.Name)
	require.Equal(t, terminal.CodeFailed, r.Code)
	require.Contains(t, r.Err, "status 401")

	t.Setenv("RESTATE_AUTH_TOKEN", gateway.Token)
	r = through.Run(t, "invocations", "list", "--service", shop.Name)
	require.Equal(t, terminal.CodeOK, r.Code, r.Err)
	r = through.Run(t, "invocations", "kill", id, "--yes")
	require.Equal(t, terminal.CodeOK, r.Code, r.Err)

	t.Setenv("RESTATE_ADMIN_URL", gateway.URL)
	through.Admin = "-"
	r = through.Run(t, "invocations", "describe", id)
	require.Equal(t, terminal.CodeOK, r.Code, r.Err)
	require.NotContains(t, r.Out+r.Err, gateway.Token)
	require.NotContains(t, r.Out, "--admin", "the next commands have it from the environment too")
}

func TestWordsAreCompletedByAskingTheServer(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	id := shop.Send(t, key, "Pause", admin.StatusPaused)
	for name, test := range map[string]struct {
		line []string
		want string
	}{
		"ids":         {[]string{"invocations", "resume", ""}, id + "\t" + shop.Name + "/" + key + "/Pause, paused\n"},
		"services":    {[]string{"invocations", "list", "--service", ""}, shop.Name + "\n"},
		"targets":     {[]string{"invocations", "list", ""}, shop.Name + "\n"},
		"statuses":    {[]string{"invocations", "list", "--status", ""}, "backing-off\n"},
		"deployments": {[]string{"invocations", "list", "--deployment", ""}, shop.Deployment + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The server has two seconds, which a busy one may need.
			testkit.Eventually(t, func() error {
				r := on(0).Run(t, append([]string{"__complete"}, test.line...)...)
				if !strings.Contains(r.Out, test.want) {
					return fmt.Errorf("%s lacks %q", r.Out, test.want)
				}
				return nil
			})
		})
	}
	away := on(0)
	away.Admin = "http://127.0.0.1:1"
	r := away.Run(t, "__complete", "invocations", "resume", "--admin", away.Admin, "")
	require.Equal(t, terminal.CodeOK, r.Code)
	require.NotContains(t, r.Out, "inv_")
	require.NotContains(t, r.Out+r.Err, "refused")
}

func TestThePlaceOfAPanicIsShown(t *testing.T) {
	t.Parallel()
	shop, key := commandtest.NewShop(t), commandtest.Unique("ada")
	id := shop.Send(t, key, "Panic", admin.StatusPaused)
	r := on(0).Run(t, "invocations", "describe", id)
	require.Contains(t, r.Out, "a nil map\n")
	require.Regexp(t, `\nStack  +github\.com/fxrestate/go/cmd/fxrestate/internal/commandtest\.\(\*Shop\)\.definition\.`, r.Out)
	require.Contains(t, r.Out, "/commandtest/shop.go:")
	require.NotContains(t, r.Out, "sdk-go")
}

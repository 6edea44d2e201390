package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/commandtest"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/internal/testkit"
)

// suggested are the command lines to copy in what commands say: behind an arrow, a colon, a
// quote or the indent of a line.
var suggested = regexp.MustCompile(`(?m)(?:→ |> |: |^ {4,}|")fxrestate ([^"\n]*)`)

// goldens have all that doctor, list and describe say of invocations in each status, and of
// servers and deployments that are sick.
const goldens = "internal/*/testdata/*"

func TestTheCommandsThatAreSuggestedExist(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(goldens)
	require.NoError(t, err)
	rooms := map[string]int{}
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			continue
		}
		said, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, line := range suggested.FindAllStringSubmatch(string(said), -1) {
			rooms[filepath.Base(filepath.Dir(filepath.Dir(path)))]++
			t.Run(filepath.Base(path)+"/"+line[1], func(t *testing.T) {
				t.Parallel()
				requireAccepted(t, line[1])
			})
		}
	}
	require.Greater(t, rooms["doctor"], 10, "doctor suggests: %v", rooms)
	require.Greater(t, rooms["invocations"], 10, "list and describe suggest: %v", rooms)
}

// requireAccepted requires that the real command takes a line without the name of the program.
func requireAccepted(t *testing.T, line string) {
	t.Helper()
	began := false
	cmd, args, err := newRoot(&terminal.Terminal{}, &began).Find(strings.Fields(line))
	require.NoError(t, err)
	require.NoError(t, cmd.ParseFlags(args))
	require.NoError(t, cmd.ValidateArgs(cmd.Flags().Args()))
	require.False(t, cmd.HasSubCommands(), "it lacks what to do")
}

// suggestion returns the first command that a text suggests with this beginning, as words.
func suggestion(t *testing.T, said, begin string) []string {
	t.Helper()
	for _, line := range suggested.FindAllStringSubmatch(said, -1) {
		if strings.HasPrefix(line[1], begin) {
			requireAccepted(t, line[1])
			return strings.Fields(line[1])
		}
	}
	require.Fail(t, "it suggests no "+begin, said)
	return nil
}

// The server is not at the default address, so each command must name it for the next.
func TestAStuckInvocationIsResumedByWhatDoctorAloneSays(t *testing.T) {
	t.Parallel()
	shop := commandtest.NewShop(t)
	for range 21 { // more than doctor shows, and they have been so for longer
		shop.Send(t, commandtest.Unique("bob"), "Charge", admin.StatusBackingOff)
	}
	id := shop.Send(t, `ada's "$HOME"; ls`, "Pause", admin.StatusPaused)

	code, out, errs := call(t, "doctor", "--admin", testkit.Server().AdminURL(), "--timeout", testkit.Within.String())
	require.Equal(t, terminal.CodeFound, code, errs)
	code, out, errs = call(t, suggestion(t, out, "invocations describe "+id)...)
	require.Equal(t, terminal.CodeOK, code, errs)
	require.Contains(t, out, "card declined", "the cause")

	close(shop.Mended)
	code, _, errs = call(t, append(suggestion(t, out, "invocations resume "+id), "--yes")...)
	require.Equal(t, terminal.CodeOK, code, errs)
	require.Equal(t, `"in"`, string(testkit.Attach(t, id).Body))
}

package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// commandLines are the command lines in the documentation.
var commandLines = regexp.MustCompile(`(?m)^ *fxrestate (.*)$`)

func TestTheCommandsOfTheDocumentationExist(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../../docs/operations.md", "../../docs/production.md"} {
		page, err := os.ReadFile(path)
		require.NoError(t, err)
		lines := commandLines.FindAllStringSubmatch(string(page), -1)
		require.NotEmpty(t, lines, path)
		for _, line := range lines {
			t.Run(line[1], func(t *testing.T) {
				t.Parallel()
				began := false
				cmd, args, err := newRoot(&terminal.Terminal{}, &began).Find(strings.Fields(line[1]))
				require.NoError(t, err)
				require.NoError(t, cmd.ParseFlags(args))
				require.NoError(t, cmd.ValidateArgs(cmd.Flags().Args()))
				require.False(t, cmd.HasSubCommands(), "it lacks what to do")
			})
		}
	}
}

// The table has the names and the texts of --help, in its order.
func TestTheReadmeHasTheCommandsOfTheHelp(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(page), "\n| Command | |\n|---|---|\n")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "\n\n")

	began := false
	root := newRoot(&terminal.Terminal{}, &began)
	commands := root.Commands() // sorted
	var want []string
	for _, group := range root.Groups() {
		for _, c := range commands {
			if c.GroupID == group.ID && c.IsAvailableCommand() {
				want = append(want, "| `"+c.Name()+"` | "+c.Short+" |")
			}
		}
	}
	require.Equal(t, strings.Join(want, "\n"), table, "put this table there")
}

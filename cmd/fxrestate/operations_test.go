package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// The command lines in the documentation are in its blocks of shell.
var (
	shellBlock   = regexp.MustCompile("(?ms)^ *```sh\n(.*?)^ *```$")
	commandLines = regexp.MustCompile(`(?m)^ *(?:go tool )?fxrestate (.*?)(?:\s+#.*)?$`)
)

func TestTheCommandsOfTheDocumentationExist(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	found := 0
	for _, path := range append(pages, "../../README.md", "../../AGENTS.md") {
		page, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, line := range commandLines.FindAllStringSubmatch(strings.Join(shellBlock.FindAllString(string(page), -1), ""), -1) {
			found++
			t.Run(filepath.Base(path)+" "+line[1], func(t *testing.T) {
				t.Parallel()
				began := false
				cmd, args, err := newRoot(&terminal.Terminal{}, &began).Find(strings.Fields(line[1]))
				require.NoError(t, err)
				err = cmd.ParseFlags(args)
				if errors.Is(err, pflag.ErrHelp) {
					return
				}
				require.NoError(t, err)
				require.NoError(t, cmd.ValidateArgs(cmd.Flags().Args()))
				require.False(t, cmd.HasSubCommands(), "it lacks what to do")
			})
		}
	}
	require.Greater(t, found, 20)
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

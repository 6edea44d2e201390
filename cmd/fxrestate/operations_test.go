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

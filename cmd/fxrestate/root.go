package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/fxrestate/go/cmd/fxrestate/internal/application"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// newRoot returns the command with all of its commands. began is set when the command line
// was understood.
func newRoot(t *terminal.Terminal, began *bool) *cobra.Command {
	root := &cobra.Command{
		Use:   "fxrestate",
		Short: "The command line tool of github.com/fxrestate/go",
		Long: `The command line tool of github.com/fxrestate/go.

Exit codes: 0 all is well, 1 something failed, 2 the command line is wrong,
3 something was found that needs somebody.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			switch t.Color {
			case "auto", "always", "never":
			default:
				return fmt.Errorf("--color is auto, always or never, not %q", t.Color)
			}
			*began = true
			return nil
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return explained(err) })
	root.SetIn(t.In)
	root.SetOut(t.Out)
	root.SetErr(t.Err)
	flags := root.PersistentFlags()
	flags.BoolVar(&t.JSON, "json", false, "print JSON")
	flags.StringVar(&t.Color, "color", "auto", "colours: auto, always or never")
	root.AddGroup(
		&cobra.Group{ID: "code", Title: "Code:"},
		&cobra.Group{ID: "run", Title: "Applications and servers:"},
		&cobra.Group{ID: "operate", Title: "Operations:"},
	)
	root.AddCommand(inGroup("code", newGen(t), newRecord(t))...)
	root.AddCommand(inGroup("run", application.NewManifest(t), application.NewPlan(t), application.NewRegister(t), application.NewGraph(t))...)
	return root
}

func inGroup(id string, commands ...*cobra.Command) []*cobra.Command {
	for _, c := range commands {
		c.GroupID = id
	}
	return commands
}

// explained says how names of flags are written, to who writes them as package flag reads
// them.
func explained(err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok && unknown.GetSpecifiedShortnames() != "" {
		return fmt.Errorf("%w (names of flags have two dashes)", err)
	}
	return err
}

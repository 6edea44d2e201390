package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/application"
	"github.com/fxrestate/go/cmd/fxrestate/internal/dev"
	"github.com/fxrestate/go/cmd/fxrestate/internal/doctor"
	"github.com/fxrestate/go/cmd/fxrestate/internal/drain"
	"github.com/fxrestate/go/cmd/fxrestate/internal/invocations"
	"github.com/fxrestate/go/cmd/fxrestate/internal/state"
	"github.com/fxrestate/go/cmd/fxrestate/internal/subscriptions"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/dashboard"
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
	root.AddCommand(inGroup("run",
		dev.Command(t, page), application.NewManifest(t), application.NewPlan(t), application.NewRegister(t), application.NewGraph(t),
	)...)
	root.AddCommand(inGroup("operate", slices.Concat(
		[]*cobra.Command{doctor.Command(t)}, invocations.Commands(t), state.Commands(t), drain.Commands(t), subscriptions.Commands(t),
	)...)...)
	return root
}

// page is what dev serves of a server.
func page(client *admin.Client) http.Handler {
	return dashboard.New(dashboard.Config{Title: "fxrestate dev", Admin: client})
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

package application

import (
	"github.com/spf13/cobra"

	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// NewManifest returns the command manifest.
func NewManifest(t *terminal.Terminal) *cobra.Command {
	r := reader{terminal: t}
	whole := false
	cmd := &cobra.Command{
		Use:   "manifest <application> [-- arguments]",
		Short: "Print what an application answers to discovery, or all that it says of itself",
		Long: `Prints the manifest of an application as JSON: its services and handlers, with schemas
and options.
` + argument,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			name, rest, err := arguments(cmd, args)
			if err != nil {
				return err
			}
			s, err := r.read(cmd.Context(), name, rest)
			if err != nil {
				return err
			}
			if whole {
				return t.WriteJSON(s.Document)
			}
			return t.WriteJSON(s.Manifest)
		},
	}
	r.add(cmd)
	cmd.Flags().BoolVar(&whole, "description", false, "print the whole description: build, configuration, pipelines, calls and the manifest")
	return cmd
}

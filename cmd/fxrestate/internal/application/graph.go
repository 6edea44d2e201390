package application

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/cmd/fxrestate/internal/drawing"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
)

// NewGraph returns the command graph.
func NewGraph(t *terminal.Terminal) *cobra.Command {
	r := reader{terminal: t}
	var format, output string
	cmd := &cobra.Command{
		Use:   "graph <application> [-- arguments]",
		Short: "Show services, handlers, what runs around them, and who calls whom",
		Long: `Shows the services of an application with their handlers, the pipeline of each, and the
services that each may call: those whose clients its constructor takes, also through
other types that fx constructs. With --json it prints the description of the application.
An endpoint at a URL tells no pipelines and no calls.
` + argument,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			name, rest, err := arguments(cmd, args)
			if err != nil {
				return err
			}
			switch format {
			case "text", "mermaid", "svg":
			default:
				return terminal.Usagef("--format is text, mermaid or svg, not %q", format)
			}
			s, err := r.read(cmd.Context(), name, rest)
			if err != nil {
				return err
			}
			drawn := ""
			switch {
			case t.JSON:
				return t.WriteJSON(s.Document)
			case format == "mermaid":
				drawn = drawing.Mermaid(s.Document)
			case format == "svg":
				drawn = drawing.SVG(s.Document)
			case output == "":
				drawn = drawing.Text(s.Document, t.Columns)
			default:
				drawn = drawing.Text(s.Document, 0)
			}
			if output != "" && output != "-" {
				return os.WriteFile(output, []byte(drawn), 0o644)
			}
			t.Printf("%s", drawn)
			return nil
		},
	}
	r.add(cmd)
	cmd.Flags().StringVar(&format, "format", "text", "text, mermaid or svg")
	cmd.Flags().StringVarP(&output, "output", "o", "", "`name` of the file (default: the standard output)")
	return cmd
}

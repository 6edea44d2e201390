package dev

import (
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"github.com/fxrestate/go/admin"
	"github.com/fxrestate/go/cmd/fxrestate/internal/terminal"
	"github.com/fxrestate/go/devserver"
)

// Page makes a page about a server, which the command serves.
type Page func(*admin.Client) http.Handler

// flags are those of the command line.
type flags struct {
	name                             string
	clean, verbose                   bool
	version                          string
	ingressPort, adminPort, pagePort int
	apps                             []string
}

// The ports that everybody expects.
const (
	ingressPort = 8080
	adminPort   = 9070
	pagePort    = 9071
)

// defaultApp is where an application serves its handlers by default.
const defaultApp = "http://localhost:9080"

// Command returns the command dev. Without a page it serves none.
func Command(t *terminal.Terminal, page Page) *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run a restate-server for the work on an application",
		Long: `Runs a real restate-server until Ctrl-C, and installs it first if it has to. Its data is
kept under a name, by default that of the module in this directory, so that the next start
goes on where this one ended.

An application that appears at one of the URLs of --app is registered, and again when its
handlers have changed. One that registers itself is left alone.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("name") {
				dir, err := os.Getwd()
				if err != nil {
					return err
				}
				f.name = defaultName(dir)
			}
			return run(cmd.Context(), t, f, page)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.name, "name", "", "`name` of the data (default: the module of this directory)")
	flags.BoolVar(&f.clean, "clean", false, "remove the data first")
	flags.BoolVar(&t.Yes, "yes", false, "do not ask")
	flags.StringVar(&f.version, "version", devserver.DefaultVersion, "`version` of restate-server")
	flags.IntVar(&f.ingressPort, "ingress-port", ingressPort, "`port` of the ingress, 0 for a free one")
	flags.IntVar(&f.adminPort, "admin-port", adminPort, "`port` of the admin API and the UI, 0 for a free one")
	flags.StringArrayVar(&f.apps, "app", []string{defaultApp}, "`URL` of an application; may be repeated")
	flags.BoolVar(&f.verbose, "verbose", false, "show the server's log")
	if page != nil {
		flags.IntVar(&f.pagePort, "page-port", pagePort, "`port` of the page about the server, 0 for a free one")
	}
	return cmd
}
